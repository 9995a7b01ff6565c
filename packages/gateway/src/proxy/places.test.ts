import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ownerOfPlace, parsePlace, placeCount, PlaceSequence } from './places.ts';

const weights = fc.array(fc.nat(100), { minLength: 1, maxLength: 6 }).filter((all) => all.some((weight) => weight > 0));
const places = Array.from({ length: placeCount }, (_, place) => place);

describe('places', () => {
  test('belong to the weights in their proportion', () => {
    fc.assert(
      fc.property(weights, (all) => {
        const sum = all.reduce((total, weight) => total + weight, 0);
        const owned = all.map(() => 0);
        for (const place of places) {
          const owner = ownerOfPlace(all, place);
          owned[owner] = (owned[owner] ?? 0) + 1;
        }
        for (const [index, weight] of all.entries())
          expect(Math.abs((owned[index] ?? 0) - (weight / sum) * placeCount)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 30 },
    );
  });

  test('never leave the last weight as it grows', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100), { minLength: 2, maxLength: 2 }), fc.nat(100), fc.nat(100), (ends, a, b) => {
        const [before, after] = [Math.min(a, b), Math.max(a, b)];
        const of = (last: number, part: number): number[] => {
          const first = Math.round(((100 - last) * part) / 100);
          return [first, 100 - last - first, last];
        };
        const [early, late] = [of(before, ends[0] ?? 0), of(after, ends[1] ?? 0)];
        const moved = places.filter((place) => ownerOfPlace(early, place) === 2 && ownerOfPlace(late, place) !== 2);
        expect(moved).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  test('are nobody’s when nobody has weight', () => {
    expect(ownerOfPlace([0, 0], 5)).toBe(-1);
    expect(ownerOfPlace([], 5)).toBe(-1);
  });

  test('are given evenly: each once in ten thousand, and in the shares of the weights from a hundred on', () => {
    const sequence = new PlaceSequence(0.123);
    const given = places.map(() => sequence.next());
    expect(new Set(given).size).toBe(placeCount);
    for (let start = 0; start < placeCount; start += 100) {
      const share = given.slice(start, start + 100).filter((place) => ownerOfPlace([90, 10], place) === 1).length;
      expect(Math.abs(share - 10)).toBeLessThanOrEqual(2);
    }
  });

  test('are read as we write them alone', () => {
    expect(['0', '9999', '10'].map(parsePlace)).toEqual([0, 9_999, 10]);
    expect(['', '00', '01', '10000', '-1', '1.0', ' 1', '1e2', 'x'].map(parsePlace)).toEqual(Array(9).fill(undefined));
  });
});
