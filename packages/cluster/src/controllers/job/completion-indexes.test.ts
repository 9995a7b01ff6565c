import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CompletionIndexes } from './completion-indexes.ts';

describe('CompletionIndexes', () => {
  it.each([
    { name: 'two neighbours are a list', indexes: [1, 2], text: '1,2' },
    { name: 'three are a range', indexes: [3, 1, 2], text: '1-3' },
    { name: 'gaps stay', indexes: [0, 2, 3, 4, 9], text: '0,2-4,9' },
    { name: 'none is empty', indexes: [], text: '' },
    { name: 'one twice counts once', indexes: [5, 5], text: '5' },
  ])('$name', ({ indexes, text }) => {
    expect(new CompletionIndexes().with(indexes).toString()).toBe(text);
  });

  it('leaves out what a Job that has shrunk does not have', () => {
    expect(CompletionIndexes.parse('1,3-7,9', 6).toString()).toBe('1,3-5');
  });

  it('reads what it writes, and is a set', () => {
    const some = fc.array(fc.nat({ max: 40 }));
    fc.assert(
      fc.property(some, some, (a, b) => {
        const [first, second] = [new CompletionIndexes().with(a), new CompletionIndexes().with(b)];
        const both = CompletionIndexes.parse(first.toString(), 100).with(b);
        expect(both.size).toBe(new Set([...a, ...b]).size);
        expect(Array.from({ length: 41 }, (_, index) => both.has(index))).toEqual(
          Array.from({ length: 41 }, (_, index) => a.includes(index) || b.includes(index)),
        );
        expect(first.countIn(second)).toBe([...new Set(a)].filter((index) => b.includes(index)).length);
      }),
    );
  });
});
