import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventText, listOfStored, rememberText, toContent } from './stored-text.ts';

function textOf(value: object): string {
  const content = toContent(value);
  return typeof content === 'string' ? content : String(content.toBuffer());
}

const object = { kind: 'ConfigMap', metadata: { name: 'a' } };

describe('answers as text', () => {
  it('are the text that an object was stored as', () => {
    const stored = { ...object };
    rememberText(stored, '{"stored":true}');
    expect(textOf(stored)).toBe('{"stored":true}');
    expect(eventText({ type: 'ADDED', object: stored })).toBe('{"type":"ADDED","object":{"stored":true}}\n');
    expect(textOf({ kind: 'List', items: [stored, object] })).toBe(
      `{"kind":"List","items":[{"stored":true},${JSON.stringify(object)}]}`,
    );
  });

  it('of a list are the texts of what is stored, which is parsed for who looks at it alone', () => {
    let parsed = 0;
    const head = { kind: 'List' };
    const stored = [{ key: '/a', value: '{"stored":1}', revision: 1 }];
    const list = listOfStored({ head, stored }, () => {
      parsed += 1;
      return [object];
    });
    expect(textOf(list)).toBe('{"kind":"List","items":[{"stored":1}]}');
    expect(parsed).toBe(0);
    expect({ ...list }).toEqual({ kind: 'List', items: [object] });
    expect(JSON.parse(JSON.stringify(list))).toEqual({ kind: 'List', items: [object] });
  });

  it('of what was never stored are as JSON has them', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.array(fc.jsonValue()), (value, items) => {
        expect(textOf({ value })).toBe(JSON.stringify({ value }));
        expect(JSON.parse(textOf({ kind: 'List', items }))).toEqual(
          JSON.parse(JSON.stringify({ kind: 'List', items })),
        );
        expect(textOf({ items })).toBe(JSON.stringify({ items }));
        expect(eventText({ type: 'ADDED', object: { value } })).toBe(
          `${JSON.stringify({ type: 'ADDED', object: { value } })}\n`,
        );
      }),
    );
  });

  it('of a bookmark, and of whatever else stands in a watch, are lines too', () => {
    const bookmark = { type: 'BOOKMARK', object: { metadata: { resourceVersion: '7' } } };
    expect(eventText(bookmark)).toBe(`${JSON.stringify(bookmark)}\n`);
  });
});
