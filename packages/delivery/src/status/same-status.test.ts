import { expect, test } from 'vitest';
import { isSameStatus } from './same-status.ts';

test.each<[string, object | undefined, object | undefined, boolean]>([
  ['in another order', { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }, true],
  ['with what is undefined left out', { a: 1, b: undefined }, { a: 1 }, true],
  ['with another value', { a: 1 }, { a: 2 }, false],
  ['where there was none', { a: 1 }, undefined, false],
])('a status %s', (_, a, b, expected) => {
  expect(isSameStatus(a, b)).toBe(expected);
});
