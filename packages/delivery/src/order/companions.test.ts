import { describe, expect, test } from 'vitest';
import { findCycle } from './companions.ts';

describe('a cycle', () => {
  test.each<{ name: string; edges: Readonly<Record<string, readonly string[]>>; cycle: string | undefined }>([
    { name: 'is none where nothing is waited for', edges: {}, cycle: undefined },
    { name: 'is one with oneself', edges: { a: ['a'] }, cycle: 'a a' },
    { name: 'goes by way of others', edges: { a: ['b'], b: ['c'], c: ['a'] }, cycle: 'a b c a' },
    { name: 'is the shortest that there is', edges: { a: ['b', 'd'], b: ['c'], c: ['a'], d: ['a'] }, cycle: 'a d a' },
    { name: 'of others is none of its own', edges: { a: ['b'], b: ['c'], c: ['b'] }, cycle: undefined },
    { name: 'is not made by two ways to the same', edges: { a: ['b', 'c'], b: ['d'], c: ['d'] }, cycle: undefined },
    { name: 'ends where nobody is', edges: { a: ['gone'] }, cycle: undefined },
  ])('$name', ({ edges, cycle }) => {
    expect(findCycle('a', (each) => edges[each] ?? [])?.join(' ')).toBe(cycle);
  });
});
