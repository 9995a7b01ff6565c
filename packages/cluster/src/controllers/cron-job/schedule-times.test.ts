import type { CronJob } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { parseCronSchedule } from '../../cron/cron-schedule.ts';
import { findDueTime } from './schedule-times.ts';

interface Row {
  readonly name: string;
  readonly schedule: string;
  readonly last: string;
  readonly now: string;
  readonly deadline?: number;
  readonly due: string | undefined;
  readonly many?: boolean;
}

const rows: readonly Row[] = [
  { name: 'none has come', schedule: '0 * * * *', last: '10:00:00', now: '10:59:59', due: undefined },
  { name: 'it comes to the second', schedule: '0 * * * *', last: '10:00:00', now: '11:00:00', due: '11:00:00' },
  { name: 'of several the latest counts', schedule: '*/5 * * * *', last: '10:00:00', now: '10:21:00', due: '10:20:00' },
  {
    name: 'intervals may differ',
    schedule: '0,5,50 * * * *',
    last: '10:00:00',
    now: '11:51:00',
    due: '11:50:00',
  },
  { name: 'a hundred are many', schedule: '* * * * *', last: '10:00:00', now: '11:41:30', due: '11:41:00', many: true },
  {
    name: 'what is past the deadline is no longer looked for',
    schedule: '0 * * * *',
    last: '10:00:00',
    now: '11:05:00',
    deadline: 60,
    due: undefined,
  },
];

describe('the moment that is due', () => {
  it.each(rows)('$name', ({ schedule, last, now, deadline, due, many = false }) => {
    const at = (time: string): string => `2026-01-01T${time}Z`;
    const cronJob: CronJob = {
      metadata: {},
      spec: { schedule, jobTemplate: {}, startingDeadlineSeconds: deadline },
      status: { lastScheduleTime: at(last) },
    };
    const found = findDueTime(cronJob, parseCronSchedule(schedule), Date.parse(at(now)));
    expect(found).toEqual(due === undefined ? undefined : { at: Date.parse(at(due)), hasMissedMany: many });
  });
});
