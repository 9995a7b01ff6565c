import { expect, test } from 'vitest';
import { drawLine, highestOf, spanOf } from './line-chart-model.ts';

const frame = { from: 0, to: 100, high: 10, width: 100, height: 13 };

test('a line has a gap where nothing is known, and a dot where nothing is known beside it', () => {
  const points = [
    { at: 0, value: 0 },
    { at: 50, value: 10 },
    { at: 75, value: undefined },
    { at: 100, value: 5 },
  ];
  expect(drawLine(points, frame)).toBe('M0 11.5L50 1.5M100 6.5h0');
});

test('a short time is drawn as two minutes', () => {
  const lines = [{ points: [{ at: 500_000, value: 3 }] }, { points: [{ at: 495_000, value: 8 }] }];
  expect([spanOf(lines), highestOf(lines)]).toEqual([{ from: 380_000, to: 500_000 }, 8]);
});
