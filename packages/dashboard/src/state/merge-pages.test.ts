import { describe, expect, it } from 'vitest';
import { mergePages } from './merge-pages.ts';

const items = (...ids: readonly string[]) => ids.map((id) => ({ id }));

describe('pages of a list', () => {
  it.each([
    { name: 'are the head where nothing else was read', head: items('b', 'a'), seen: [], all: items('b', 'a') },
    {
      name: 'keep what has left the head since',
      head: items('d', 'c'),
      seen: items('c', 'b', 'a'),
      all: items('d', 'c', 'b', 'a'),
    },
  ])('$name', ({ head, seen, all }) => {
    expect(mergePages(head, seen)).toEqual(all);
  });
});
