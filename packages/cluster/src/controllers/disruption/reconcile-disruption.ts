import type { Condition, Pod, PodDisruptionBudget, PodDisruptionBudgetStatus } from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import { findCondition, setCondition } from '@slipway/kube/conditions';
import type { Plan } from '@slipway/kube/controller';
import { isPodReady } from '../pods.ts';
import { isSemanticallyEqual } from '../semantic-equality.ts';

/** A pod that was evicted and lives on after this was not deleted after all. */
const deletionTimeoutMilliseconds = 120_000;

export interface Workload {
  readonly name: string;
  readonly uid: string;
  readonly replicas: number;
}

/** How many pods there should be, from whoever manages them. */
export type ExpectedScale =
  | { readonly kind: 'known'; readonly workloads: readonly Workload[]; readonly unmanaged: readonly string[] }
  | { readonly kind: 'unknown'; readonly why: string };

export interface DisruptionObserved {
  readonly budget: PodDisruptionBudget;
  /** All that the selector matches. */
  readonly pods: readonly Pod[];
  readonly scale: ExpectedScale;
}

export interface DisruptionEvent {
  readonly kind: 'event';
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** Of that pod instead of the budget. */
  readonly pod?: Pod | undefined;
}

/** https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-budgets */
export function reconcileDisruption(
  observed: DisruptionObserved,
  now: number,
): Plan<DisruptionEvent, PodDisruptionBudgetStatus> {
  const { budget, pods } = observed;
  const demand = calculateDemand(observed);
  const evicted = calculateEvicted(budget, pods, now);
  const counted = { ...demand, healthy: countHealthy(pods, evicted.waiting) };
  const status =
    demand.failure === undefined
      ? calculateStatus(budget, counted, { evicted, now })
      : failed(budget, demand.failure, now);
  const isNews = !isSemanticallyEqual(status, budget.status);
  return {
    actions: [...(isNews ? planEvents(observed, demand.failure) : []), ...evicted.surviving.map(surviving)],
    status: isNews ? status : undefined,
    requeueAfter: evicted.nextLook,
  };
}

interface Demand {
  readonly expected: number;
  readonly desired: number;
  readonly failure?: string | undefined;
}

/**
 * How many pods should be healthy. Of 7 replicas `minAvailable: 50%` wants 4, `maxUnavailable: 30%` lets 3 go and wants 4;
 * a number of `minAvailable` is taken as it is, whoever manages the pods.
 */
function calculateDemand({ budget, pods, scale }: DisruptionObserved): Demand {
  const { minAvailable, maxUnavailable } = budget.spec ?? {};
  if (maxUnavailable === undefined && (minAvailable === undefined || typeof minAvailable === 'number')) {
    return { expected: pods.length, desired: minAvailable ?? 0 };
  }
  if (scale.kind === 'unknown') return { expected: 0, desired: 0, failure: scale.why };
  const expected = scale.workloads.reduce((sum, { replicas }) => sum + replicas, 0);
  const share = (value: string | number): number =>
    typeof value === 'number' ? value : Math.ceil((Number.parseInt(value, 10) * expected) / 100);
  const desired = maxUnavailable === undefined ? share(minAvailable ?? 0) : expected - share(maxUnavailable);
  return { expected, desired: Math.max(0, desired) };
}

interface Evicted {
  /** By name, until the cache shows that they are being deleted. */
  readonly waiting: Readonly<Record<string, string>>;
  readonly surviving: readonly Pod[];
  readonly nextLook: number | undefined;
}

function calculateEvicted({ status }: PodDisruptionBudget, pods: readonly Pod[], now: number): Evicted {
  const said = pods.flatMap((pod) => {
    const since = status?.disruptedPods?.[pod.metadata.name ?? ''];
    return since === undefined || pod.metadata.deletionTimestamp !== undefined ? [] : [{ pod, since }];
  });
  const until = ({ since }: { readonly since: string }): number =>
    Date.parse(since) + deletionTimeoutMilliseconds - now;
  const waiting = said.filter((each) => until(each) > 0);
  return {
    waiting: Object.fromEntries(waiting.map(({ pod, since }) => [pod.metadata.name ?? '', since])),
    surviving: said.filter((each) => until(each) <= 0).map(({ pod }) => pod),
    nextLook: waiting.length === 0 ? undefined : Math.min(...waiting.map(until)),
  };
}

