import { expect, test } from 'vitest';
import { everything, hasFilters, isEveryPod, isFirstPage, podsAtOnce } from './pod-selection.ts';

test('only the first page of all pods, where no other follows, has every pod', () => {
  expect(isEveryPod(everything, {})).toBe(true);
  expect(isEveryPod(everything, { next: 'on' })).toBe(false);
});

test.each([{ search: 'web' }, { state: 'failing' }, { cursors: ['on'] }])(
  'who is not in %o is not gone: he was not asked for',
  (asked) => {
    const selection = { ...everything, ...asked };
    expect([isFirstPage(selection), isEveryPod(selection, {})]).toEqual([false, false]);
  },
);

test('few pods have no filters, but for who has filtered them while they were many', () => {
  expect(hasFilters(everything, podsAtOnce)).toBe(false);
  expect(hasFilters(everything, podsAtOnce + 1)).toBe(true);
  expect(hasFilters({ ...everything, state: 'failing' }, podsAtOnce)).toBe(true);
});
