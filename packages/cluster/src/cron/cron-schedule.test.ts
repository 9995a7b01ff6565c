import { describe, expect, it } from 'vitest';
import { isTimeZone, parseCronSchedule } from './cron-schedule.ts';

interface Row {
  readonly schedule: string;
  readonly zone?: string;
  readonly after: string;
  readonly next: string;
}

describe('a schedule', () => {
  it.each<Row>([
    { schedule: '*/5 * * * *', after: '2026-01-01T00:00:00Z', next: '2026-01-01T00:05:00Z' },
    { schedule: '*/5 * * * *', after: '2026-01-01T00:04:59.999Z', next: '2026-01-01T00:05:00Z' },
    { schedule: '0 9 * * MON-FRI', zone: 'Europe/Berlin', after: '2026-03-27T08:00:00Z', next: '2026-03-30T07:00:00Z' },
    // Restricted days of the month and of the week: either will do.
    { schedule: '0 0 13 * 5', after: '2026-01-02T00:00:00Z', next: '2026-01-09T00:00:00Z' },
    { schedule: '0 0 ? * ?', after: '2026-01-02T00:00:00Z', next: '2026-01-03T00:00:00Z' },
    { schedule: '@hourly', after: '2026-01-01T00:00:00Z', next: '2026-01-01T01:00:00Z' },
    { schedule: '@every 1h30m', after: '2026-01-01T00:00:00.500Z', next: '2026-01-01T01:30:00Z' },
  ])('$schedule after $after is $next', ({ schedule, zone, after, next }) => {
    const found = parseCronSchedule(schedule, zone).nextAfter(Date.parse(after)) ?? Number.NaN;
    expect(new Date(found).toISOString()).toBe(new Date(next).toISOString());
  });

  it('of a day that never comes has no next moment', () => {
    expect(parseCronSchedule('0 0 31 2 *').nextAfter(0)).toBeUndefined();
  });

  it.each([
    ['', 'empty spec string'],
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['* * * * * *', 'expected exactly 5 fields, found 6: [* * * * * *]'],
    ['@reboot', 'unrecognized descriptor: @reboot'],
    ['@every often', 'failed to parse duration @every often: invalid duration "often"'],
    ['0 0 L * *', 'failed to parse field 3 of 5: L'],
    ['0 0 * * 7', 'failed to parse field 5 of 5: 7'],
    ['61 * * * *', 'Invalid value for minute: 61'],
  ])('%j is refused', (schedule, message) => {
    expect(() => parseCronSchedule(schedule)).toThrow(message);
  });

  it('knows the time zones that there are', () => {
    expect(['UTC', 'Europe/Berlin', 'Mars/Phobos', ''].map(isTimeZone)).toEqual([true, true, false, false]);
  });
});
