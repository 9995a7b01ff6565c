import type { CanaryStep } from '@slipway/delivery/api/application';
import { describe, expect, test } from 'vitest';
import { createStep, kindOfStep, moveStep, valueOfStep } from './steps.ts';

const steps: readonly CanaryStep[] = [
  { setWeight: 10 },
  { pause: {} },
  { pause: { seconds: 30 } },
  { check: 'errors' },
  { setReplicas: '50%' },
  { setReplicas: 3 },
  { mirror: { percent: 5 } },
];

test.each(steps)('%o comes back as it was from the fields of a form', (step) => {
  expect(createStep(kindOfStep(step), valueOfStep(step))).toEqual(step);
});

describe('moving', () => {
  test('changes places', () => {
    expect(moveStep(steps, 0, 1).map(kindOfStep).slice(0, 2)).toEqual(['pause', 'setWeight']);
  });
  test.each([
    [0, -1],
    [6, 7],
  ])('does nothing from %i to %i', (from, to) => {
    expect(moveStep(steps, from, to)).toBe(steps);
  });
});
