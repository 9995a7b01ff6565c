import { describe, expect, test } from 'vitest';
import { validateStructural, type StructuralSchema } from './structural-schema.ts';

function said(schema: StructuralSchema, value: unknown): readonly string[] {
  return validateStructural(value, schema, 'list').map(({ field, message }) => `${field}: ${message}`);
}

describe('a list', () => {
  const set: StructuralSchema = { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' };
  const keyed: StructuralSchema = {
    type: 'array',
    items: { type: 'object', properties: { port: { type: 'integer' }, name: { type: 'string' } } },
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['port', 'name'],
  };

  test.each([
    ['that is a set holds nothing twice', set, ['a', 'b', 'a'], ['list[2]: Duplicate value: "a"']],
    [
      'that is a map holds no key twice',
      keyed,
      [
        { name: 'a', port: 1 },
        { name: 'b', port: 1 },
        { name: 'a', port: 1, other: 2 },
      ],
      ['list[2]: Duplicate value: map[string]interface {}{"name":"a","port":1}'],
    ],
    ['that is neither may', { type: 'array', items: { type: 'string' } }, ['a', 'a'], []],
  ] as const)('%s', (_, schema, value, faults) => {
    expect(said(schema, value)).toEqual(faults);
  });
});
