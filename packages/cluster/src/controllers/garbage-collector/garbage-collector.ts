import type { OwnerReference } from '@slipway/kube/api.generated';
import type { Controller, Plan } from '@slipway/kube/controller';
import { runController, type RunningController } from '@slipway/kube/controller-runtime';
import { apiVersionOf, keyString, type ObjectKey, type ResourceType } from '@slipway/kube/object';
import { isStatusReason, StatusError } from '@slipway/kube/status-error';
import type { ControllerContext } from '../controller-context.ts';
import { GraphBuilder } from './graph-builder.ts';
import { isWaitingForDependents, OwnerGraph, type GraphNode } from './owner-graph.ts';
import { reconcileGarbage, type GarbageAction, type GarbageObserved, type Ownership } from './reconcile-garbage.ts';

/** Deletes what belongs to objects that are gone. Its keys are uids: an object is looked at whatever its kind. */
export function startGarbageCollector(
  context: ControllerContext,
  allTypes: () => readonly ResourceType[],
): RunningController {
  const graph = new OwnerGraph();
  const builder = new GraphBuilder({ ...context, graph, allTypes });
  const look = (uid: string): void => running.enqueue({ name: uid });
  const collector = new GarbageCollector({ context, graph, builder, allTypes, look });
  const running = runController(collector, { ...context, workers: 8, sources: [builder] });
  return running;
}

interface Parts {
  readonly context: ControllerContext;
  readonly graph: OwnerGraph;
  readonly builder: GraphBuilder;
  readonly allTypes: () => readonly ResourceType[];
  readonly look: (uid: string) => void;
}

class GarbageCollector implements Controller<GarbageObserved, GarbageAction> {
  readonly name = 'garbage-collector';
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async observe({ name: uid }: ObjectKey): Promise<GarbageObserved | undefined> {
    const { graph } = this.#parts;
    const node = graph.get(uid);
    if (node === undefined) return undefined;
    const owners = await Promise.all(node.owners.map((reference) => this.#ownershipOf(node, reference)));
    return { node, owners, dependents: graph.dependentsOf(uid) };
  }

  async #ownershipOf(node: GraphNode, reference: OwnerReference): Promise<Ownership> {
    const owner = this.#parts.graph.get(reference.uid);
    if (owner !== undefined && isReferredTo(owner, reference, node)) {
      return { reference, state: isWaitingForDependents(owner) ? 'waitingForDependents' : 'present' };
    }
    return { reference, state: (await this.#exists(node, reference)) ? 'present' : 'absent' };
  }

  /** Asks the API server itself: only it can say that something does not exist. An object of another uid is another one. */
  async #exists(node: GraphNode, reference: OwnerReference): Promise<boolean> {
    const type = this.#typeOf(node, reference);
    const namespace = type.namespaced ? node.key.namespace : undefined;
    const { context, builder, look } = this.#parts;
    const deletions = builder.deletionsOf(type);
    try {
      const owner = await context.client.get(type, { namespace, name: reference.name });
      if (owner.metadata.uid !== reference.uid) return false;
      if (!builder.learn(type, owner, deletions)) look(node.uid);
      return true;
    } catch (error) {
      if (isStatusReason(error, 'NotFound')) return false;
      throw error;
    }
  }

  #typeOf(node: GraphNode, { apiVersion, kind, name }: OwnerReference): ResourceType {
    const types = this.#parts.allTypes();
    const type =
      types.find((each) => each.kind === kind && apiVersionOf(each) === apiVersion) ??
      types.find((each) => each.kind === kind && each.group === groupOf(apiVersion));
    if (type !== undefined) return type;
    // Its definition may yet come; until then nobody can say that the owner is gone.
    throw new StatusError(
      'NotFound',
      `${node.type.kind} ${keyString(node.key)} names as owner ${kind} ${name} of ${apiVersion}, which is not served`,
    );
  }

  reconcile(observed: GarbageObserved): Plan<GarbageAction> {
    return reconcileGarbage(observed);
  }

  async apply({ actions }: Plan<GarbageAction>): Promise<void> {
    for (const action of actions) await this.#act(action);
  }

  async #act(action: GarbageAction): Promise<void> {
    const { look } = this.#parts;
    switch (action.kind) {
      case 'setOwners':
        await this.#patch(action.node, { ownerReferences: action.owners.length === 0 ? null : action.owners });
        return;
      case 'removeFinalizer': {
        const finalizers = action.node.finalizers.filter((each) => each !== action.finalizer);
        await this.#patch(action.node, { finalizers: finalizers.length === 0 ? null : finalizers });
        return;
      }
      case 'delete':
        await this.#delete(action.node, action.propagationPolicy);
        return;
      case 'look':
        for (const uid of action.uids) look(uid);
        return;
    }
  }

  /** On the condition that it has not changed since it was looked at: it may have a new owner. */
  async #delete(node: GraphNode, propagationPolicy: 'Background' | 'Foreground' | 'Orphan'): Promise<void> {
    const { uid, resourceVersion } = node;
    try {
      await this.#parts.context.client.delete(node.type, node.key, {
        propagationPolicy,
        preconditions: { uid, resourceVersion },
      });
    } catch (error) {
      if (!isStatusReason(error, 'NotFound')) throw error;
    }
  }

  async #patch(node: GraphNode, metadata: object): Promise<void> {
    const { uid, resourceVersion } = node;
    const body = { metadata: { uid, resourceVersion, ...metadata } };
    try {
      await this.#parts.context.client.patch(node.type, node.key, { type: 'merge', body });
    } catch (error) {
      if (!isStatusReason(error, 'NotFound')) throw error;
    }
  }
}

/** A reference with the right uid but another name or kind, or from another namespace, refers to nothing. */
function isReferredTo(owner: GraphNode, reference: OwnerReference, dependent: GraphNode): boolean {
  return (
    owner.type.kind === reference.kind &&
    owner.type.group === groupOf(reference.apiVersion) &&
    owner.key.name === reference.name &&
    (!owner.type.namespaced || owner.key.namespace === dependent.key.namespace)
  );
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}
