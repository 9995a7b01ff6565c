import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addQuantities, compareQuantities, isQuantity, subtractQuantities, writtenQuantity } from './quantity.ts';

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
    [1e21, '1e21'],
    [1e22, '10e21'],
    ['1e998', '100e996'],
    ['100Ei', '9223372036854775807'],
    ['99999999999999999999', '99999999999999999999'],
    ['much', 'much'],
  ])('%s is written as %s', (given, written) => {
    expect(writtenQuantity(given)).toBe(written);
  });

  it('are none with more digits than anybody says', () => {
    expect(isQuantity(`1${'0'.repeat(255)}`)).toBe(true);
    expect(isQuantity(`1${'0'.repeat(256)}`)).toBe(false);
  });

  it('are summed up as they are written', () => {
    const amount = fc.tuple(fc.integer({ min: 0, max: 5_000 }), fc.constantFrom('', 'm', 'k', 'Ki', 'Mi', 'G'));
    const quantity = amount.map(([digits, suffix]) => `${digits}${suffix}`);
    fc.assert(
      fc.property(quantity, quantity, (a, b) => {
        const sum = addQuantities(a, b);
        expect(writtenQuantity(sum)).toBe(sum);
        expect(compareQuantities(subtractQuantities(sum, b), a)).toBe(0);
      }),
    );
  });

  it('are taken from each other', () => {
    expect([subtractQuantities('2', '500m'), subtractQuantities('1Gi', '1Gi')]).toEqual(['1500m', '0']);
  });
});
