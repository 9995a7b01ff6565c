import type { Pod, ReplicaSet, ReplicaSetStatus } from '@slipway/kube/api.generated';
import type { Controller, Plan } from '@slipway/kube/controller';
import { runController, source, type ControllerSource, type RunningController } from '@slipway/kube/controller-runtime';
import type { Informer, InformerChange } from '@slipway/kube/informer';
import { messageOf } from '@slipway/kube/message-of';
import { keyOf, type KubeObject, type ObjectKey, type ResourceType } from '@slipway/kube/object';
import { controllerOf } from '@slipway/kube/owner-references';
import { pods, replicaSets } from '@slipway/kube/resources';
import { matchesLabelSelector } from '@slipway/kube/selector';
import { isStatusReason } from '@slipway/kube/status-error';
import type { ControllerContext } from '../controller-context.ts';
import { partsFor, type ControllerParts } from '../controller-parts.ts';
import { afterOwnWrites } from '@slipway/kube/own-writes';
import { adopt, release } from '../ownership/write-claims.ts';
import { isPodActive } from '../pods.ts';
import { byController, candidatesOf } from '../shared-informers.ts';
import { writeStatus } from '../write-status.ts';
import { reconcileReplicaSet, type ReplicaSetAction, type ReplicaSetObserved } from './reconcile-replica-set.ts';
import { withReplicaFailure } from './replica-set-status.ts';
import { slowStart } from './slow-start.ts';

/** Deletions that run at once. */
const deletionBatch = 50;

/** What keeps a number of pods: a ReplicaSet, or what can be seen as one. */
export interface ReplicaManager {
  readonly name: string;
  /** In its events. */
  readonly component: string;
  readonly type: ResourceType<ReplicaSet>;
  readonly informer: Pick<Informer<KubeObject>, 'get' | 'resourceVersion'>;
  readonly source: (keys: (object: KubeObject) => ObjectKey) => ControllerSource;
  get(key: ObjectKey): ReplicaSet | undefined;
  list(namespace: string | undefined): readonly ReplicaSet[];
}

export function startReplicaSetController(context: ControllerContext): RunningController {
  const { replicaSets: informer } = context.informers;
  return startReplicaManager(context, {
    name: 'replicaset',
    component: 'replicaset-controller',
    type: replicaSets,
    informer,
    source: (key) => source(informer, (change) => subjectOf(change).map(key)),
    get: (key) => informer.get(key),
    list: (namespace) => informer.list(namespace),
  });
}

export function startReplicaManager(context: ControllerContext, manager: ReplicaManager): RunningController {
  const parts = partsFor(context, manager.component);
  return runController(afterOwnWrites(new ReplicaSetController(parts, manager), parts.writes), {
    ...context,
    sources: [manager.source(keyOf), source(context.informers.pods, (change) => keysOfPod(change, manager))],
  });
}

export function subjectOf<T extends KubeObject>({ old, current }: InformerChange<T>): readonly T[] {
  const object = current ?? old;
  return object === undefined ? [] : [object];
}

function* keysOfPod({ old, current }: InformerChange<Pod>, { type, list }: ReplicaManager): Iterable<ObjectKey> {
  const [before, after] = [managerOf(old, type), managerOf(current, type)];
  if (after !== undefined) yield after;
  if (before !== undefined && before.name !== after?.name) yield before;
  if (current === undefined || controllerOf(current) !== undefined) return;
  for (const replicaSet of list(current.metadata.namespace)) {
    if (matchesLabelSelector(replicaSet.spec?.selector, current.metadata.labels)) yield keyOf(replicaSet);
  }
}

function managerOf(pod: Pod | undefined, { kind }: ResourceType): ObjectKey | undefined {
  const reference = pod === undefined ? undefined : controllerOf(pod);
  return reference?.kind === kind ? { namespace: pod?.metadata.namespace, name: reference.name } : undefined;
}

class ReplicaSetController implements Controller<ReplicaSetObserved, ReplicaSetAction, ReplicaSetStatus> {
  readonly name: string;
  readonly #parts: ControllerParts;
  readonly #manager: ReplicaManager;

  constructor(parts: ControllerParts, manager: ReplicaManager) {
    this.name = manager.name;
    this.#parts = parts;
    this.#manager = manager;
  }

  observe(key: ObjectKey): ReplicaSetObserved | undefined {
    const { informers } = this.#parts.context;
    const replicaSet = this.#manager.get(key);
    if (replicaSet === undefined) return undefined;
    const namespace = informers.namespaces.get({ name: key.namespace ?? '' });
    return {
      replicaSet,
      type: this.#manager.type,
      isNamespaceLeaving: namespace?.metadata.deletionTimestamp !== undefined,
      candidates: candidatesOf(replicaSet, informers.pods),
      podsOnNode: this.#countPodsOnNodes(replicaSet),
    };
  }

