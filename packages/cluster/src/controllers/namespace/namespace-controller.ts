import type { Namespace, NamespaceStatus } from '@slipway/kube/api.generated';
import type { Controller, Plan } from '@slipway/kube/controller';
import { runController, source, type RunningController } from '@slipway/kube/controller-runtime';
import { keyOf, type KubeObject, type ObjectKey, type ResourceType } from '@slipway/kube/object';
import { namespaces } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import type { ControllerContext } from '../controller-context.ts';
import { writeStatus } from '../write-status.ts';
import {
  reconcileNamespace,
  type NamespaceAction,
  type NamespaceObserved,
  type RemainingObjects,
} from './reconcile-namespace.ts';

export function startNamespaceController(
  context: ControllerContext,
  namespacedTypes: () => readonly ResourceType[],
): RunningController {
  const { informers } = context;
  return runController(new NamespaceController(context, namespacedTypes), {
    ...context,
    sources: [
      source(informers.namespaces, ({ current }) => (current === undefined ? [] : [keyOf(current)])),
      // What takes longest is the end of pods: a namespace need not wait for its next look after the last of them.
      source(informers.pods, ({ old, current }) =>
        current === undefined ? [{ name: old?.metadata.namespace ?? '' }] : [],
      ),
    ],
  });
}

class NamespaceController implements Controller<NamespaceObserved, NamespaceAction, NamespaceStatus> {
  readonly name = 'namespace';
  readonly #context: ControllerContext;
  readonly #namespacedTypes: () => readonly ResourceType[];

  constructor(context: ControllerContext, namespacedTypes: () => readonly ResourceType[]) {
    this.#context = context;
    this.#namespacedTypes = namespacedTypes;
  }

  async observe(key: ObjectKey): Promise<NamespaceObserved | undefined> {
    const namespace = this.#context.informers.namespaces.get(key);
    if (namespace?.metadata.deletionTimestamp === undefined) return undefined;
    return { namespace, remaining: await this.#listRemaining(key.name) };
  }

  /** Asks the API itself: no cache holds all kinds, and nothing may be overlooked. */
  async #listRemaining(namespace: string): Promise<readonly RemainingObjects[]> {
    const all = await Promise.all(this.#namespacedTypes().map((type) => this.#countObjects(type, namespace)));
    return all.filter(({ count }) => count > 0);
  }

  async #countObjects(type: ResourceType, namespace: string): Promise<RemainingObjects> {
    const { client, signal } = this.#context;
    try {
      const { items } = await client.list(type, { namespace, signal });
      return countRemaining(type, items);
    } catch (error) {
      // The kind has gone since it was named, and its objects with it.
      if (isStatusReason(error, 'NotFound')) return countRemaining(type, []);
      throw error;
    }
  }

  reconcile(observed: NamespaceObserved, now: number): Plan<NamespaceAction, NamespaceStatus> {
    return reconcileNamespace(observed, now);
  }

  async apply(plan: Plan<NamespaceAction, NamespaceStatus>, { namespace }: NamespaceObserved): Promise<void> {
    const { client } = this.#context;
    for (const action of plan.actions) await this.#act(action, namespace);
    if (plan.status !== undefined) await writeStatus(client, namespaces, { object: namespace, status: plan.status });
  }

  async #act(action: NamespaceAction, namespace: Namespace): Promise<void> {
    const { client } = this.#context;
    switch (action.kind) {
      case 'deleteAll':
        await client.deleteCollection(
          action.type,
          { namespace: namespace.metadata.name },
          { propagationPolicy: 'Background' },
        );
        return;
      case 'finalize':
        await client.update(
          namespaces,
          { ...namespace, spec: { ...namespace.spec, finalizers: action.finalizers } },
          { subresource: 'finalize' },
        );
        return;
    }
  }
}

function countRemaining(type: ResourceType, items: readonly KubeObject[]): RemainingObjects {
  const finalizers = new Map<string, number>();
  for (const finalizer of items.flatMap(({ metadata }) => metadata.finalizers ?? [])) {
    finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
  }
  const untouched = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined).length;
  return { type, count: items.length, untouched, finalizers };
}
