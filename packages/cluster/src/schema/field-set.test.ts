import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { SchemaNode } from './definition.ts';
import { difference, type FieldSet, fieldsOf, paths } from './field-set.ts';

function setOf(depth: number): fc.Arbitrary<FieldSet> {
  const below = depth === 0 ? fc.constant({}) : fc.tuple(fc.boolean(), setOf(depth - 1)).map(asMember);
  return fc.dictionary(fc.constantFrom('f:a', 'f:b', 'f:c'), below);
}

function asMember([isMember, fields]: readonly [boolean, FieldSet]): FieldSet {
  return isMember && Object.keys(fields).length > 0 ? { '.': {}, ...fields } : fields;
}

it('takes away the members that another set has, and leaves each part as it is of which none goes', () => {
  const set = setOf(2);
  fc.assert(
    fc.property(set, set, (a, b) => {
      const taken = new Set(paths(b));
      const left = difference(a, b);
      const kept = paths(a).filter((path) => !taken.has(path));
      expect(paths(left).toSorted()).toEqual(kept.toSorted());
      const whole = Object.entries(a).filter(([element, part]) =>
        paths({ [element]: part }).every((path) => !taken.has(path)),
      );
      expect(whole.filter(([element, part]) => left[element] !== part)).toEqual([]);
      expect(left === a).toBe(whole.length === Object.keys(a).length);
    }),
    { numRuns: 1_000 },
  );
});

it('tells the fields of a type, however many other types there have been', () => {
  for (let type = 0; type < 25; type++) {
    const names = Array.from({ length: 1_000 }, (_, index) => `field${type}x${index}`);
    const fields = new Map(names.map((name) => [name, { node: { kind: 'any' } as const, required: false }]));
    const node: SchemaNode = { kind: 'object', fields };
    const value = Object.fromEntries(names.map((name) => [name, 1]));
    expect(fieldsOf(value, node)).toEqual(Object.fromEntries(names.map((name) => [`f:${name}`, {}])));
  }
});
