import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ListText } from './list-text.ts';

function listOf(begin: string, items: readonly string[], end: string): ListText {
  return new ListText({ begin, items, end, itemBytes: Buffer.byteLength(items.join('')) });
}

describe('a long list as text', () => {
  it('is the same as in one piece, of whatever length and script its objects are', () => {
    const item = fc.tuple(fc.constantFrom('a', 'é', '名', '😀', '"'), fc.integer({ min: 0, max: 90_000 }));
    fc.assert(
      fc.property(fc.array(item, { maxLength: 12 }), fc.boolean(), (given, isCutShort) => {
        const items = given.map(([letter, count]) => letter.repeat(count));
        const list = listOf('{"items":[', items, ']}');
        // Whoever stops in between leaves nothing behind for the next one.
        if (isCutShort) for (const _ of list.pieces()) break;
        const whole = `{"items":[${items.join(',')}]}`;
        expect(list.toBuffer().equals(Buffer.from(whole))).toBe(true);
        expect(list.size).toBe(Buffer.byteLength(whole));
      }),
      { numRuns: 50 },
    );
  });

  it('may be sent beside another one', () => {
    const [one, two] = ['a', 'b'].map((letter) => {
      const items = Array.from({ length: 300 }, () => letter.repeat(1_000));
      return listOf('[', items, ']');
    });
    const others = two?.pieces();
    let size = 0;
    for (const piece of one?.pieces() ?? []) {
      others?.next();
      expect(piece.includes('b')).toBe(false);
      size += piece.length;
    }
    expect(size).toBe(one?.size);
  });
});