  /** Pods of the old and the new ReplicaSet of one Deployment count alike: the rollout should leave them spread. */
  #countPodsOnNodes(replicaSet: ReplicaSet): ReadonlyMap<string, number> {
    const { informers } = this.#parts.context;
    const owner = controllerOf(replicaSet);
    const related = owner === undefined ? [replicaSet] : informers.replicaSets.byIndex(byController, owner.uid);
    const counts = new Map<string, number>();
    for (const { metadata } of related) {
      for (const pod of informers.pods.byIndex(byController, metadata.uid ?? '').filter(isPodActive)) {
        const node = pod.spec?.nodeName ?? '';
        counts.set(node, (counts.get(node) ?? 0) + 1);
      }
    }
    return counts;
  }

  reconcile(observed: ReplicaSetObserved, now: number): Plan<ReplicaSetAction, ReplicaSetStatus> {
    return reconcileReplicaSet(observed, now);
  }

  async apply(plan: Plan<ReplicaSetAction, ReplicaSetStatus>, observed: ReplicaSetObserved): Promise<void> {
    for (const action of plan.actions) {
      try {
        await this.#act(action, observed.replicaSet);
      } catch (error) {
        await this.#recordFailure(action, observed, error);
        throw error;
      }
    }
    if (plan.status !== undefined) await this.#writeStatus(observed.replicaSet, plan.status);
  }

  async #act(action: ReplicaSetAction, replicaSet: ReplicaSet): Promise<void> {
    const { client, informers } = this.#parts.context;
    const key = keyOf(replicaSet);
    switch (action.kind) {
      case 'adopt': {
        const owner = { type: this.#manager.type, object: replicaSet };
        this.#parts.writes.wrote(key, informers.pods, await adopt(client, owner, { type: pods, object: action.pod }));
        return;
      }
      case 'release':
        this.#parts.writes.wrote(
          key,
          informers.pods,
          await release(client, replicaSet, { type: pods, object: action.pod }),
        );
        return;
      case 'createPods':
        await slowStart(action.count, () => this.#createPod(replicaSet, action.pod));
        return;
      case 'deletePods':
        await this.#deletePods(replicaSet, action.pods);
        return;
    }
  }

  async #createPod(replicaSet: ReplicaSet, pod: Pod): Promise<void> {
    const { client, informers } = this.#parts.context;
    try {
      const created = await client.create(pods, pod);
      this.#parts.writes.wrote(keyOf(replicaSet), informers.pods, created);
      this.#event(replicaSet, 'SuccessfulCreate', `Created pod: ${created.metadata.name ?? ''}`);
    } catch (error) {
      this.#event(replicaSet, 'FailedCreate', `Error creating: ${messageOf(error)}`);
      throw error;
    }
  }

  async #deletePods(replicaSet: ReplicaSet, victims: readonly Pod[]): Promise<void> {
    for (let start = 0; start < victims.length; start += deletionBatch) {
      const batch = victims.slice(start, start + deletionBatch);
      const results = await Promise.allSettled(batch.map((pod) => this.#deletePod(replicaSet, pod)));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    }
  }

  async #deletePod(replicaSet: ReplicaSet, pod: Pod): Promise<void> {
    const { client, informers } = this.#parts.context;
    try {
      await client.delete(pods, keyOf(pod), { preconditions: { uid: pod.metadata.uid } });
      this.#event(replicaSet, 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name ?? ''}`);
    } catch (error) {
      // Gone already, or another pod of that name: what was wanted.
      if (!isStatusReason(error, 'NotFound', 'Conflict')) {
        this.#event(replicaSet, 'FailedDelete', `Error deleting: ${messageOf(error)}`);
        throw error;
      }
    }
    this.#parts.writes.deleted(keyOf(replicaSet), informers.pods, pod);
  }

  async #recordFailure(action: ReplicaSetAction, observed: ReplicaSetObserved, error: unknown): Promise<void> {
    if (action.kind !== 'createPods' && action.kind !== 'deletePods') return;
    const { informers, clock } = this.#parts.context;
    const { replicaSet } = observed;
    const now = clock.now();
    const active = informers.pods.byIndex(byController, replicaSet.metadata.uid ?? '');
    const { status } = reconcileReplicaSet({ ...observed, candidates: active }, now);
    const failed = withReplicaFailure(status ?? replicaSet.status ?? { replicas: 0 }, replicaSet.status, {
      reason: action.kind === 'createPods' ? 'FailedCreate' : 'FailedDelete',
      message: messageOf(error),
      now,
    });
    await this.#writeStatus(replicaSet, failed);
  }

  async #writeStatus(replicaSet: ReplicaSet, status: ReplicaSetStatus): Promise<void> {
    const { type, informer } = this.#manager;
    const written = await writeStatus(this.#parts.context.client, type, { object: replicaSet, status });
    this.#parts.writes.wrote(keyOf(replicaSet), informer, written);
  }

  #event(object: ReplicaSet, reason: string, message: string): void {
    const type = reason.startsWith('Failed') ? 'Warning' : 'Normal';
    this.#parts.events.event({ object, type: this.#manager.type }, { type, reason, message });
  }
}
