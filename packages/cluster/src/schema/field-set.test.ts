import { expect, it } from 'vitest';
import type { SchemaNode } from './definition.ts';
import { fieldsOf } from './field-set.ts';

it('tells the fields of a type, however many other types there have been', () => {
  for (let type = 0; type < 25; type++) {
    const names = Array.from({ length: 1_000 }, (_, index) => `field${type}x${index}`);
    const fields = new Map(names.map((name) => [name, { node: { kind: 'any' } as const, required: false }]));
    const node: SchemaNode = { kind: 'object', fields };
    const value = Object.fromEntries(names.map((name) => [name, 1]));
    expect(fieldsOf(value, node)).toEqual(Object.fromEntries(names.map((name) => [`f:${name}`, {}])));
  }
});
