import { describe, expect, it } from 'vitest';
import { addQuantities, subtractQuantities, writtenQuantity } from './quantity.ts';

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

  it.each([
    ['0.5', '500m'],
    ['1000m', '1'],
    ['1.5Gi', '1536Mi'],
    ['1023Ki', '1023Ki'],
    ['0.1Ki', '102400m'],
    ['1.001G', '1.001G'],
    ['2e3', '2e3'],
    ['20e2', '2e3'],
    ['0.0000000001', '1n'],
    ['-0Gi', '0'],
    [2_000_000_000, '2G'],
    ['much', 'much'],
  ])('%s is written as %s', (given, written) => {
    expect(writtenQuantity(given)).toBe(written);
  });

  it('are taken from each other', () => {
    expect([subtractQuantities('2', '500m'), subtractQuantities('1Gi', '1Gi')]).toEqual(['1500m', '0']);
  });
});
