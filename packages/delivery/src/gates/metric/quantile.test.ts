import { expect, test } from 'vitest';
import { calculateQuantile } from './quantile.ts';

test.each<[rule: string, counts: readonly number[], quantile: number, seconds: number | undefined]>([
  ['lies within its bucket by its rank', [90, 10, 0], 0.95, 0.3],
  ['lies at the end of a bucket that it fills', [90, 10, 0], 0.9, 0.1],
  ['begins at nothing', [10, 0, 0], 0, 0],
  ['passes over buckets without requests', [0, 10, 0], 0, 0.1],
  ['has no bound beyond the last one', [0, 0, 1], 0.5, Infinity],
  ['is the largest at 1', [5, 5, 0], 1, 0.5],
  ['is unknown without requests', [0, 0, 0], 0.99, undefined],
])('a quantile %s', (_, counts, quantile, seconds) => {
  const found = calculateQuantile(counts, [0.1, 0.5], quantile);
  expect(found === undefined ? undefined : Number(found.toFixed(9))).toBe(seconds);
});