function countHealthy(pods: readonly Pod[], evicted: Readonly<Record<string, string>>): number {
  return pods.filter(
    (pod) => pod.metadata.deletionTimestamp === undefined && !((pod.metadata.name ?? '') in evicted) && isPodReady(pod),
  ).length;
}

function calculateStatus(
  { metadata, status }: PodDisruptionBudget,
  { expected, desired, healthy }: Demand & { readonly healthy: number },
  { evicted, now }: { readonly evicted: Evicted; readonly now: number },
): PodDisruptionBudgetStatus {
  const disruptionsAllowed = expected <= 0 ? 0 : Math.max(0, healthy - desired);
  return {
    observedGeneration: metadata.generation,
    disruptionsAllowed,
    currentHealthy: healthy,
    desiredHealthy: desired,
    expectedPods: expected,
    ...(Object.keys(evicted.waiting).length === 0 ? {} : { disruptedPods: evicted.waiting }),
    conditions: withAllowance(status?.conditions ?? [], {
      statement: disruptionsAllowed > 0 ? sufficient : insufficient,
      generation: metadata.generation,
      now,
    }),
  };
}

/** Unsure how many pods there should be, nothing may be evicted. */
function failed({ metadata, status }: PodDisruptionBudget, message: string, now: number): PodDisruptionBudgetStatus {
  const statement = { status: 'False', reason: 'SyncFailed', message } as const;
  return {
    currentHealthy: 0,
    desiredHealthy: 0,
    expectedPods: 0,
    ...status,
    observedGeneration: metadata.generation,
    disruptionsAllowed: 0,
    conditions: withAllowance(status?.conditions ?? [], { statement, generation: metadata.generation, now }),
  };
}

const sufficient = { status: 'True', reason: 'SufficientPods', message: '' } as const;
const insufficient = { status: 'False', reason: 'InsufficientPods', message: '' } as const;

interface Allowance {
  readonly statement: Pick<Condition, 'status' | 'reason' | 'message'>;
  readonly generation: number | undefined;
  readonly now: number;
}

export function withAllowance(
  conditions: readonly Condition[],
  { statement, generation, now }: Allowance,
): readonly Condition[] {
  const known = findCondition(conditions, 'DisruptionAllowed');
  const next: Condition = {
    type: 'DisruptionAllowed',
    lastTransitionTime: formatTime(now),
    ...statement,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
  const set = setCondition(conditions, next, now);
  if (set !== conditions || known?.observedGeneration === generation) return set;
  return conditions.map((each) => (each === known ? { ...each, observedGeneration: generation } : each));
}

function planEvents(
  { budget, pods, scale }: DisruptionObserved,
  failure: string | undefined,
): readonly DisruptionEvent[] {
  if (failure !== undefined) {
    const message = `Failed to calculate the number of expected pods: ${failure}`;
    return [{ kind: 'event', type: 'Warning', reason: 'CalculateExpectedPodCountFailed', message }];
  }
  if (pods.length === 0) {
    return [{ kind: 'event', type: 'Normal', reason: 'NoPods', message: 'No matching pods found' }];
  }
  const isCounted = typeof budget.spec?.minAvailable === 'number';
  if (isCounted || scale.kind === 'unknown' || scale.unmanaged.length === 0) return [];
  const message = `Pods selected by this PodDisruptionBudget (${scale.unmanaged.join(', ')}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`;
  return [{ kind: 'event', type: 'Warning', reason: 'UnmanagedPods', message }];
}

function surviving(pod: Pod): DisruptionEvent {
  const message = `Pod was expected by PDB to be deleted but it wasn't`;
  return { kind: 'event', type: 'Warning', reason: 'NotDeleted', message, pod };
}
