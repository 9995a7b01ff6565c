import type { Job, Pod } from '@slipway/kube/api.generated';
import { findCondition, isConditionTrue } from '@slipway/kube/conditions';
import type { JobView } from './job-view.ts';
import { matchSuccessPolicy } from './success-policy.ts';

/** How a Job ends. Once it is in the status it stays, whatever its last pods do. */
export interface Outcome {
  readonly kind: 'success' | 'failure';
  readonly reason: string;
  readonly message: string;
}

/** Nothing follows any more. */
export function isJobFinished({ status }: Job): boolean {
  return isConditionTrue(status?.conditions, 'Complete') || isConditionTrue(status?.conditions, 'Failed');
}

export function isSuspended({ spec }: Job): boolean {
  return spec?.suspend === true;
}

export function decideOutcome(view: JobView, now: number): Outcome | undefined {
  return (
    findOutcome(view.job) ??
    failByPolicy(view) ??
    failByLimits(view, now) ??
    failByIndexes(view) ??
    succeedByPolicy(view) ??
    succeedByCount(view)
  );
}

function findOutcome({ status }: Job): Outcome | undefined {
  const success = findCondition(status?.conditions, 'SuccessCriteriaMet');
  const failure = findCondition(status?.conditions, 'FailureTarget');
  const [kind, found] = success?.status === 'True' ? ['success' as const, success] : ['failure' as const, failure];
  if (found?.status !== 'True') return undefined;
  return { kind, reason: found.reason ?? '', message: found.message ?? '' };
}

function failure(reason: string, message: string): Outcome {
  return { kind: 'failure', reason, message };
}

function failByPolicy({ newFailures }: JobView): Outcome | undefined {
  const fatal = newFailures.find(({ verdict }) => verdict.action === 'FailJob');
  return fatal === undefined ? undefined : failure('PodFailurePolicy', fatal.verdict.message ?? '');
}

function failByLimits({ job, pods, failed }: JobView, now: number): Outcome | undefined {
  if (failed > (job.spec?.backoffLimit ?? 6) || hasTooManyRestarts(job, pods)) {
    return failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  }
  return (untilDeadline(job, now) ?? 1) <= 0
    ? failure('DeadlineExceeded', 'Job was active longer than specified deadline')
    : undefined;
}

/** Containers that their node starts again count like pods that the Job starts again. */
function hasTooManyRestarts({ spec }: Job, pods: readonly Pod[]): boolean {
  if (spec?.template.spec?.restartPolicy !== 'OnFailure') return false;
  const restarts = pods
    .filter(({ status }) => status?.phase === 'Running' || status?.phase === 'Pending')
    .flatMap(({ status }) => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])])
    .reduce((sum, { restartCount }) => sum + restartCount, 0);
  const limit = spec.backoffLimit ?? 6;
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

/** Milliseconds; undefined without a deadline, and while it stands still. */
export function untilDeadline({ spec, status }: Job, now: number): number | undefined {
  if (spec?.activeDeadlineSeconds === undefined || status?.startTime === undefined || spec.suspend === true) {
    return undefined;
  }
  return Date.parse(status.startTime) + spec.activeDeadlineSeconds * 1_000 - now;
}

function failByIndexes({ job, failedIndexes, succeededIndexes }: JobView): Outcome | undefined {
  if (failedIndexes === undefined || failedIndexes.size === 0) return undefined;
  const { maxFailedIndexes, completions = 0 } = job.spec ?? {};
  if (maxFailedIndexes !== undefined && failedIndexes.size > maxFailedIndexes) {
    return failure('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes');
  }
  return failedIndexes.size + succeededIndexes.size >= completions
    ? failure('FailedIndexes', 'Job has failed indexes')
    : undefined;
}

function succeedByPolicy({ job, succeededIndexes }: JobView): Outcome | undefined {
  const message = matchSuccessPolicy(job, succeededIndexes);
  return message === undefined ? undefined : { kind: 'success', reason: 'SuccessPolicy', message };
}

/** Without a number of completions any success means that the work is done, and the others may finish what they do. */
function succeedByCount({ job, succeeded, active }: JobView): Outcome | undefined {
  const { completions } = job.spec ?? {};
  const isEnough = completions === undefined ? succeeded > 0 : succeeded >= completions;
  if (!isEnough || active.length > 0) return undefined;
  return { kind: 'success', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' };
}
