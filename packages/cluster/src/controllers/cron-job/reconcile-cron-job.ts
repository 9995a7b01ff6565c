import type { CronJob, CronJobStatus, Job } from '@slipway/kube/api.generated';
import { isConditionTrue } from '@slipway/kube/conditions';
import type { Plan } from '@slipway/kube/controller';
import { CronSyntaxError, parseCronSchedule, type CronSchedule } from '../../cron/cron-schedule.ts';
import { isJobFinished } from '../job/job-outcome.ts';
import { isSemanticallyEqual } from '../semantic-equality.ts';
import { calculateCronJobStatus, isUnderway } from './cron-job-status.ts';
import { jobFor } from './job-for-cron-job.ts';
import { findDueTime } from './schedule-times.ts';

export interface CronJobObserved {
  readonly cronJob: CronJob;
  /** That it controls. */
  readonly jobs: readonly Job[];
}

export type CronJobAction =
  /** `replaced`: a newer one takes its place; otherwise it has ended, and enough others are kept. */
  | { readonly kind: 'delete'; readonly job: Job; readonly isReplaced: boolean }
  | { readonly kind: 'create'; readonly job: Job }
  | {
      readonly kind: 'recordEvent';
      readonly type: 'Normal' | 'Warning';
      readonly reason: string;
      readonly message: string;
    };

/** A timer cannot wait for months. */
const longestWaitMilliseconds = 3_600_000;

/**
 * https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/. The status is written before anything is done: what
 * has run must be remembered before the Job that says so is deleted.
 */
export function reconcileCronJob({ cronJob, jobs }: CronJobObserved, now: number): Plan<CronJobAction, CronJobStatus> {
  const status = calculateCronJobStatus(cronJob, jobs);
  const remembered = { ...cronJob, status };
  const news = [...noticeEnds(cronJob, jobs), ...planHistory(cronJob, jobs)];
  const isResting = cronJob.metadata.deletionTimestamp !== undefined || cronJob.spec?.suspend === true;
  const next = isResting ? { actions: [] } : planNext(remembered, jobs, now);
  return {
    actions: [...news, ...next.actions],
    status: isSemanticallyEqual(status, cronJob.status) ? undefined : status,
    requeueAfter: next.requeueAfter,
  };
}

/** Told once: the status that is written with it does not name them any more. */
function noticeEnds({ status }: CronJob, jobs: readonly Job[]): readonly CronJobAction[] {
  return (status?.active ?? []).flatMap(({ uid, name = '' }): readonly CronJobAction[] => {
    const job = jobs.find(({ metadata }) => metadata.uid === uid);
    if (job === undefined)
      return [
        { kind: 'recordEvent', type: 'Normal', reason: 'MissingJob', message: `Active job went missing: ${name}` },
      ];
    if (!isJobFinished(job)) return [];
    const condition = isConditionTrue(job.status?.conditions, 'Complete') ? 'Complete' : 'Failed';
    const message = `Saw completed job: ${name}, condition: ${condition}`;
    return [{ kind: 'recordEvent', type: 'Normal', reason: 'SawCompletedJob', message }];
  });
}

function planHistory({ spec }: CronJob, jobs: readonly Job[]): readonly CronJobAction[] {
  const ended = (type: 'Complete' | 'Failed'): readonly Job[] =>
    jobs
      .filter(
        ({ status, metadata }) => isConditionTrue(status?.conditions, type) && metadata.deletionTimestamp === undefined,
      )
      .toSorted((a, b) => startOf(a) - startOf(b) || compareNames(a, b));
  const surplus = (some: readonly Job[], limit: number | undefined): readonly Job[] =>
    limit === undefined ? [] : some.slice(0, Math.max(0, some.length - limit));
  return [
    ...surplus(ended('Complete'), spec?.successfulJobsHistoryLimit),
    ...surplus(ended('Failed'), spec?.failedJobsHistoryLimit),
  ].map((job): CronJobAction => ({ kind: 'delete', job, isReplaced: false }));
}

function startOf({ status, metadata }: Job): number {
  return Date.parse(status?.startTime ?? metadata.creationTimestamp ?? '1970-01-01T00:00:00Z');
}

function compareNames(a: Job, b: Job): number {
  return (a.metadata.name ?? '').localeCompare(b.metadata.name ?? '');
}

function planNext(cronJob: CronJob, jobs: readonly Job[], now: number): Plan<CronJobAction> {
  const schedule = readSchedule(cronJob);
  if (typeof schedule === 'string')
    return { actions: [{ kind: 'recordEvent', type: 'Warning', reason: 'UnparseableSchedule', message: schedule }] };
  const next = schedule.nextAfter(now);
  const requeueAfter = next === undefined ? undefined : Math.min(next - now, longestWaitMilliseconds);
  return { actions: planDue({ cronJob, jobs }, schedule, now), requeueAfter };
}

/** What is wrong with it, where it cannot be read: it was checked when it was written, perhaps by an older version. */
function readSchedule({ spec }: CronJob): CronSchedule | string {
  const { schedule = '', timeZone } = spec ?? {};
  try {
    return parseCronSchedule(schedule, timeZone);
  } catch (error) {
    if (error instanceof CronSyntaxError) return `unparseable schedule: ${JSON.stringify(schedule)} : ${error.message}`;
    throw error;
  }
}

function planDue({ cronJob, jobs }: CronJobObserved, schedule: CronSchedule, now: number): readonly CronJobAction[] {
  const due = findDueTime(cronJob, schedule, now);
  if (due === undefined) return [];
  const warning: readonly CronJobAction[] = due.hasMissedMany ? [missedMany] : [];
  const deadline = cronJob.spec?.startingDeadlineSeconds;
  if (deadline !== undefined && due.at + deadline * 1_000 < now) return [...warning, missed(due.at)];
  return [...warning, ...planStart({ cronJob, jobs }, due.at)];
}

const missedMany: CronJobAction = {
  kind: 'recordEvent',
  type: 'Warning',
  reason: 'TooManyMissedTimes',
  message: 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
};

function missed(at: number): CronJobAction {
  const message = `Missed scheduled time to start a job: ${new Date(at).toUTCString()}`;
  return { kind: 'recordEvent', type: 'Warning', reason: 'MissSchedule', message };
}

function planStart({ cronJob, jobs }: CronJobObserved, at: number): readonly CronJobAction[] {
  const job = jobFor(cronJob, at);
  if (jobs.some(({ metadata }) => metadata.name === job.metadata.name)) return [];
  const underway = jobs.filter(isUnderway);
  switch (underway.length === 0 ? 'Allow' : cronJob.spec?.concurrencyPolicy) {
    case 'Forbid':
      return [alreadyActive];
    case 'Replace':
      return [
        ...underway.map((old): CronJobAction => ({ kind: 'delete', job: old, isReplaced: true })),
        { kind: 'create', job },
      ];
    case 'Allow':
    case undefined:
      return [{ kind: 'create', job }];
  }
}

const alreadyActive: CronJobAction = {
  kind: 'recordEvent',
  type: 'Normal',
  reason: 'JobAlreadyActive',
  message: 'Not starting job because prior execution is running and concurrency policy is Forbid',
};
