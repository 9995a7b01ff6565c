import { describe, expect, it } from 'vitest';
import { checkSchema } from './check-schema.ts';
import type { StructuralSchema } from './structural-schema.ts';

/** `items` and `additionalProperties` may be anything in JSON, and so may words that nobody knows. */
function said(schema: object): readonly string[] {
  return checkSchema(schema as StructuralSchema, 'root').map(({ field, message }) => `${field}: ${message}`);
}

const under = (spec: object): object => ({ type: 'object', properties: { spec } });
const at = 'root.properties[spec]';
const text = { type: 'string' };

describe('a schema', () => {
  it.each<[string, object]>([
    ['of a plain object', under({ type: 'object', properties: { a: { type: 'integer', default: 1 } } })],
    ['of anything', under({ 'x-kubernetes-preserve-unknown-fields': true })],
    ['of numbers or texts', under({ 'x-kubernetes-int-or-string': true, default: '10%' })],
    [
      'of numbers or texts, said twice',
      under({ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }], pattern: '^1' }),
    ],
    [
      'of numbers or texts, said twice, among others',
      under({
        'x-kubernetes-int-or-string': true,
        allOf: [{ anyOf: [{ type: 'integer' }, { type: 'string' }] }, { pattern: '^1' }],
      }),
    ],
    [
      'of a choice that is specified outside',
      under({
        type: 'object',
        properties: { a: text, b: { type: 'array', items: text } },
        oneOf: [{ required: ['a'] }, { properties: { b: { minItems: 1, items: { minLength: 1 } } } }],
      }),
    ],
    [
      'of a map in a list',
      under({
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name', 'protocol'],
        items: {
          type: 'object',
          required: ['name'],
          properties: { name: text, protocol: { type: 'string', default: 'TCP' } },
        },
      }),
    ],
    [
      'with names of its own',
      { type: 'object', properties: { kind: text, metadata: { type: 'object', properties: { name: text } } } },
    ],
  ])('%s is taken', (_, schema) => {
    expect(said(schema)).toEqual([]);
  });

  it.each<[object, readonly string[]]>([
    [
      under({ type: 'intege' }),
      [
        `${at}.type: Unsupported value: "intege": supported values: "array", "boolean", "integer", "number", "object", "string"`,
      ],
    ],
    [under({}), [`${at}.type: Required value: must not be empty for specified object fields`]],
    [{}, ['root.type: Required value: must not be empty at the root']],
    [{ type: 'array', items: text }, ['root.type: Invalid value: "array": must be object at the root']],
    [{ type: 'object', nullable: true }, ['root.nullable: Forbidden: nullable cannot be true at the root']],
    [under({ type: 'array' }), [`${at}.items: Required value: must be specified`]],
    [
      under({ type: 'array', items: [text] }),
      [`${at}.items: Forbidden: items must be a schema object and not an array`],
    ],
    [
      under({ type: 'array', items: {} }),
      [`${at}.items.type: Required value: must not be empty for specified array items`],
    ],
    [
      under({ type: 'object', properties: { a: text }, additionalProperties: text }),
      [`${at}.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`],
    ],
    [under({ type: 'string', $ref: '#/a' }), [`${at}.$ref: Forbidden: $ref is not supported`]],
    [
      under({ type: 'array', items: text, uniqueItems: true }),
      [
        `${at}.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic`,
      ],
    ],
    [
      under({ type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'map' }),
      [`${at}.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map`],
    ],
    [
      under({
        type: 'array',
        items: { type: 'object', properties: { a: text } },
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['a', 'b'],
      }),
      [
        `${at}.items.properties[a].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
        `${at}.x-kubernetes-list-map-keys: Invalid value: ["a","b"]: entries must all be names of item properties`,
      ],
    ],
    [
      under({ type: 'string', 'x-kubernetes-list-type': 'list' }),
      [
        `${at}.type: Invalid value: "string": must be array if x-kubernetes-list-type is specified`,
        `${at}.x-kubernetes-list-type: Unsupported value: "list": supported values: "atomic", "set", "map"`,
      ],
    ],
    [
      under({ type: 'object', anyOf: [{ type: 'object', properties: { a: { minLength: 1 } } }] }),
      [
        `${at}.anyOf[0].type: Forbidden: must be empty to be structural`,
        `${at}.properties[a]: Required value: because it is defined in ${at}.anyOf[0].properties[a]`,
      ],
    ],
    [
      { type: 'object', properties: { metadata: { type: 'object', properties: { labels: { type: 'object' } } } } },
      [
        'root.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
      ],
    ],
  ])('%j is refused', (schema, faults) => {
    expect(said(schema)).toEqual(faults);
  });
});

describe('a default', () => {
  it.each<[object, readonly string[]]>([
    [
      { type: 'integer', default: 'x' },
      [`${at}.default: Invalid value: "string":  in body must be of type integer: "string"`],
    ],
    [
      { type: 'integer', maximum: 3, default: 4 },
      [`${at}.default: Invalid value: 4:  in body should be less than or equal to 3`],
    ],
    [
      { type: 'object', properties: { a: { type: 'array', items: text } }, default: { a: ['b', 1] } },
      [`${at}.default.a[1]: Invalid value: "integer": a[1] in body must be of type string: "integer"`],
    ],
    [
      { type: 'object', properties: { a: text }, default: { b: 1 } },
      [`${at}.default: Invalid value: {"b":1}: must not have unknown fields`],
    ],
    [{ type: 'object', additionalProperties: { type: 'number' }, default: { b: 1 } }, []],
    [{ type: 'string', nullable: true, default: null }, []],
  ])('in %j', (spec, faults) => {
    expect(said(under(spec))).toEqual(faults);
  });
});

describe('null in the place of a schema is refused', () => {
  it.each([
    ['of a field', under({ type: 'object', properties: { a: null } }), `${at}.properties[a]`],
    ['of a branch', under({ ...text, anyOf: [null] }), `${at}.anyOf[0]`],
    ['that is forbidden', under({ ...text, not: null }), `${at}.not`],
  ])('%s', (_, schema, path) => {
    expect(said(schema)).toEqual([expect.stringContaining(`${path}: `)]);
  });
});
