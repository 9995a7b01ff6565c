import type { CronJob, CronJobStatus, Job, ObjectReference } from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import { isConditionTrue } from '@slipway/kube/conditions';
import { isJobFinished } from '../job/job-outcome.ts';
import { scheduledTimeOf } from './job-for-cron-job.ts';

/** Everything in it follows from the Jobs, so that nothing is lost wherever the controller stops. */
export function calculateCronJobStatus(cronJob: CronJob, jobs: readonly Job[]): CronJobStatus {
  const { lastScheduleTime, lastSuccessfulTime, active: before = [] } = cronJob.status ?? {};
  const active = jobs.filter(isUnderway).map((job) => before.find(({ uid }) => uid === job.metadata.uid) ?? refer(job));
  const successes = jobs
    .filter(({ status }) => isConditionTrue(status?.conditions, 'Complete'))
    .flatMap(({ status }) => (status?.completionTime === undefined ? [] : [Date.parse(status.completionTime)]));
  return {
    ...(active.length === 0 ? {} : { active }),
    ...latest(
      'lastScheduleTime',
      lastScheduleTime,
      jobs.flatMap((job) => scheduledTimeOf(job) ?? []),
    ),
    ...latest('lastSuccessfulTime', lastSuccessfulTime, successes),
  };
}

/** Of those that the schedule made: a Job that a person makes of a CronJob holds up nothing. */
export function isUnderway(job: Job): boolean {
  return scheduledTimeOf(job) !== undefined && !isJobFinished(job);
}

function refer({ metadata }: Job): ObjectReference {
  const { name, namespace, uid, resourceVersion } = metadata;
  return { kind: 'Job', apiVersion: 'batch/v1', name, namespace, uid, resourceVersion };
}

function latest(
  field: 'lastScheduleTime' | 'lastSuccessfulTime',
  before: string | undefined,
  times: readonly number[],
): Pick<CronJobStatus, typeof field> {
  const all = before === undefined ? times : [...times, Date.parse(before)];
  return all.length === 0 ? {} : { [field]: formatTime(Math.max(...all)) };
}
