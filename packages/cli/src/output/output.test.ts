import { stripVTControlCharacters } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { colour, fold, printLine, printList, printObjects, table } from './output.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** What is printed meanwhile. */
function capture(): { text(): string } {
  const parts: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    parts.push(String(chunk));
    return true;
  });
  return { text: () => parts.join('') };
}

describe('table', () => {
  it('is as wide as its cells, and colours take no room', () => {
    const red = '\u001b[31mno\u001b[39m';
    const lines = table(
      ['NAME', 'OK'],
      [
        ['a-long-name', red],
        ['b', 'yes'],
      ],
    ).split('\n');
    expect(lines.map(stripVTControlCharacters)).toEqual(['NAME          OK', 'a-long-name   no', 'b             yes']);
  });
});

describe('fold', () => {
  it('breaks between words, and leaves room for what stands before', () => {
    expect(fold('one two three four', 4, { isTTY: true, columns: 12 })).toBe('one two\n    three\n    four');
  });

  it('keeps a line of a log whole', () => {
    expect(fold('one two three four', 4, { isTTY: false, columns: 12 })).toBe('one two three four');
  });
});

describe('colour', () => {
  it('leaves text as it is where nobody looks', () => {
    vi.stubEnv('FORCE_COLOR', undefined);
    vi.stubEnv('NO_COLOR', '1');
    expect(colour('red', 'no')).toBe('no');
  });
});

describe('objects as data', () => {
  it.each([
    { name: 'one stands alone', items: [{ a: 1 }], value: { a: 1 } },
    {
      name: 'several are a List',
      items: [{ a: 1 }, { a: 2 }],
      value: { apiVersion: 'v1', kind: 'List', items: [{ a: 1 }, { a: 2 }] },
    },
  ])('$name', async ({ items, value }) => {
    const printed = capture();
    await printObjects(items, 'json');
    expect(JSON.parse(printed.text())).toEqual(value);
  });

  it('a collection is a List whatever its length', async () => {
    const printed = capture();
    await printList([], 'yaml');
    expect(printed.text()).toBe('apiVersion: v1\nkind: List\nitems: []\n');
  });

  it.each([
    { format: 'json' as const, text: '{"line":"a"}\n{"line":"b"}\n' },
    { format: 'yaml' as const, text: '---\nline: a\n---\nline: b\n' },
  ])('a stream is read as it comes: $format', async ({ format, text }) => {
    const printed = capture();
    await printLine({ line: 'a' }, format);
    await printLine({ line: 'b' }, format);
    expect(printed.text()).toBe(text);
  });
});
