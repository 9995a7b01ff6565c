import type { Job, JobCondition, JobStatus } from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import { findCondition, setCondition } from '@slipway/kube/conditions';
import { isTracked } from './job-pods.ts';
import type { Counting } from './job-books.ts';
import { isSuspended, type Outcome } from './job-outcome.ts';
import type { JobView } from './job-view.ts';

interface Circumstances {
  readonly outcome: Outcome | undefined;
  readonly counting: Counting;
  readonly now: number;
}

export function calculateJobStatus(view: JobView, circumstances: Circumstances): JobStatus {
  const { job, active, terminating, ready } = view;
  const { outcome, counting, now } = circumstances;
  const before = job.status?.conditions ?? [];
  const suspension = outcome === undefined ? withSuspension(job, before, now) : before;
  const conditions = withOutcome(suspension, { ...circumstances, isOver: isOver(view, counting) });
  const isComplete = findCondition(conditions, 'Complete') !== undefined;
  return {
    ...job.status,
    conditions,
    startTime: startTimeOf(job, conditions, now),
    ...(isComplete ? { completionTime: formatTime(now) } : {}),
    active: orAbsent(active.length),
    terminating,
    ready,
    ...counting.books,
    succeeded: orAbsent(counting.books.succeeded),
    failed: orAbsent(counting.books.failed),
  };
}

/** As Kubernetes serializes these numbers. */
function orAbsent(count: number | undefined): number | undefined {
  return count === 0 ? undefined : count;
}

/** A Job is declared over when no pod of it runs and all are counted. */
function isOver({ active, terminating, pods }: JobView, { books }: Counting): boolean {
  const { succeeded = [], failed = [] } = books.uncountedTerminatedPods ?? {};
  return active.length + terminating + succeeded.length + failed.length === 0 && !pods.some(isTracked);
}

/** The clock of a deadline starts anew when a suspended Job goes on. */
function startTimeOf(job: Job, conditions: readonly JobCondition[], now: number): string | undefined {
  const wasSuspended = findCondition(job.status?.conditions, 'Suspended')?.status === 'True';
  const isResumed = wasSuspended && findCondition(conditions, 'Suspended')?.status === 'False';
  const known = isResumed ? undefined : job.status?.startTime;
  return known ?? (isSuspended(job) ? undefined : formatTime(now));
}

function withSuspension(job: Job, conditions: readonly JobCondition[], now: number): readonly JobCondition[] {
  if (job.metadata.deletionTimestamp !== undefined) return conditions;
  if (isSuspended(job)) return set(conditions, { type: 'Suspended', ...suspended }, now);
  // A Job that never was suspended does not say so.
  return findCondition(conditions, 'Suspended') === undefined
    ? conditions
    : set(conditions, { type: 'Suspended', ...resumed }, now);
}

export const suspended = { status: 'True', reason: 'JobSuspended', message: 'Job suspended' } as const;
export const resumed = { status: 'False', reason: 'JobResumed', message: 'Job resumed' } as const;

function withOutcome(
  conditions: readonly JobCondition[],
  { outcome, isOver: over, now }: Circumstances & { readonly isOver: boolean },
): readonly JobCondition[] {
  if (outcome === undefined) return conditions;
  const { kind, reason, message } = outcome;
  const [interim, final] = kind === 'success' ? ['SuccessCriteriaMet', 'Complete'] : ['FailureTarget', 'Failed'];
  const first = set(conditions, { type: interim, status: 'True', reason, message }, now);
  return over ? set(first, { type: final, status: 'True', reason, message }, now) : first;
}

function set(
  conditions: readonly JobCondition[],
  condition: Omit<JobCondition, 'lastProbeTime' | 'lastTransitionTime'>,
  now: number,
): readonly JobCondition[] {
  const known = findCondition(conditions, condition.type);
  if (known?.status === condition.status) return conditions;
  return setCondition(conditions, { ...condition, lastProbeTime: formatTime(now) }, now);
}
