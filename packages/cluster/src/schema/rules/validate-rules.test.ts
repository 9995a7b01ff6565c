import { describe, expect, test } from 'vitest';
import type { StructuralSchema, ValidationRule } from '../structural-schema.ts';
import { validateRules } from './validate-rules.ts';

function said(schema: StructuralSchema, value: unknown, old?: unknown): readonly string[] {
  return validateRules(schema, value, old).map(({ field, message }) => `${field}: ${message}`);
}

/** A schema with one field, which has the rule. */
function withRule(rule: string | ValidationRule, field: StructuralSchema): StructuralSchema {
  const rules = [typeof rule === 'string' ? { rule } : rule];
  return { type: 'object', properties: { it: { ...field, 'x-kubernetes-validations': rules } } };
}

const integer: StructuralSchema = { type: 'integer' };
const string: StructuralSchema = { type: 'string' };
const size: StructuralSchema = { type: 'object', properties: { min: integer, max: integer } };
const ports: StructuralSchema = {
  type: 'array',
  maxItems: 10,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name'],
  items: {
    type: 'object',
    properties: { name: string, port: integer },
    'x-kubernetes-validations': [{ rule: 'self.port == oldSelf.port', message: 'a port stays' }],
  },
};

describe('a rule is asked of', () => {
  test.each([
    [
      'an object',
      withRule('self.min <= self.max', size),
      { min: 2, max: 1 },
      'it: Invalid value: "object": failed rule: self.min <= self.max',
    ],
    ['a number', withRule('self % 2 == 0', integer), 3, 'it: Invalid value: "integer": failed rule: self % 2 == 0'],
    [
      'a text',
      withRule("self.startsWith('a')", string),
      'b',
      `it: Invalid value: "string": failed rule: self.startsWith('a')`,
    ],
    [
      'a list',
      withRule('self.all(n, n > 0)', { type: 'array', items: integer }),
      [0],
      'it: Invalid value: "array": failed rule: self.all(n, n > 0)',
    ],
    [
      'every item of a list',
      {
        type: 'object',
        properties: {
          it: { type: 'array', items: { ...integer, 'x-kubernetes-validations': [{ rule: 'self > 0' }] } },
        },
      },
      [1, 0],
      'it[1]: Invalid value: "integer": failed rule: self > 0',
    ],
    [
      'every value of a map',
      {
        type: 'object',
        properties: {
          it: {
            type: 'object',
            additionalProperties: { ...integer, 'x-kubernetes-validations': [{ rule: 'self > 0' }] },
          },
        },
      },
      { a: 1, b: 0 },
      'it[b]: Invalid value: "integer": failed rule: self > 0',
    ],
    [
      'a number or a text',
      withRule("type(self) == int ? self > 0 : self.endsWith('%')", { 'x-kubernetes-int-or-string': true }),
      '5',
      `it: Invalid value: "": failed rule: type(self) == int ? self > 0 : self.endsWith('%')`,
    ],
    [
      'a field whose name the language cannot write',
      withRule('self.x__dash__y > self.__namespace__', {
        type: 'object',
        properties: { 'x-y': integer, namespace: integer },
      }),
      { 'x-y': 1, namespace: 2 },
      'it: Invalid value: "object": failed rule: self.x__dash__y > self.__namespace__',
    ],
    [
      'an object inside, with its metadata',
      withRule("self.metadata.name == 'a' && self.kind == 'B'", {
        type: 'object',
        'x-kubernetes-embedded-resource': true,
      }),
      { kind: 'A', metadata: { name: 'a' } },
      `it: Invalid value: "object": failed rule: self.metadata.name == 'a' && self.kind == 'B'`,
    ],
    [
      'a set, whose order says nothing',
      withRule("self == ['a', 'b'] && self[0] == 'c'", {
        type: 'array',
        items: string,
        'x-kubernetes-list-type': 'set',
      }),
      ['b', 'a'],
      `it: Invalid value: "array": failed rule: self == ['a', 'b'] && self[0] == 'c'`,
    ],
    [
      'a time',
      withRule("self < timestamp('2026-01-01T00:00:00Z')", { type: 'string', format: 'date-time' }),
      '2026-02-01T00:00:00Z',
      `it: Invalid value: "string": failed rule: self < timestamp('2026-01-01T00:00:00Z')`,
    ],
    [
      'what may be null',
      withRule('self.a == null || self.a > 1', { type: 'object', properties: { a: { ...integer, nullable: true } } }),
      { a: 1 },
      'it: Invalid value: "object": failed rule: self.a == null || self.a > 1',
    ],
  ] as const)('%s', (_, schema, it, message) => {
    expect(said(schema, { it })).toEqual([message]);
  });

  test('the whole object, which knows its name', () => {
    const schema: StructuralSchema = {
      type: 'object',
      'x-kubernetes-validations': [{ rule: 'self.metadata.name.size() < 3', message: 'too long a name' }],
    };
    expect(said(schema, { metadata: { name: 'abc' } })).toEqual(['<nil>: Invalid value: "object": too long a name']);
    expect(said(schema, { metadata: { name: 'ab' } })).toEqual([]);
  });

  test('nothing that is absent or null', () => {
    const schema = withRule('self > 0', { ...integer, nullable: true });
    expect(said(schema, {})).toEqual([]);
    expect(said(schema, { it: null })).toEqual([]);
  });
});

