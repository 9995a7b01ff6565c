import { describe, expect, test } from 'vitest';
import type { Traffic, TrafficPoint } from '../api/answers.ts';
import { calculateFigures, mergeTraffic, newestPoint } from './traffic-figures.ts';

const point = (second: number, rate: number, more: Partial<TrafficPoint> = {}): TrafficPoint => ({
  at: `2026-01-01T00:00:0${second}Z`,
  rate,
  errorRate: 0,
  ...more,
});
const traffic = (versions: Readonly<Record<string, readonly TrafficPoint[]>>): Traffic => ({
  namespace: 'default',
  name: 'shop',
  counted: true,
  versions: Object.entries(versions).map(([version, points]) => ({ version, points })),
});

describe('merging', () => {
  test('adds what is newer, and forgets a version that is gone', () => {
    const merged = mergeTraffic(
      traffic({ '1': [point(1, 1)], '0': [point(1, 1)] }),
      traffic({ '1': [point(1, 9), point(2, 2)] }),
    );
    expect(merged).toEqual(traffic({ '1': [point(1, 1), point(2, 2)] }));
  });
  test('is the same value without news', () => {
    const known = traffic({ '1': [point(1, 1)] });
    expect(mergeTraffic(known, traffic({ '1': [] }))).toBe(known);
  });
  test('is asked from the newest point that all of them have', () => {
    const known = new Map([
      ['a', traffic({ '1': [point(5, 1)] })],
      ['b', traffic({ '1': [point(3, 1)], '2': [point(4, 1)] })],
    ]);
    expect([newestPoint(known, ['a', 'b']), newestPoint(known, ['a', 'c'])]).toEqual([point(4, 1).at, undefined]);
  });
});

test('figures are of all versions together', () => {
  const figures = calculateFigures(
    traffic({
      '1': [point(1, 30, { errorRate: 1, p95: 0.1 }), point(2, 0)],
      '2': [point(1, 10, { errorRate: 3, p95: 0.9 })],
    }),
  );
  const values = (points: (typeof figures)['rate']) => points.map(({ value }) => value);
  expect([values(figures.rate), values(figures.errors), values(figures.latency)]).toEqual([
    [40, 0],
    [0.1, undefined],
    [0.1, undefined],
  ]);
});
