import type { Job, Pod } from '@slipway/kube/api.generated';
import { isPodActive, isPodReady } from '../pods.ts';
import { CompletionIndexes } from './completion-indexes.ts';
import {
  completionIndexOf,
  failureCountOf,
  finishedAt,
  ignoredFailureCountOf,
  isFailed,
  isIndexed,
  isSucceeded,
  isTerminating,
  isTracked,
  uidOf,
} from './job-pods.ts';
import { judgeFailure, type FailureVerdict } from './pod-failure-policy.ts';

/** A failed pod that no status has counted yet. */
export interface NewFailure {
  readonly pod: Pod;
  readonly verdict: FailureVerdict;
}

/**
 * A Job and its pods, counted. A pod is counted in three steps, so that none is lost or counted twice wherever the
 * controller stops: its uid goes into `uncountedTerminatedPods`, then its finalizer goes, then its uid becomes part of a
 * number. An index that has succeeded needs no such care: it can be noted any number of times.
 */
export interface JobView {
  readonly job: Job;
  readonly pods: readonly Pod[];
  readonly active: readonly Pod[];
  readonly terminating: number;
  readonly ready: number;
  readonly uncounted: { readonly succeeded: ReadonlySet<string>; readonly failed: ReadonlySet<string> };
  /** Not in any status yet. */
  readonly newSuccesses: readonly Pod[];
  readonly newFailures: readonly NewFailure[];
  /** Of pods, or of indexes; the new ones included. */
  readonly succeeded: number;
  /** Pods that count against the limit; the new ones included. */
  readonly failed: number;
  readonly succeededIndexes: CompletionIndexes;
  /** Only where each index has a limit of its own. */
  readonly failedIndexes: CompletionIndexes | undefined;
  /** The latest failed pod of each index that waits for its next attempt, which takes over its count. */
  readonly lastFailed: ReadonlyMap<number, Pod>;
}

export function viewJob(job: Job, pods: readonly Pod[]): JobView {
  const counts = countPods(job, pods);
  const active = pods.filter(isPodActive);
  const indexes = calculateIndexes(job, counts);
  return {
    job,
    pods,
    active,
    terminating: pods.filter(isTerminating).length,
    ready: active.filter(isPodReady).length,
    ...counts,
    ...indexes,
    succeeded: isIndexed(job) ? indexes.succeededIndexes.size : counts.succeeded,
    lastFailed: indexes.failedIndexes === undefined ? new Map() : findLastFailed(job, pods, indexes),
  };
}

type Counts = Pick<JobView, 'uncounted' | 'newSuccesses' | 'newFailures' | 'succeeded' | 'failed'>;

function countPods(job: Job, pods: readonly Pod[]): Counts {
  const { succeeded = 0, failed = 0, uncountedTerminatedPods: uids } = job.status ?? {};
  const uncounted = { succeeded: new Set(uids?.succeeded), failed: new Set(uids?.failed) };
  const fresh = pods.filter(
    (pod) =>
      isTracked(pod) &&
      !uncounted.succeeded.has(uidOf(pod)) &&
      !uncounted.failed.has(uidOf(pod)) &&
      (!isIndexed(job) || indexIn(job, pod) !== undefined),
  );
  const newSuccesses = fresh.filter(isSucceeded);
  const newFailures = fresh
    .filter((pod) => isFailed(pod, job))
    .map((pod): NewFailure => ({ pod, verdict: judgeFailure(pod, job) }));
  return {
    uncounted,
    newSuccesses,
    newFailures,
    succeeded: succeeded + uncounted.succeeded.size + newSuccesses.length,
    failed: failed + uncounted.failed.size + newFailures.filter(({ verdict }) => verdict.action !== 'Ignore').length,
  };
}

export function indexIn(job: Job, pod: Pod): number | undefined {
  return completionIndexOf(pod, job.spec?.completions ?? 0);
}

type Indexes = Pick<JobView, 'succeededIndexes' | 'failedIndexes'>;

function calculateIndexes(job: Job, { newSuccesses, newFailures }: Counts): Indexes {
  if (!isIndexed(job)) return { succeededIndexes: new CompletionIndexes(), failedIndexes: undefined };
  const { completions = 0, backoffLimitPerIndex } = job.spec ?? {};
  const indexesOf = (some: readonly Pod[]): readonly number[] => some.flatMap((pod) => indexIn(job, pod) ?? []);
  const succeededIndexes = CompletionIndexes.parse(job.status?.completedIndexes, completions).with(
    indexesOf(newSuccesses),
  );
  if (backoffLimitPerIndex === undefined) return { succeededIndexes, failedIndexes: undefined };
  const lost = newFailures.filter((failure) => endsIndex(failure, backoffLimitPerIndex)).map(({ pod }) => pod);
  const failedIndexes = CompletionIndexes.parse(job.status?.failedIndexes, completions).with(
    indexesOf(lost).filter((index) => !succeededIndexes.has(index)),
  );
  return { succeededIndexes, failedIndexes };
}

function endsIndex({ pod, verdict }: NewFailure, limit: number): boolean {
  if (verdict.action === 'FailIndex') return true;
  return verdict.action !== 'Ignore' && failureCountOf(pod) >= limit;
}

function findLastFailed(job: Job, pods: readonly Pod[], indexes: Indexes): ReadonlyMap<number, Pod> {
  const underWay = new Set(pods.filter(isPodActive).map((pod) => indexIn(job, pod)));
  const last = new Map<number, Pod>();
  for (const pod of pods.filter((each) => isTracked(each) && isFailed(each, job))) {
    const index = indexIn(job, pod);
    if (index === undefined || underWay.has(index)) continue;
    if (indexes.succeededIndexes.has(index) || indexes.failedIndexes?.has(index) === true) continue;
    const known = last.get(index);
    if (known === undefined || isLater(pod, known)) last.set(index, pod);
  }
  return last;
}

function isLater(pod: Pod, than: Pod): boolean {
  const attempts = (each: Pod): number => failureCountOf(each) + ignoredFailureCountOf(each);
  return attempts(pod) >= attempts(than) && finishedAt(pod) >= finishedAt(than);
}
