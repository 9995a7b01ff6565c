import { describe, expect, it } from 'vitest';
import { element, integer, namedBits, objectIdentifier, time } from './der.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('DER', () => {
  it.each([
    [0n, '020100'],
    [127n, '02017f'],
    [128n, '02020080'],
    [256n, '02020100'],
    [(1n << 127n) - 1n, `0210${'7f'.padEnd(32, 'f')}`],
  ])('writes the integer %s with the fewest bytes', (value, expected) => {
    expect(hex(integer(value))).toBe(expected);
  });

  it.each([
    ['2.5.4.3', '0603550403'],
    ['1.2.840.10045.4.3.2', '06082a8648ce3d040302'],
  ])('writes the object identifier %s', (dotted, expected) => {
    expect(hex(objectIdentifier(dotted))).toBe(expected);
  });

  it.each([
    [127, '047f'],
    [128, '048180'],
    [256, '04820100'],
  ])('writes a length of %s', (length, expected) => {
    expect(hex(element(4, Buffer.alloc(length)).subarray(0, expected.length / 2))).toBe(expected);
  });

  it('numbers bits from the left and leaves zeros out', () => {
    expect(hex(namedBits(0))).toBe('03020780');
    expect(hex(namedBits(5, 6))).toBe('03020106');
  });

  it('writes years from 2050 on with four digits', () => {
    expect(
      time(Date.UTC(2049, 11, 31, 23, 59, 59))
        .subarray(2)
        .toString(),
    ).toBe('491231235959Z');
    expect(
      time(Date.UTC(2050, 0, 1))
        .subarray(2)
        .toString(),
    ).toBe('20500101000000Z');
  });
});
