/** Which pods of a StatefulSet are made and unmade next. https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#deployment-and-scaling-guarantees */
import type { Pod } from '@slipway/kube/api.generated';
import { isPodFinished } from '../pods.ts';
import { podFor } from './ordinal-pod.ts';
import {
  isAvailable,
  isHealthy,
  isTerminating,
  revisionOf,
  type Member,
  type StatefulSetView,
} from './stateful-set-view.ts';

export type PodAction =
  | { readonly kind: 'createPod'; readonly pod: Pod; readonly ordinal: number }
  | { readonly kind: 'deletePod'; readonly pod: Pod; readonly why: 'failed' | 'surplus' | 'outdated' };

/** `wait`: an order is kept, and what comes before is not done. */
interface Step {
  readonly actions: readonly PodAction[];
  readonly then: 'proceed' | 'wait';
}

const wait: Step = { actions: [], then: 'wait' };
const proceed: Step = { actions: [], then: 'proceed' };

/** Members in their order, then those that are too many, and only when all of them stand an update. */
export function planPods(view: StatefulSetView): readonly PodAction[] {
  if (view.set.metadata.deletionTimestamp !== undefined) return [];
  const steps = [
    ...view.members.map((member) => () => stepMember(view, member)),
    ...view.condemned.map((pod) => () => stepCondemned(view, pod)),
  ];
  const actions: PodAction[] = [];
  for (const step of steps) {
    const taken = step();
    actions.push(...taken.actions);
    if (taken.then === 'wait') return actions;
  }
  return actions.length > 0 ? actions : planUpdate(view);
}

function isOrdered({ set }: StatefulSetView): boolean {
  return set.spec?.podManagementPolicy !== 'Parallel';
}

/** One after the other where an order is to be kept, all at once where not. */
function done(view: StatefulSetView, actions: readonly PodAction[]): Step {
  return { actions, then: isOrdered(view) ? 'wait' : 'proceed' };
}

function stepMember(view: StatefulSetView, { ordinal, pod }: Member): Step {
  if (pod === undefined) return done(view, [createPod(view, ordinal)]);
  if (isPodFinished(pod)) return done(view, isTerminating(pod) ? [] : [{ kind: 'deletePod', pod, why: 'failed' }]);
  if (!isOrdered(view)) return proceed;
  return isTerminating(pod) || !isAvailable(view, pod) ? wait : proceed;
}

/** With a partition, those below it are made as they were. */
function createPod(view: StatefulSetView, ordinal: number): PodAction {
  const { set, current, update } = view;
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {};
  const first = set.spec?.ordinals?.start ?? 0;
  const isBelow = type === 'RollingUpdate' && ordinal < first + (rollingUpdate?.partition ?? 0);
  return { kind: 'createPod', pod: podFor(set, ordinal, isBelow ? current : update), ordinal };
}

/** A member that is not well is not left alone by taking away another that is; the first that is unwell may go itself. */
function stepCondemned(view: StatefulSetView, pod: Pod): Step {
  if (isTerminating(pod)) return isOrdered(view) ? wait : proceed;
  if (isOrdered(view) && !isHealthy(pod) && pod !== firstUnhealthy(view)) return wait;
  return done(view, [{ kind: 'deletePod', pod, why: 'surplus' }]);
}

function firstUnhealthy({ members, condemned }: StatefulSetView): Pod | undefined {
  const all = [...members.flatMap(({ pod }) => pod ?? []), ...condemned.toReversed()];
  return all.find((pod) => !isHealthy(pod));
}

/** From the highest ordinal down to the partition, each one after the one above it stands. */
function planUpdate(view: StatefulSetView): readonly PodAction[] {
  const { set, members, update } = view;
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {};
  if (type !== 'RollingUpdate') return [];
  for (const { pod } of members.slice(rollingUpdate?.partition ?? 0).toReversed()) {
    if (pod === undefined || isTerminating(pod)) return [];
    if (revisionOf(pod) !== update.revision) return [{ kind: 'deletePod', pod, why: 'outdated' }];
    if (!isAvailable(view, pod)) return [];
  }
  return [];
}
