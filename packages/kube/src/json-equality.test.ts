import { describe, expect, it } from 'vitest';
import { isSameJson } from './json-equality.ts';

describe('the same JSON', () => {
  it.each([
    { name: 'does not depend on the order of keys', a: { x: 1, y: [{ z: '' }] }, b: { y: [{ z: '' }], x: 1 } },
    { name: 'nor below', a: { a: 1, b: { c: 2, d: 3 } }, b: { b: { d: 3, c: 2 }, a: 1 } },
    { name: 'takes a key without a value for none', a: { x: 1, y: undefined }, b: { x: 1 } },
    { name: 'holds for equal values', a: 'text', b: 'text' },
  ])('$name', ({ a, b }) => {
    expect(isSameJson(a, b)).toBe(true);
    expect(isSameJson(b, a)).toBe(true);
  });

  it.each([
    { name: 'tells null from an absent key', a: { x: null }, b: {} },
    { name: 'tells a list from an object with its indexes', a: ['v'], b: { 0: 'v' } },
    { name: 'depends on the order of a list', a: [1, 2], b: [2, 1] },
    { name: 'tells a number from its text', a: { x: 1 }, b: { x: '1' } },
    { name: 'tells one value from another', a: { x: 1 }, b: { x: 2 } },
    { name: 'tells an object from none', a: { x: 1 }, b: undefined },
    { name: 'sees a key that only one has', a: { x: {} }, b: { x: { y: false } } },
  ])('$name', ({ a, b }) => {
    expect(isSameJson(a, b)).toBe(false);
    expect(isSameJson(b, a)).toBe(false);
  });
});
