import { expect, test } from 'vitest';
import { isFlagSet } from './query-flag.ts';

test.each([
  ['', false],
  ['watch=false', false],
  ['watch=False', false],
  ['watch=0', false],
  ['watch=true', true],
  ['watch=True', true],
  ['watch=1', true],
  ['watch=yes', true],
  ['watch', true],
  ['watch=', true],
])('"%s" is %s', (query, expected) => {
  expect(isFlagSet(new URLSearchParams(query), 'watch')).toBe(expected);
});
