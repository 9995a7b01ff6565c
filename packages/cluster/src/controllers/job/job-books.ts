import type { Job, JobStatus, Pod } from '@slipway/kube/api.generated';
import { isFailed, isIndexed, isSucceeded, isTracked, uidOf } from './job-pods.ts';
import { indexIn, type JobView } from './job-view.ts';
import type { Outcome } from './job-outcome.ts';

/** As many uids as a status holds; more are counted at the next look. */
const maximumUncounted = 500;

type Books = Required<
  Pick<JobStatus, 'succeeded' | 'failed' | 'completedIndexes' | 'failedIndexes' | 'uncountedTerminatedPods'>
>;

export interface Counting {
  readonly books: Books;
  /** Counted, now or before: their finalizers may go once the status is written. */
  readonly toUntrack: readonly Pod[];
}

/** What the status says of pods that have ended. */
export function countEnded(view: JobView, outcome: Outcome | undefined): Counting {
  const { job } = view;
  const settled = settle(view);
  const { toUntrack, succeeded, failed } = listEnded(view, outcome, settled.waiting);
  return {
    toUntrack,
    books: {
      succeeded: isIndexed(job) ? view.succeededIndexes.size : (job.status?.succeeded ?? 0) + settled.succeeded,
      failed: (job.status?.failed ?? 0) + settled.failed,
      completedIndexes: view.succeededIndexes.size === 0 ? undefined : view.succeededIndexes.toString(),
      failedIndexes: view.failedIndexes?.toString(),
      uncountedTerminatedPods: {
        ...(succeeded.length === 0 ? {} : { succeeded }),
        ...(failed.length === 0 ? {} : { failed }),
      },
    },
  };
}

interface Waiting {
  readonly succeeded: readonly string[];
  readonly failed: readonly string[];
}

/** Those that wait to be counted, with those that have ended since, as many as a status holds. */
function listEnded(
  view: JobView,
  outcome: Outcome | undefined,
  waiting: Waiting,
): Waiting & Pick<Counting, 'toUntrack'> {
  const succeeded = [...waiting.succeeded];
  const failed = [...waiting.failed];
  const toUntrack: Pod[] = [];
  const ignored = new Set(view.newFailures.filter(({ verdict }) => verdict.action === 'Ignore').map(({ pod }) => pod));
  for (const pod of view.pods.filter(isTracked)) {
    if (succeeded.length + failed.length >= maximumUncounted) break;
    if (!mayGo(view, pod, outcome)) continue;
    toUntrack.push(pod);
    if (isCounted(view, pod)) continue;
    const end = endOf(view.job, pod, outcome);
    if (end === 'succeeded') succeeded.push(uidOf(pod));
    if (end === 'failed' && !ignored.has(pod)) failed.push(uidOf(pod));
  }
  return { toUntrack, succeeded, failed };
}

/** Already, or never: what has no place among the indexes. */
function isCounted({ job, uncounted }: JobView, pod: Pod): boolean {
  if (isIndexed(job) && indexIn(job, pod) === undefined) return true;
  return uncounted.succeeded.has(uidOf(pod)) || uncounted.failed.has(uidOf(pod));
}

/** Undefined where it counts for nothing: the successes of an indexed Job are its indexes. */
function endOf(job: Job, pod: Pod, outcome: Outcome | undefined): 'succeeded' | 'failed' | undefined {
  if (isSucceeded(pod)) return isIndexed(job) ? undefined : 'succeeded';
  return isFailed(pod, job) || outcome?.kind === 'failure' ? 'failed' : undefined;
}

/** Pods without their finalizer become numbers; the others wait. */
function settle({ pods, uncounted }: JobView): {
  readonly succeeded: number;
  readonly failed: number;
  readonly waiting: Waiting;
} {
  const tracked = new Set(pods.filter(isTracked).map(uidOf));
  const waiting = (uids: ReadonlySet<string>): readonly string[] => [...uids].filter((uid) => tracked.has(uid));
  const [succeeded, failed] = [waiting(uncounted.succeeded), waiting(uncounted.failed)];
  return {
    succeeded: uncounted.succeeded.size - succeeded.length,
    failed: uncounted.failed.size - failed.length,
    waiting: { succeeded, failed },
  };
}

/** A Job that has failed takes whatever is left for failed; one that is being deleted lets everything go. */
function mayGo({ job, lastFailed }: JobView, pod: Pod, outcome: Outcome | undefined): boolean {
  if (job.metadata.deletionTimestamp !== undefined || outcome?.kind === 'failure') return true;
  if (!isSucceeded(pod) && !isFailed(pod, job)) return false;
  // The next attempt of its index reads its count.
  return outcome !== undefined || lastFailed.get(indexIn(job, pod) ?? -1) !== pod;
}
