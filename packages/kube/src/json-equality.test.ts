import { describe, expect, it } from 'vitest';
import { isSameJson, withSharedParts } from './json-equality.ts';

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

describe('a value with the parts of the one before', () => {
  const before = { kept: { deep: [1] }, list: [{ a: 1 }, { b: 2 }], gone: { x: 1 }, changed: { y: 1, z: { w: 1 } } };

  it('is the one before where nothing differs', () => {
    expect(withSharedParts(structuredClone(before), before)).toBe(before);
    expect(withSharedParts<object>({ ...structuredClone(before), none: undefined }, before)).toBe(before);
  });

  it('has what did not change from there, and the rest of its own', () => {
    const { gone: _, ...rest } = structuredClone(before);
    const value = { ...rest, list: [{ a: 1 }, { b: 3 }], changed: { y: 2, z: { w: 1 } }, added: {} };
    const shared: Record<string, unknown> = withSharedParts<Record<string, unknown>>(value, before);
    expect(shared).toEqual(value);
    expect(shared['kept']).toBe(before.kept);
    expect(shared['list']).toEqual([before.list[0], { b: 3 }]);
    expect(shared).toMatchObject({ changed: { z: before.changed.z } });
  });

  it.each([
    { name: 'a list and an object', value: { x: [1] }, other: { x: { 0: 1 } } },
    { name: 'null and nothing', value: { x: null }, other: {} },
    { name: 'a longer list', value: { x: [1, 2] }, other: { x: [1] } },
    { name: 'a shorter list', value: { x: [1] }, other: { x: [1, 2] } },
    {
      name: 'a key that is no name',
      value: JSON.parse('{"__proto__":{"x":1}}'),
      other: JSON.parse('{"__proto__":{"x":2}}'),
    },
  ])('tells $name apart', ({ value, other }) => {
    expect(withSharedParts<unknown>(structuredClone(value), other)).toEqual(value);
  });

  it('changes neither', () => {
    const [value, other] = [
      { a: { b: 1 }, c: 1 },
      { a: { b: 1 }, c: 2 },
    ].map((each) => Object.freeze(each));
    expect(withSharedParts(value, other)).toEqual({ a: { b: 1 }, c: 1 });
  });
});
