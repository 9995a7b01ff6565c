import type { Node, Pod, PodCondition, Taint } from '@slipway/kube/api.generated';
import { setCondition } from '@slipway/kube/conditions';
import type { Controller, Plan } from '@slipway/kube/controller';
import { runController, source, type RunningController } from '@slipway/kube/controller-runtime';
import type { EventRecorder } from '@slipway/kube/event-recorder';
import { keyOf, keyString, type ObjectKey } from '@slipway/kube/object';
import { pods } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import { tolerates } from '../../scheduler/tolerations.ts';
import { recorderFor, type ControllerContext } from '../controller-context.ts';
import { isPodActive } from '../pods.ts';
import { byNode } from '../shared-informers.ts';

const disruption: PodCondition = {
  type: 'DisruptionTarget',
  status: 'True',
  reason: 'DeletionByTaintManager',
  message: 'Taint manager: deleting due to NoExecute taint',
};

export interface TaintedPod {
  readonly pod: Pod;
  /** Those of its node that end pods. */
  readonly taints: readonly Taint[];
}

export type TaintAction = { readonly kind: 'evict'; readonly pod: Pod };

/** https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions */
export function reconcileTaintedPod({ pod, taints }: TaintedPod, now: number): Plan<TaintAction> {
  if (!isPodActive(pod) || taints.length === 0) return { actions: [] };
  const end = Math.min(...taints.map((taint) => toleratedUntil(taint, pod, now)));
  if (end <= now) return { actions: [{ kind: 'evict', pod }] };
  return Number.isFinite(end) ? { actions: [], requeueAfter: end - now } : { actions: [] };
}

/** The first toleration that fits decides; one without seconds lasts. */
function toleratedUntil(taint: Taint, { spec, metadata }: Pod, now: number): number {
  const toleration = spec?.tolerations?.find((each) => tolerates(each, taint));
  if (toleration === undefined) return now;
  if (toleration.tolerationSeconds === undefined) return Number.POSITIVE_INFINITY;
  // A pod that came later has its time too.
  const times = [taint.timeAdded, metadata.creationTimestamp].flatMap((time) =>
    time === undefined ? [] : Date.parse(time),
  );
  const since = times.length === 0 ? now : Math.max(...times);
  return since + Math.max(0, toleration.tolerationSeconds) * 1_000;
}

export function startTaintEvictionController(context: ControllerContext): RunningController {
  const { informers } = context;
  const controller = new TaintEvictionController(context, recorderFor(context, 'taint-eviction-controller'));
  return runController(controller, {
    ...context,
    workers: 1,
    sources: [
      source(informers.pods, ({ current }) => (current === undefined ? [] : podsAt(current, context))),
      source(informers.nodes, ({ old, current }) => podsOfChanged(old, current, context)),
    ],
  });
}

function endingTaints(node: Node | undefined): readonly Taint[] {
  return (node?.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
}

function podsAt(pod: Pod, { informers }: ControllerContext): readonly ObjectKey[] {
  const node = informers.nodes.get({ name: pod.spec?.nodeName ?? '' });
  return endingTaints(node).length === 0 ? [] : [keyOf(pod)];
}

function podsOfChanged(
  old: Node | undefined,
  current: Node | undefined,
  { informers }: ControllerContext,
): readonly ObjectKey[] {
  const isSame = JSON.stringify(endingTaints(old)) === JSON.stringify(endingTaints(current));
  return isSame ? [] : informers.pods.byIndex(byNode, current?.metadata.name ?? '').map(keyOf);
}

class TaintEvictionController implements Controller<TaintedPod, TaintAction> {
  readonly name = 'taint-eviction';
  readonly #context: ControllerContext;
  readonly #events: EventRecorder;

  constructor(context: ControllerContext, events: EventRecorder) {
    this.#context = context;
    this.#events = events;
  }

  observe(key: ObjectKey): TaintedPod | undefined {
    const { informers } = this.#context;
    const pod = informers.pods.get(key);
    const name = pod?.spec?.nodeName ?? '';
    return pod === undefined || name === '' ? undefined : { pod, taints: endingTaints(informers.nodes.get({ name })) };
  }

  reconcile(observed: TaintedPod, now: number): Plan<TaintAction> {
    return reconcileTaintedPod(observed, now);
  }

  async apply({ actions }: Plan<TaintAction>, { taints }: TaintedPod): Promise<void> {
    for (const { pod } of actions) {
      try {
        await this.#evict(pod);
      } catch (error) {
        // Gone already, or another pod of that name.
        if (!isStatusReason(error, 'NotFound', 'Conflict')) throw error;
      }
      this.#context.logger.info('pod deleted for a taint of its node', {
        kind: 'Pod',
        ...keyOf(pod),
        taints: taints.map(({ key }) => key),
      });
    }
  }

  async #evict(pod: Pod): Promise<void> {
    const { client, clock } = this.#context;
    const message = `Marking for deletion Pod ${keyString(keyOf(pod))}`;
    this.#events.event({ object: pod, type: pods }, { type: 'Normal', reason: 'TaintManagerEviction', message });
    const conditions = setCondition(pod.status?.conditions ?? [], disruption, clock.now());
    await client.patch(
      pods,
      keyOf(pod),
      { type: 'strategic', body: { status: { conditions } } },
      { subresource: 'status' },
    );
    await client.delete(pods, keyOf(pod), { preconditions: { uid: pod.metadata.uid } });
  }
}
