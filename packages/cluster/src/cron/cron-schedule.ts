/**
 * Schedules of CronJobs, as Kubernetes reads them (https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax):
 * five fields, or a word such as `@daily` or `@every 1h30m`. What the library knows beyond them is refused.
 */
import { Cron } from 'croner';
import { messageOf } from '@slipway/kube/message-of';

export interface CronSchedule {
  /** The first moment after `time`, in milliseconds since the epoch; undefined for a day that never comes. */
  nextAfter(time: number): number | undefined;
}

/** Says what is wrong with a schedule. */
export class CronSyntaxError extends Error {
  override readonly name = 'CronSyntaxError';
}

const words: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
]);

/** Throws `CronSyntaxError`. Without a time zone it is read in UTC. */
export function parseCronSchedule(text: string, timeZone = 'UTC'): CronSchedule {
  if (text === '') throw new CronSyntaxError('empty spec string');
  if (text.startsWith('@every ')) return everySoOften(text.slice('@every '.length), text);
  const known = text.startsWith('@') ? words.get(text) : text;
  if (known === undefined) throw new CronSyntaxError(`unrecognized descriptor: ${text}`);
  const cron = parse(checkFields(known), timeZone);
  return { nextAfter: (time) => cron.nextRun(new Date(time))?.getTime() };
}

function checkFields(text: string): string {
  const fields = text.split(/\s+/).filter((field) => field !== '');
  if (fields.length !== 5)
    throw new CronSyntaxError(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`);
  for (const [index, field] of fields.entries()) checkField(field, index);
  return fields.map((field) => field.replace('?', '*')).join(' ');
}

const months = 'jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec';
const days = 'sun|mon|tue|wed|thu|fri|sat';

/** Minute, hour, day of the month, month, day of the week. */
const values: readonly string[] = ['\\d+', '\\d+', '\\d+', `(?:\\d+|${months})`, `(?:[0-6]|${days})`];

function checkField(field: string, index: number): void {
  const value = values[index] ?? '\\d+';
  const part = `(?:[*?]|${value}(?:-${value})?)(?:/\\d+)?`;
  if (!new RegExp(`^${part}(?:,${part})*$`, 'i').test(field))
    throw new CronSyntaxError(`failed to parse field ${index + 1} of 5: ${field}`);
}

function parse(fields: string, timezone: string): Cron {
  try {
    return new Cron(fields, { timezone, mode: '5-part', paused: true });
  } catch (error) {
    throw new CronSyntaxError(messageOf(error).replace('CronPattern: ', ''), {
      cause: error,
    });
  }
}

const units: ReadonlyMap<string, number> = new Map([
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
]);

/** At least a second, as a duration in Go such as `1h30m`. */
function everySoOften(duration: string, text: string): CronSchedule {
  if (!/^(?:\d+(?:\.\d+)?(?:h|ms|m|s))+$/.test(duration))
    throw new CronSyntaxError(`failed to parse duration ${text}: invalid duration "${duration}"`);
  const parts = [...duration.matchAll(/([\d.]+)(h|ms|m|s)/g)];
  const milliseconds = parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (units.get(unit) ?? 0), 0);
  const delay = Math.max(1_000, Math.floor(milliseconds / 1_000) * 1_000);
  return { nextAfter: (time) => Math.floor(time / 1_000) * 1_000 + delay };
}

export function isTimeZone(name: string): boolean {
  try {
    Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
