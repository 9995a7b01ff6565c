import type { Node, Pod, PodCondition } from '@slipway/kube/api.generated';
import { setCondition } from '@slipway/kube/conditions';
import type { Controller, Plan } from '@slipway/kube/controller';
import { runController, source, type RunningController } from '@slipway/kube/controller-runtime';
import { keyOf, type ObjectKey } from '@slipway/kube/object';
import { nodes, pods } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import type { ControllerContext } from '../controller-context.ts';
import { isPodFinished } from '../pods.ts';
import { byNode } from '../shared-informers.ts';

/** A node may come back under its name: as long as Kubernetes waits before it takes the pods for lost. */
const quarantineMilliseconds = 40_000;

const disruption: PodCondition = {
  type: 'DisruptionTarget',
  status: 'True',
  reason: 'DeletionByPodGC',
  message: 'PodGC: node no longer exists',
};

export interface PodCleanupObserved {
  readonly pod: Pod;
  /** Since when the pod's node is known to be gone, in milliseconds since the epoch; undefined while there is one or none is needed. */
  readonly nodeGoneSince: number | undefined;
}

export interface PodCleanupAction {
  readonly kind: 'fail' | 'remove';
  readonly pod: Pod;
}

/** Removes pods that no node agent will ever report again: those of a node that is gone, and those that were deleted before they had one. */
export function reconcilePodCleanup({ pod, nodeGoneSince }: PodCleanupObserved, now: number): Plan<PodCleanupAction> {
  const isUnscheduled = (pod.spec?.nodeName ?? '') === '';
  if (isUnscheduled) {
    return { actions: pod.metadata.deletionTimestamp === undefined ? [] : [{ kind: 'remove', pod }] };
  }
  if (nodeGoneSince === undefined) return { actions: [] };
  const wait = nodeGoneSince + quarantineMilliseconds - now;
  if (wait > 0) return { actions: [], requeueAfter: wait };
  const fail: PodCleanupAction = { kind: 'fail', pod };
  return { actions: [...(isPodFinished(pod) ? [] : [fail]), { kind: 'remove', pod }] };
}

export function startPodCleanupController(context: ControllerContext): RunningController {
  const { informers } = context;
  return runController(new PodCleanupController(context), {
    ...context,
    workers: 1,
    sources: [
      source(informers.pods, ({ current }) => (current === undefined ? [] : [keyOf(current)])),
      source(informers.nodes, ({ old, current }) => (current === undefined ? podsOn(old, context) : [])),
    ],
  });
}

function podsOn(node: Node | undefined, { informers }: ControllerContext): readonly ObjectKey[] {
  return informers.pods.byIndex(byNode, node?.metadata.name ?? '').map(keyOf);
}

class PodCleanupController implements Controller<PodCleanupObserved, PodCleanupAction> {
  readonly name = 'pod-cleanup';
  readonly #context: ControllerContext;
  /** When each absent node was first missed. Holds only names that pods still refer to. */
  readonly #goneSince = new Map<string, number>();

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  async observe(key: ObjectKey): Promise<PodCleanupObserved | undefined> {
    const { informers } = this.#context;
    const pod = informers.pods.get(key);
    this.#forget();
    if (pod === undefined) return undefined;
    const node = pod.spec?.nodeName ?? '';
    return { pod, nodeGoneSince: node === '' ? undefined : await this.#nodeGoneSince(node) };
  }

  async #nodeGoneSince(name: string): Promise<number | undefined> {
    const { informers, client, clock } = this.#context;
    if (informers.nodes.get({ name }) !== undefined) return undefined;
    const since = this.#goneSince.get(name) ?? clock.now();
    this.#goneSince.set(name, since);
    try {
      // The cache may lag behind a node that has just registered.
      await client.get(nodes, { name });
      return undefined;
    } catch (error) {
      if (isStatusReason(error, 'NotFound')) return since;
      throw error;
    }
  }

  #forget(): void {
    const { informers } = this.#context;
    for (const name of this.#goneSince.keys()) {
      const isBack = informers.nodes.get({ name }) !== undefined;
      if (isBack || informers.pods.byIndex(byNode, name).length === 0) this.#goneSince.delete(name);
    }
  }

  reconcile(observed: PodCleanupObserved, now: number): Plan<PodCleanupAction> {
    return reconcilePodCleanup(observed, now);
  }

  async apply({ actions }: Plan<PodCleanupAction>): Promise<void> {
    const { client, clock } = this.#context;
    for (const action of actions) {
      switch (action.kind) {
        case 'fail': {
          const conditions = setCondition(action.pod.status?.conditions ?? [], disruption, clock.now());
          const body = { status: { phase: 'Failed', conditions } };
          await client.patch(pods, keyOf(action.pod), { type: 'merge', body }, { subresource: 'status' });
          break;
        }
        case 'remove': {
          const { uid } = action.pod.metadata;
          await client.delete(pods, keyOf(action.pod), { gracePeriodSeconds: 0, preconditions: { uid } });
          break;
        }
      }
    }
  }
}