describe('a broken rule says', () => {
  const value = { min: 2, max: 1 };

  test.each([
    ['its message', { message: ' min above max ' }, 'it: Invalid value: "object": min above max'],
    [
      'what its messageExpression gives',
      { messageExpression: "string(self.min) + ' above ' + string(self.max)" },
      'it: Invalid value: "object": 2 above 1',
    ],
    [
      'its message where that gives nothing',
      { message: 'no', messageExpression: 'string(self.min / 0)' },
      'it: Invalid value: "object": no',
    ],
    ['that a field is forbidden', { message: 'no', reason: 'FieldValueForbidden' }, 'it: Forbidden: no'],
    ['that a field is required', { message: 'no', reason: 'FieldValueRequired' }, 'it: Required value: no'],
    ['that a field is there twice', { message: 'no', reason: 'FieldValueDuplicate' }, 'it: Duplicate value: "object"'],
    ['which field is at fault', { message: 'no', fieldPath: '.min' }, 'it.min: Invalid value: "object": no'],
  ] as const)('%s', (_, rest, message) => {
    expect(said(withRule({ rule: 'self.min <= self.max', ...rest }, size), { it: value })).toEqual([message]);
  });

  test('what kept it from being judged', () => {
    expect(said(withRule('self.min > 0', size), { it: { max: 1 } })).toEqual([
      'it: Invalid value: "object": no such key: min evaluating rule: self.min > 0',
    ]);
    expect(said(withRule('self + 1 > 0', { 'x-kubernetes-int-or-string': true }), { it: 'a' })).toEqual([
      expect.stringContaining(
        'call arguments did not match a supported operator, function or macro signature for rule: self + 1 > 0',
      ),
    ]);
  });

  test('that it took too long, and then no other rule is judged', () => {
    const slow = 'self.all(a, self.all(b, self.all(c, a + b + c >= 0)))';
    const list = { type: 'array', items: integer } as const;
    const schema: StructuralSchema = {
      type: 'object',
      properties: {
        it: { ...list, 'x-kubernetes-validations': [{ rule: slow }] },
        other: { ...list, 'x-kubernetes-validations': [{ rule: 'self.size() > 9' }] },
      },
    };
    const faults = said(schema, { it: Array.from({ length: 200 }, (_, index) => index), other: [] });
    expect(faults).toEqual([
      expect.stringMatching(/^<nil>: .*cost limit exceeded.*no further validation rules will be run$/),
    ]);
  });
});

describe('a rule about a change', () => {
  const immutable = withRule({ rule: 'self == oldSelf', message: 'it stays' }, size);

  test('is not asked on create', () => {
    expect(said(immutable, { it: { min: 1 } })).toEqual([]);
    expect(said(immutable, { it: { min: 1 } }, {})).toEqual([]);
  });

  test('is asked on update', () => {
    expect(said(immutable, { it: { min: 1 } }, { it: { min: 1 } })).toEqual([]);
    expect(said(immutable, { it: { min: 2 } }, { it: { min: 1 } })).toEqual(['it: Invalid value: "object": it stays']);
  });

  test('is asked on create too where what was before is optional', () => {
    const schema = withRule({ rule: 'oldSelf.hasValue() || self == 0', optionalOldSelf: true }, integer);
    expect(said(schema, { it: 1 })).toHaveLength(1);
    expect(said(schema, { it: 1 }, { it: 0 })).toEqual([]);
  });

  test('finds items again by their keys', () => {
    const schema: StructuralSchema = { type: 'object', properties: { ports } };
    const before = {
      ports: [
        { name: 'a', port: 1 },
        { name: 'b', port: 2 },
      ],
    };
    expect(
      said(
        schema,
        {
          ports: [
            { name: 'b', port: 2 },
            { name: 'c', port: 3 },
          ],
        },
        before,
      ),
    ).toEqual([]);
    expect(said(schema, { ports: [{ name: 'b', port: 4 }] }, before)).toEqual([
      'ports[0]: Invalid value: "object": a port stays',
    ]);
  });

  test('other rules spare what has not changed', () => {
    const schema = withRule('self.min <= self.max', size);
    const broken = { it: { min: 2, max: 1 } };
    expect(said(schema, { ...broken, other: 1 }, broken)).toEqual([]);
    expect(said(schema, { it: { min: 3, max: 1 } }, broken)).toHaveLength(1);
  });
});

describe('a list without keys that is as it was', () => {
  const hosts: StructuralSchema = {
    type: 'object',
    properties: {
      hosts: {
        type: 'array',
        items: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self != "old"', message: 'no longer' }] },
      },
      state: { type: 'string' },
    },
  };

  test('does not stop a change of something else', () => {
    const before = { hosts: ['old'], state: 'a' };
    expect(validateRules(hosts, { hosts: ['old'], state: 'b' }, before)).toEqual([]);
  });

  test('is judged where one of its items changes', () => {
    const faults = validateRules(hosts, { hosts: ['old', 'new'] }, { hosts: ['old'] });
    expect(faults.map(({ field }) => field)).toEqual(['hosts[0]']);
  });
});
