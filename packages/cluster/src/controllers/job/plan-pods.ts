import type { Pod } from '@slipway/kube/api.generated';
import { isPodActive } from '../pods.ts';
import { choosePodsToDelete } from '../replica-set/rank-pods.ts';
import { untilNextAttempt, untilNextAttemptOfIndex, type FailureHistory } from './backoff.ts';
import { isIndexed, isTerminating, replacesOnlyFailed } from './job-pods.ts';
import { isSuspended, type Outcome } from './job-outcome.ts';
import { indexIn, type JobView } from './job-view.ts';
import { podForJob } from './pod-for-job.ts';

/** More pods than these are created or deleted in the next look: one Job must not hold up all others. */
const burst = 500;

export type PodAction =
  | { readonly kind: 'createPods'; readonly pods: readonly Pod[] }
  /** They have failed with their Job, and count. */
  | { readonly kind: 'endPods'; readonly pods: readonly Pod[] }
  /** The Job wants fewer for now: they count for nothing. */
  | { readonly kind: 'withdrawPods'; readonly pods: readonly Pod[] };

export interface PodPlan {
  readonly actions: readonly PodAction[];
  readonly requeueAfter?: number | undefined;
}

export interface PodCircumstances {
  readonly outcome: Outcome | undefined;
  readonly history: FailureHistory;
  readonly isNamespaceLeaving: boolean;
  readonly now: number;
}

const nothing: PodPlan = { actions: [] };

export function planPods(view: JobView, circumstances: PodCircumstances): PodPlan {
  const { job, active } = view;
  if (circumstances.outcome !== undefined) return some('endPods', active);
  if (job.metadata.deletionTimestamp !== undefined) return nothing;
  if (isSuspended(job)) return some('withdrawPods', active);
  const wanted = calculateWanted(view);
  const surplus = choosePodsToWithdraw(view, wanted, circumstances.now);
  // What leaves makes room first: its index may be needed again.
  if (surplus.length > 0) return some('withdrawPods', surplus);
  const leaving = replacesOnlyFailed(job) ? view.terminating : 0;
  const missing = Math.min(burst, wanted - active.length - leaving);
  if (missing <= 0 || circumstances.isNamespaceLeaving) return nothing;
  return isIndexed(job) ? planIndexes(view, missing, circumstances) : planAlike(view, missing, circumstances);
}

function some(kind: PodAction['kind'], pods: readonly Pod[]): PodPlan {
  return pods.length === 0 ? nothing : { actions: [{ kind, pods: pods.slice(0, burst) }] };
}

/**
 * Never more than what is left to be done. `parallelism 3, completions 5, succeeded 4` gives 1; a work queue that has seen
 * a success is running out, and gets no new pods.
 */
function calculateWanted({ job, succeeded, active }: JobView): number {
  const { parallelism = 1, completions } = job.spec ?? {};
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism;
  return Math.max(0, Math.min(parallelism, completions - succeeded));
}

function choosePodsToWithdraw(view: JobView, wanted: number, now: number): readonly Pod[] {
  const useless = isIndexed(view.job) ? findUseless(view) : [];
  const rest = view.active.filter((pod) => !useless.includes(pod));
  const surplus = Math.max(0, rest.length - wanted);
  return [...useless, ...choosePodsToDelete({ pods: rest, podsOnNode: new Map(), now }, surplus)];
}

/** Of an index that is none, is done, or that an older pod works on. */
function findUseless({ job, active, succeededIndexes, failedIndexes }: JobView): readonly Pod[] {
  const taken = new Set<number>();
  const byAge = active.toSorted((a, b) => Date.parse(created(a)) - Date.parse(created(b)));
  return byAge.filter((pod) => {
    const index = indexIn(job, pod);
    if (index === undefined || taken.has(index)) return true;
    taken.add(index);
    return succeededIndexes.has(index) || failedIndexes?.has(index) === true;
  });
}

function created({ metadata }: Pod): string {
  return metadata.creationTimestamp ?? '';
}

function planAlike({ job }: JobView, count: number, { history, now }: PodCircumstances): PodPlan {
  const wait = untilNextAttempt(history, now);
  if (wait > 0) return { actions: [], requeueAfter: wait };
  const pod = podForJob(job, { index: undefined, lastFailed: undefined });
  return { actions: [{ kind: 'createPods', pods: Array.from({ length: count }, () => pod) }] };
}

function planIndexes(view: JobView, count: number, { history, now }: PodCircumstances): PodPlan {
  const { job, lastFailed, failedIndexes } = view;
  const hasOwnLimits = failedIndexes !== undefined;
  const wait = hasOwnLimits ? 0 : untilNextAttempt(history, now);
  if (wait > 0) return { actions: [], requeueAfter: wait };
  const pods: Pod[] = [];
  const waits: number[] = [];
  for (const index of findPending(view)) {
    if (pods.length === count) break;
    const before = lastFailed.get(index);
    const delay = before === undefined ? 0 : untilNextAttemptOfIndex(before, now);
    if (delay > 0) waits.push(delay);
    else pods.push(podForJob(job, { index, lastFailed: before }));
  }
  return {
    actions: pods.length === 0 ? [] : [{ kind: 'createPods', pods }],
    requeueAfter: waits.length === 0 ? undefined : Math.min(...waits),
  };
}

/** In order: neither done nor given up nor under way. */
function* findPending({ job, pods, succeededIndexes, failedIndexes }: JobView): Iterable<number> {
  const isHeld = (pod: Pod): boolean => isPodActive(pod) || (replacesOnlyFailed(job) && isTerminating(pod));
  const underWay = new Set(pods.filter(isHeld).map((pod) => indexIn(job, pod)));
  for (let index = 0; index < (job.spec?.completions ?? 0); index += 1) {
    if (underWay.has(index) || succeededIndexes.has(index) || failedIndexes?.has(index) === true) continue;
    yield index;
  }
}
