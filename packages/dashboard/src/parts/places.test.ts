import { expect, test } from 'vitest';
import { followPlaces, keepList, keepPlaces, type Placed } from './places.ts';

const letter = (item: string): string => item.charAt(0);
const placesOf = (...shown: readonly string[]): readonly Placed<string>[] => keepPlaces([], shown, letter);
const words = (places: readonly Placed<string>[]) => places.map(({ item, isGone }) => (isGone ? `(${item})` : item));

test('who stays keeps the place, in whatever order they are told, and is shown as it is now', () => {
  expect(words(keepPlaces(placesOf('a1', 'b1', 'c1'), ['c2', 'a2', 'b1'], letter))).toEqual(['a2', 'b1', 'c2']);
});

test('who is gone leaves a place behind, which the first who comes takes', () => {
  const left = keepPlaces(placesOf('a', 'b', 'c'), ['c'], letter);
  expect(words(left)).toEqual(['(a)', '(b)', 'c']);
  expect(words(keepPlaces(left, ['d', 'c'], letter))).toEqual(['d', '(b)', 'c']);
  expect(words(keepPlaces(left, ['d', 'c', 'e', 'f'], letter))).toEqual(['d', 'e', 'c', 'f']);
});

test('who comes back is where it was', () => {
  expect(words(keepPlaces(keepPlaces(placesOf('a', 'b'), ['b'], letter), ['b', 'a'], letter))).toEqual(['a', 'b']);
});

test('of a part of a list nobody is said to be gone, nor of the whole that follows it', () => {
  const [whole, part] = [true, false].map((isWhole) => ({ isWhole, isFree: false }));
  const all = followPlaces([], ['a', 'b', 'c'], whole!, letter);
  const filtered = followPlaces(all.kept, ['b', 'c'], part!, letter);
  expect(words(filtered.shown)).toEqual(['b', 'c']);
  const again = followPlaces(filtered.kept, ['a'], whole!, letter);
  expect(words(again.shown)).toEqual(['a']);
  expect(words(followPlaces(again.kept, [], whole!, letter).shown)).toEqual(['(a)']);
});

test('what nobody reads keeps no place of who is gone', () => {
  const all = followPlaces([], ['a', 'b'], { isWhole: true, isFree: false }, letter);
  const { shown, kept } = followPlaces(all.kept, ['b'], { isWhole: true, isFree: true }, letter);
  expect([words(shown), words(kept)]).toEqual([['b'], ['b']]);
});

test('a list that is read stays as it is, but for what becomes of each, and says how many are newer', () => {
  expect(keepList(['b1', 'a1'], ['d', 'a2', 'c', 'b1'], letter)).toEqual({ items: ['b1', 'a2'], newer: 2 });
});

test('of what is told no more it is known how it was', () => {
  expect(keepList(['b1', 'a1'], ['b2'], letter)).toEqual({ items: ['b2', 'a1'], newer: 0 });
});
