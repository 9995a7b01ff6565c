import { expect, it } from 'vitest';
import { readWatchTimeout } from './list-options.ts';

it.each([
  ['', undefined],
  ['timeoutSeconds=0', undefined],
  ['timeoutSeconds=30', 30_000],
  ['timeoutSeconds=-1', 0],
])('a watch of "%s" ends after %s ms', (query, milliseconds) => {
  expect(readWatchTimeout(new URLSearchParams(query))).toBe(milliseconds);
});
