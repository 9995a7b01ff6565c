import { describe, expect, test } from 'vitest';
import type { StructuralSchema, ValidationRule } from '../structural-schema.ts';
import { checkRules } from './check-rules.ts';

function said(schema: StructuralSchema): readonly string[] {
  return checkRules(schema, 'schema').map(({ field, message }) => `${field}: ${message}`);
}

const at = 'schema.properties[it].x-kubernetes-validations[0]';

/** As Go prints a rule. */
function shown({ Rule, Message = '', MessageExpression = '' }: Readonly<Record<string, string>>): string {
  const texts = Object.entries({ Rule, Message, MessageExpression }).map(
    ([name, text]) => `${name}:${JSON.stringify(text)}`,
  );
  return `apiextensions.ValidationRule{${texts.join(', ')}, Reason:(*apiextensions.FieldValueErrorReason)(nil), FieldPath:"", OptionalOldSelf:(*bool)(nil)}`;
}

function withRule(rule: ValidationRule, field: StructuralSchema): StructuralSchema {
  return { type: 'object', properties: { it: { ...field, 'x-kubernetes-validations': [rule] } } };
}

const size: StructuralSchema = { type: 'object', properties: { min: { type: 'integer' }, name: { type: 'string' } } };
const names: StructuralSchema = { type: 'array', items: { type: 'string' } };
const tooCostly =
  'exceeds budget by factor of more than 100x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)';

describe('checkRules', () => {
  test.each([
    [
      'an unknown field',
      { rule: 'self.mim > 0' },
      size,
      [
        `${at}.rule: Invalid value: ${shown({ Rule: 'self.mim > 0' })}: compilation failed: ERROR: <input>:1:5: undefined field 'mim'\n | self.mim > 0\n | ....^`,
      ],
    ],
    [
      'no condition',
      { rule: 'self.min' },
      size,
      [`${at}.rule: Invalid value: ${shown({ Rule: 'self.min' })}: cel expression must evaluate to a bool`],
    ],
    ['no rule', { rule: ' ' }, size, [`${at}.rule: Required value: rule is not specified`]],
    [
      'a message of several lines',
      { rule: 'self.min > 0', message: 'a\nb' },
      size,
      [`${at}.message: Invalid value: "a\\nb": message must not contain line breaks`],
    ],
    [
      'a rule of several lines without a message',
      { rule: 'self.min\n> 0' },
      size,
      [`${at}.message: Required value: message must be specified if rule contains line breaks`],
    ],
    [
      'a message that is no text',
      { rule: 'self.min > 0', messageExpression: 'self.min' },
      size,
      [
        `${at}.messageExpression: Invalid value: ${shown({ Rule: 'self.min > 0', MessageExpression: 'self.min' })}: messageExpression must evaluate to a string`,
      ],
    ],
    [
      'a reason that there is not',
      { rule: 'self.min > 0', reason: 'No' },
      size,
      [
        `${at}.reason: Unsupported value: "No": supported values: "FieldValueInvalid", "FieldValueForbidden", "FieldValueRequired", "FieldValueDuplicate"`,
      ],
    ],
    [
      'a field that there is not',
      { rule: 'self.min > 0', fieldPath: '.max' },
      size,
      [
        `${at}.fieldPath: Invalid value: ".max": fieldPath must be a valid path: does not refer to a field of the schema`,
      ],
    ],
    [
      'an optional value before that is not read',
      { rule: 'self.min > 0', optionalOldSelf: true },
      size,
      [`${at}.optionalOldSelf: Invalid value: true: optionalOldSelf may not be set if oldSelf is not used in rule`],
    ],
    [
      'loops over lists without an end',
      { rule: 'self.all(a, self.all(b, a != b))' },
      names,
      [
        `${at}.rule: Forbidden: estimated rule cost ${tooCostly}`,
        `schema: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema ${tooCostly}`,
      ],
    ],
    [
      'a value without a type',
      { rule: 'self > 0' },
      { 'x-kubernetes-preserve-unknown-fields': true },
      [
        `${at}.rule: Invalid value: ${shown({ Rule: 'self > 0' })}: a rule needs a schema that says of what type its value is`,
      ],
    ],
  ] as const)('names %s', (_, rule, field, messages) => {
    expect(said(withRule(rule, field))).toEqual(messages);
  });

  test('accepts loops over lists that have an end', () => {
    expect(said(withRule({ rule: 'self.all(a, self.exists_one(b, a == b))' }, { ...names, maxItems: 64 }))).toEqual([]);
  });

  test('accepts a rule that reads what any object has', () => {
    expect(
      said({
        ...size,
        'x-kubernetes-validations': [{ rule: "self.metadata.name != 'x'", fieldPath: '.metadata.name' }],
      }),
    ).toEqual([]);
  });

  test('names a value before that no item of the list has', () => {
    const items: StructuralSchema = { ...size, 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] };
    const list: StructuralSchema = { type: 'array', maxItems: 9, items };
    const place = 'schema.properties[it].items.x-kubernetes-validations[0].rule';
    expect(said({ type: 'object', properties: { it: list } })).toEqual([
      `${place}: Invalid value: "self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within schema.properties[it]`,
    ]);
    const keyed: StructuralSchema = {
      ...list,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    };
    expect(said({ type: 'object', properties: { it: keyed } })).toEqual([]);
  });

  test('takes a bounded number of rules', () => {
    const rules = Array.from({ length: 501 }, () => ({ rule: 'true' }));
    expect(said({ type: 'object', 'x-kubernetes-validations': rules })).toEqual([
      'schema.x-kubernetes-validations: Too many: 501: must have at most 500 items',
    ]);
  });
});
