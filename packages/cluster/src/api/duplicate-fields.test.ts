import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countFields, findDuplicateFields } from './duplicate-fields.ts';

describe('fields that a text names twice', () => {
  it.each([
    { name: 'none', text: '{"a":{"b":1},"c":{"b":2}}', paths: [] },
    { name: 'at the top', text: '{"a":1,"b":2,"a":3}', paths: ['a'] },
    { name: 'inside', text: '{"spec":{"replicas":1,"replicas":2}}', paths: ['spec.replicas'] },
    {
      name: 'in items of lists',
      text: '{"ports":[{"port":1},{"port":2,"port":3}],"x":[[{"a":1,"a":1}]]}',
      paths: ['ports[1].port', 'x[0][0].a'],
    },
    { name: 'each time again', text: '{"a":1,"a":2,"a":3}', paths: ['a', 'a'] },
    { name: 'written otherwise', text: '{"a":1,"\\u0061":2}', paths: ['a'] },
    { name: 'not in what is text', text: '{"a":"{\\"b\\":1,\\"b\\":2}","c:":1}', paths: [] },
    { name: 'after text with a quote', text: '{"a\\"":1,"b":"\\\\","b":2}', paths: ['b'] },
  ])('$name', ({ text, paths }) => {
    expect(findDuplicateFields(text)).toEqual(paths);
  });

  it('are none where a value was written by JSON.stringify, which has as many fields as its text', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(findDuplicateFields(text)).toEqual([]);
        expect(countFields(JSON.parse(text))).toBe(text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1);
      }),
    );
  });
});
