import { describe, expect, it } from 'vitest';
import { addQuantities, subtractQuantities } from './quantity.ts';

describe('quantities', () => {
  it.each([
    ['500m', '1', '1500m'],
    ['500m', '500m', '1'],
    ['0', '512Mi', '512Mi'],
    ['512Mi', '512Mi', '1Gi'],
    ['1Gi', '1', '1073741825'],
    ['999', 1, '1k'],
    [1, 1, '2'],
  ])('%s and %s are %s', (a, b, sum) => {
    expect(addQuantities(a, b)).toBe(sum);
  });

  it('are taken from each other', () => {
    expect([subtractQuantities('2', '500m'), subtractQuantities('1Gi', '1Gi')]).toEqual(['1500m', '0']);
  });
});
