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

describe('a value of a wrong type', () => {
  test.each<[name: string, schema: StructuralSchema, value: unknown, faults: readonly string[]]>([
    [
      'is named with what it is',
      { type: 'integer' },
      'three',
      ['Invalid value: "string": list in body must be of type integer: "string"'],
    ],
    [
      'that is half a number',
      { type: 'integer' },
      1.5,
      ['Invalid value: "number": list in body must be of type integer: "number"'],
    ],
    ['is none where a whole number stands for one', { type: 'number' }, 1, []],
    [
      'where two fit',
      { 'x-kubernetes-int-or-string': true },
      [],
      ['Invalid value: "array": list in body must be of type integer,string: "array"'],
    ],
    [
      'is not looked into',
      { type: 'object', required: ['a'] },
      'x',
      ['Invalid value: "string": list in body must be of type object: "string"'],
    ],
    [
      'that is too large',
      { type: 'integer', format: 'int32' },
      2 ** 31,
      ['Invalid value: 2147483648: Checked value must be of type integer with format int32'],
    ],
    [
      'stands beside the others',
      { type: 'object', properties: { a: { type: 'string' }, b: { type: 'boolean' } }, required: ['c'] },
      { a: 1, b: 'yes' },
      [
        'Required value',
        'Invalid value: "integer": list.a in body must be of type string: "integer"',
        'Invalid value: "string": list.b in body must be of type boolean: "string"',
      ],
    ],
  ])('%s', (_, schema, value, faults) => {
    expect(validateStructural(value, schema, 'list').map(({ message }) => message)).toEqual(faults);
  });
});
