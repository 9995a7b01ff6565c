import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { SortedObjects } from './sorted-objects.ts';

test('behaves as a sorted map over thousands of changes', () => {
  const key = fc
    .tuple(fc.constantFrom('/a/', '/ab/', '/b/', '/b/c/', '/b/cd/', '//c/d/'), fc.integer({ min: 0, max: 900 }))
    .map(([p, n]) => p + n);
  const change = fc.record({ key, isDeletion: fc.boolean() });
  fc.assert(
    fc.property(fc.array(change, { minLength: 2_000, maxLength: 3_000 }), (changes) => {
      const sorted = new SortedObjects();
      const model = new Map<string, number>();
      for (const [index, { key, isDeletion }] of changes.entries()) {
        if (isDeletion && index > 1_500) {
          sorted.delete(key);
          model.delete(key);
        } else {
          sorted.set({ key, value: '', revision: index });
          model.set(key, index);
        }
      }
      for (const prefix of ['/', '//', '/a/', '/ab/', '/b/c/', '/b/cd/', '//c/', '//c/d/', '/c/']) {
        const expected = [...model].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1));
        expect(sorted.list(prefix).map((object) => [object.key, object.revision])).toEqual(expected);
        expect(sorted.count(prefix)).toBe(expected.length);
      }
    }),
    { numRuns: 20 },
  );
});
