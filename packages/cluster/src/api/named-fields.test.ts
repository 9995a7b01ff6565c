import { describe, expect, test } from 'vitest';
import { countFields } from './duplicate-fields.ts';
import { countNamedFields } from './named-fields.ts';

function countNamed(json: string): number {
  return countNamedFields(Buffer.from(json));
}

describe('fields that JSON names', () => {
  test.each([
    { name: 'of objects in objects and lists', json: '{"a":{"b":[{"c":1},{"c":2}]}}', count: 4 },
    { name: 'twice', json: '{"a":1,"a":2}', count: 2 },
    { name: 'and not what texts say', json: '{"a":"{\\"b\\":[1,2]}:","c:d":":"}', count: 2 },
    { name: 'up to where a text is cut off', json: '{"a":"b', count: 1 },
    { name: 'up to where a long text is cut off', json: `{"a":"${'b'.repeat(100)}`, count: 1 },
  ])('are counted: $name', ({ json, count }) => {
    expect(countNamed(json)).toBe(count);
  });

  test('are counted behind texts of every length that end in escapes', () => {
    for (let length = 0; length < 80; length++)
      for (let escapes = 0; escapes < 5; escapes++)
        for (const end of ['', '"', '":', 'ä', '\n']) {
          const object = { a: `${'x'.repeat(length)}${'\\'.repeat(escapes)}${end}`, b: { c: '"' } };
          const json = JSON.stringify(object);
          expect({ json, count: countNamed(json) }).toEqual({ json, count: countFields(object) });
        }
  });

  test('are refused deeper than any object', () => {
    expect(() => countNamed('['.repeat(1_001))).toThrow('nested deeper than 1000 levels');
    expect(countNamed(JSON.stringify({ a: '['.repeat(1_001) }))).toBe(1);
  });
});
