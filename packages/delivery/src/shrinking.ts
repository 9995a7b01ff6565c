/** Making a version smaller without taking anything from anybody: leave, confirmed, drained, marked, and only then scaled. */
import type { Pod } from '@slipway/kube/api.generated';
import { names } from './moving-traffic.ts';
import {
  drainLeft,
  isBackend,
  hasLeft,
  isDrainUnnoted,
  isMarked,
  isReady,
  isServing,
  lateGateways,
  leftAt,
  readyEndpoints,
  servingServices,
  type Observation,
  type VersionView,
} from './observation.ts';
import { backendName } from './names.ts';
import { describePods } from './pod-faults.ts';
import type { Action } from './plan.ts';
import { nameOf } from './release-context.ts';
import { countUncreated } from './uncreated-pods.ts';

export interface Shrink {
  readonly view: VersionView;
  /** Pods that go on. */
  readonly goal: number;
  readonly drainSeconds: number;
  readonly observation: Observation;
}

export interface ShrinkStep {
  readonly actions: readonly Action[];
  readonly waitingFor: string | undefined;
  readonly requeueAfter?: number | undefined;
  /** The pods that are to go: the others go on, and serve meanwhile. */
  readonly leaving: readonly Pod[];
}

/** The next step towards `goal` pods. Pods that are not ready go first, then those that left longest ago. */
export function planShrink(shrink: Shrink): ShrinkStep {
  const { view, goal } = shrink;
  const excess = sizeOf(view) - goal;
  if (excess <= 0) return { actions: [], waitingFor: undefined, leaving: [] };
  const leaving = chooseLeaving(view.pods, excess);
  return { ...(planLeaving(shrink, leaving) ?? planGoing(shrink, leaving)), leaving };
}

type Next = Omit<ShrinkStep, 'leaving'>;

function sizeOf({ replicaSet, pods }: VersionView): number {
  return Math.max(replicaSet?.spec?.replicas ?? 0, pods.length);
}

/** Gateways follow within milliseconds, unless their machine has too much to do. */
const lateLookMilliseconds = 500;

/** One that lives and cannot follow must not keep pods for ever: as long as a router is waited for that says nothing. */
const latePatienceMilliseconds = 30_000;

/** Out of the traffic: the labels, the endpoints, who routes by them, and from when the drain counts. Undefined: all done. */
function planLeaving({ view, goal, drainSeconds, observation }: Shrink, leaving: readonly Pod[]): Next | undefined {
  const release = nameOf(view.release);
  const { version } = view.release.spec;
  const serving = leaving.filter((pod) => isServing(pod) || isBackend(pod));
  if (serving.length > 0)
    return {
      actions: [
        { type: 'setServing', release, pods: names(serving), serves: false, backend: false, template: goal === 0 },
      ],
      waitingFor: `${describePods(serving, version)} to leave the Service`,
    };
  const endpoints = reachingServices(view, observation).map((service) => readyEndpoints(observation, service));
  const listed = leaving.filter(({ metadata: { name = '' } }) => endpoints.some((one) => one.has(name)));
  if (listed.length > 0)
    return { actions: [], waitingFor: `${describePods(listed, version)} to leave the Service's endpoints` };
  const unnoted = drainSeconds === 0 ? [] : leaving.filter(isDrainUnnoted);
  const late = planAwaitingGateways({ view, observation }, drainSeconds === 0 ? leaving.filter(hasLeft) : unnoted);
  if (late !== undefined) return late;
  return unnoted.length === 0
    ? undefined
    : {
        actions: [{ type: 'startDrain', release, pods: names(unnoted) }],
        waitingFor: `${describePods(leaving, version)} to drain`,
      };
}

/** The drain counts from when no gateway sends them anything new, and in any case from when they have been gone for long. */
function planAwaitingGateways(
  { view, observation }: Pick<Shrink, 'view' | 'observation'>,
  left: readonly Pod[],
): Next | undefined {
  const { late, awaited } = findLate({ view, observation }, left);
  if (late.length === 0) return undefined;
  const pods = describePods(awaited, view.release.spec.version);
  return {
    actions: [],
    waitingFor: `${late.join(', ')} to know that ${pods} left the Service`,
    requeueAfter: lateLookMilliseconds,
  };
}

interface Late {
  /** Gateways that may send requests to some of these. */
  readonly late: readonly string[];
  readonly awaited: readonly Pod[];
}

/** Of pods that have left: those for which gateways are waited for, and which. */
export function findLate(
  { view, observation }: { readonly view: VersionView; readonly observation: Observation },
  left: readonly Pod[],
): Late {
  const leftFor = ({ metadata: { uid = '' } }: Pod): number => observation.leftFor?.get(uid) ?? 0;
  const awaited = left.filter((pod) => leftFor(pod) < latePatienceMilliseconds);
  const late = awaited.length === 0 ? [] : lateGateways(observation, reachingServices(view, observation));
  return { late, awaited };
}

function reachingServices({ release }: VersionView, observation: Observation): readonly string[] {
  return [...servingServices(observation), backendName(release.spec)];
}

/** Drained, marked, and only then the ReplicaSet becomes smaller. */
function planGoing({ view, goal, drainSeconds, observation }: Shrink, leaving: readonly Pod[]): Next {
  const release = nameOf(view.release);
  const { version } = view.release.spec;
  const size = view.replicaSet?.spec?.replicas ?? 0;
  const leftOf = (pod: Pod): number => drainLeft(observation, pod, drainSeconds);
  const drained = leaving.filter((pod) => !isReady(pod) || leftOf(pod) === 0);
  const surplus = countUncreated(view);
  if (leaving.length + surplus === 0) return { actions: [], waitingFor: `pods of version ${version} to be seen` };
  if (drained.length + surplus === 0)
    return {
      actions: [],
      waitingFor: `${describePods(leaving, version)} to drain`,
      requeueAfter: Math.max(1, Math.min(...leaving.map(leftOf))),
    };
  const unmarked = drained.filter((pod) => !isMarked(pod));
  if (unmarked.length > 0)
    return {
      actions: [{ type: 'markForDeletion', release, pods: names(unmarked) }],
      waitingFor: `drained pods of version ${version} to go`,
    };
  const target = Math.max(goal, size - drained.length - surplus);
  if (target >= size) return { actions: [], waitingFor: `pods of version ${version} to go` };
  return {
    actions: [{ type: 'scale', release, replicas: target, reason: 'pods that have drained go' }],
    waitingFor: `pods of version ${version} to go`,
  };
}

function chooseLeaving(pods: readonly Pod[], count: number): readonly Pod[] {
  // Those that left the Service before, and stand behind that of their version still, are not the ones that leave now.
  const rank = (pod: Pod): number => (isReady(pod) ? 1 + Number(isServing(pod)) + Number(isBackend(pod)) : 0);
  return pods
    .toSorted(
      (a, b) =>
        rank(a) - rank(b) ||
        (leftAt(a) ?? Infinity) - (leftAt(b) ?? Infinity) ||
        (a.metadata.name ?? '').localeCompare(b.metadata.name ?? ''),
    )
    .slice(0, Math.max(0, count));
}
