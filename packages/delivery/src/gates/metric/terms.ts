/** What holds of a check where its author said nothing, and how its fields are read. */
import type { Check, CheckState, CheckTime } from '../../api/check.ts';

export interface CheckTerms {
  readonly intervalMilliseconds: number;
  readonly count: number;
  readonly failureLimit: number;
  readonly errorLimit: number;
  readonly minSamples: number;
  readonly onNoData: NonNullable<Check['onNoData']>;
}

export const defaultInterval = '30s';
export const defaultCount = 1;
export const defaultFailureLimit = 0;
export const defaultErrorLimit = 4;
export const maximumIntervalMilliseconds = 24 * 3_600_000;

export function termsOf(check: Check, during: CheckTime): CheckTerms {
  const { count = defaultCount, failureLimit = defaultFailureLimit, errorLimit = defaultErrorLimit } = check;
  return {
    intervalMilliseconds: parseInterval(check.interval ?? defaultInterval) ?? maximumIntervalMilliseconds,
    count,
    failureLimit,
    errorLimit,
    minSamples: check.minSamples ?? 0,
    // Nothing that is not known takes traffic back from a version that serves.
    onNoData: during === 'guard' ? 'wait' : (check.onNoData ?? 'wait'),
  };
}

/** `1h`, `1m30s`, `45s` in milliseconds; undefined for what is none, for nothing at all and for more than a day. */
export function parseInterval(text: string): number | undefined {
  const match = /^(?:(\d{1,2})h)?(?:(\d{1,4})m)?(?:(\d{1,5})s)?$/.exec(text);
  if (match === null) return undefined;
  const [hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((digits) => Number(digits ?? 0));
  const milliseconds = ((hours * 60 + minutes) * 60 + seconds) * 1_000;
  return milliseconds > 0 && milliseconds <= maximumIntervalMilliseconds ? milliseconds : undefined;
}

export function isWatched(check: Check, during: CheckTime): boolean {
  return check.when?.includes(during) ?? true;
}

/** Measurements that had a value: what rests on them says more the more there are. */
export function countValues({ totals }: CheckState): number {
  return totals.passed + totals.failed + totals.inconclusive;
}
