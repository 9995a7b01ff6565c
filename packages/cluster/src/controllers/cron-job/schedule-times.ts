/** Which moments of a schedule have come, and which comes next. */
import type { CronJob } from '@slipway/kube/api.generated';
import type { CronSchedule } from '../../cron/cron-schedule.ts';

/** More than these that were missed show that the clock is wrong, or that the CronJob could not run for long. */
const manyMissed = 100;

export interface DueTime {
  /** The latest moment that has come, in milliseconds since the epoch. */
  readonly at: number;
  readonly hasMissedMany: boolean;
}

/** The latest moment of the schedule since the last one that was used; undefined where none has come. */
export function findDueTime(cronJob: CronJob, schedule: CronSchedule, now: number): DueTime | undefined {
  const first = schedule.nextAfter(earliestOf(cronJob, now));
  if (first === undefined || first > now) return undefined;
  const second = schedule.nextAfter(first);
  if (second === undefined || second > now) return { at: first, hasMissedMany: false };
  const interval = second - first;
  const missed = Math.floor((now - first) / interval) + 1;
  return { at: lastUpTo(schedule, first + (missed - 2) * interval, now) ?? second, hasMissedMany: missed > manyMissed };
}

function earliestOf({ metadata, spec, status }: CronJob, now: number): number {
  const since = Date.parse(status?.lastScheduleTime ?? metadata.creationTimestamp ?? '');
  const deadline = spec?.startingDeadlineSeconds;
  return deadline === undefined ? since : Math.max(since, now - deadline * 1_000);
}

/** `from` is close: intervals differ, and the moments after it are walked through. */
function lastUpTo(schedule: CronSchedule, from: number, now: number): number | undefined {
  let last: number | undefined;
  for (let next = schedule.nextAfter(from); next !== undefined && next <= now; next = schedule.nextAfter(next))
    last = next;
  return last;
}
