import { describe, expect, it } from 'vitest';
import { calculateGrowth, calculateQuantile, totalsOf } from './traffic-points.ts';

const instance = (name: string, requests: number, serverErrors = 0) => ({
  name,
  observedGeneration: 1,
  inForceSince: '2026-01-01T00:00:00.000000Z',
  traffic: [{ version: '1', requests, serverErrors, durations: [requests] }],
});

describe('what came between two looks', () => {
  it.each([
    [
      'is the difference of all instances',
      [
        ['a', 10],
        ['b', 5],
      ],
      [
        ['a', 30],
        ['b', 6],
      ],
      21,
    ],
    ['is all of it for an instance that was started again', [['a', 10]], [['a', 3]], 3],
    [
      'is nothing for an instance that is seen for the first time',
      [['a', 10]],
      [
        ['a', 10],
        ['b', 500],
      ],
      0,
    ],
  ] as const)('%s', (_, before, after, requests) => {
    const totals = (counts: ReadonlyArray<readonly [string, number]>) =>
      totalsOf(counts.map(([name, count]) => instance(name, count)));
    expect(calculateGrowth(totals(before), totals(after)).get('1')).toMatchObject({ requests });
  });

  it('is unknown while nobody counts', () => {
    const { traffic: _, ...silent } = instance('a', 1);
    expect(calculateGrowth(totalsOf([silent]), totalsOf([instance('a', 9)])).size).toBe(0);
  });
});

describe('the duration that a share of the requests stays under', () => {
  it.each([
    ['lies within the first bound', [10], 0.5, 0.0005],
    ['lies between two bounds', [0, 4], 0.5, 0.00175],
    ['passes over bounds without requests', [1, 0, 0, 1], 1, 0.01],
    ['is the last bound for what is longer', [...Array.from({ length: 13 }, () => 0), 2], 0.5, 10],
  ])('%s', (_, durations, share, seconds) => {
    expect(calculateQuantile(durations, share)).toBeCloseTo(seconds, 6);
  });

  it('is unknown without requests', () => {
    expect(calculateQuantile([0, 0], 0.5)).toBeUndefined();
  });
});
