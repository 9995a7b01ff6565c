import { describe, expect, test } from 'vitest';
import { calculateScale, formatMeasure, readLimits, readSamples } from './check-limits.ts';

describe('limits', () => {
  test.each([
    ['value < 0.05', [{ value: 0.05, passes: 'below' }]],
    [
      'value >= 10 && value <= 1e3',
      [
        { value: 10, passes: 'above' },
        { value: 1_000, passes: 'below' },
      ],
    ],
    ['0.5 > value', [{ value: 0.5, passes: 'below' }]],
    ['value <= baseline * 1.2', []],
    ['value < 2 * baseline', []],
    ['samples > 10 && othervalue < 3', []],
  ])('of %s', (successWhen, limits) => {
    expect(readLimits(successWhen)).toEqual(limits);
  });
});

test('what is no number is not drawn', () => {
  const at = '2026-01-01T00:00:00Z';
  const measured = [
    { finishedAt: at, value: '0.5', baseline: 'NaN', outcome: 'passed' },
    { finishedAt: at, outcome: 'noData' },
    { finishedAt: at, value: 'Infinity', outcome: 'failed' },
    { finishedAt: at, value: '0.7', baseline: '0.6', outcome: 'failed' },
  ];
  expect(readSamples(measured)).toEqual([
    { at: Date.parse(at), value: 0.5, outcome: 'passed' },
    { at: Date.parse(at), value: 0.7, baseline: 0.6, outcome: 'failed' },
  ]);
});

describe('the scale', () => {
  test('begins with nought and has the limits in sight', () => {
    expect(calculateScale([{ at: 0, value: 2, outcome: 'passed' }], [{ value: 10, passes: 'below' }])).toEqual({
      low: 0,
      high: 11.5,
    });
  });
  test('is never empty', () => {
    expect([calculateScale([], []), calculateScale([{ at: 0, value: 0, outcome: 'passed' }], [])]).toEqual([
      { low: 0, high: 1 },
      { low: 0, high: 1 },
    ]);
  });
});

test('measures are short', () => {
  expect([0, 0.012_345, 4.5, 12_345].map(formatMeasure)).toEqual(['0', '0.0123', '4.5', '12 345']);
});
