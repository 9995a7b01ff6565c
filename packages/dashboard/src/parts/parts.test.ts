import { describe, expect, test } from 'vitest';
import { releasePhases } from '@slipway/delivery/api/release';
import { splitAtInstants } from './instants.ts';
import { describeShares, shareOut } from './shares.ts';
import { describeAge, describeDuration } from './time-words.ts';
import { toneOfOutcome, toneOfPhase } from './tones.ts';
import { calculateRange, listRows } from './window-rows.ts';

describe('words for times', () => {
  const now = Date.parse('2026-01-01T12:00:00Z');
  test.each([
    ['2026-01-01T11:59:58Z', 'now'],
    ['2026-01-01T11:59:20Z', '40 s ago'],
    ['2026-01-01T11:30:10Z', '29 min ago'],
    ['2025-12-30T12:00:00Z', '2 days ago'],
    ['2026-01-01T14:00:00Z', 'in 2 h'],
  ])('%s is %s', (at, words) => {
    expect(describeAge(Date.parse(at), now)).toBe(words);
  });
  test.each([
    [180, '180 ms'],
    [4_230, '4.2 s'],
    [59_400, '59 s'],
    [123_000, '2 min 3 s'],
    [3_600_000, '1 h'],
    [176_400_000, '2 d 1 h'],
  ])('%i ms is %s', (milliseconds, words) => {
    expect(describeDuration(milliseconds)).toBe(words);
  });
});

describe('shares', () => {
  test('what comes is last, and named without a share too', () => {
    const shares = shareOut({ '2': 0, '1': 100, '0': 0 }, '2');
    expect(shares.map(({ version }) => version)).toEqual(['1', '2']);
    expect(describeShares(shares)).toBe('1 takes 100 %, 2 takes 0 %');
  });
  test('none is said in words', () => {
    expect(describeShares([])).toBe('no version takes traffic');
  });
});

describe('rows in sight', () => {
  test.each([
    { name: 'begin with the first', top: -200, range: { first: 0, end: 11 } },
    { name: 'have some beyond either end', top: 5_600, range: { first: 96, end: 114 } },
    { name: 'end with the last', top: 56_000, range: { first: 990, end: 990 } },
  ])('$name', ({ top, range }) => {
    expect(calculateRange({ top, height: 560 }, top === 56_000 ? 990 : 1_000, 56)).toMatchObject(range);
  });
  test.each([
    { name: 'are those of the range', held: -1, rows: [2, 3, 4] },
    { name: 'keep the one that has the keyboard, above', held: 0, rows: [0, 2, 3, 4] },
    { name: 'keep it below', held: 9, rows: [2, 3, 4, 9] },
    { name: 'have it once', held: 3, rows: [2, 3, 4] },
    { name: 'do not have one that is gone', held: 10, rows: [2, 3, 4] },
  ])('drawn $name', ({ held, rows }) => {
    expect(listRows({ count: 10, range: { first: 2, end: 5 }, held })).toEqual(rows);
  });
});

test('every phase has a look, and what runs has one', () => {
  expect(releasePhases.map(toneOfPhase)).toHaveLength(releasePhases.length);
  expect([toneOfOutcome(undefined), toneOfOutcome('passed'), toneOfOutcome('odd')]).toEqual(['busy', 'good', 'calm']);
});

test('a sentence of the server is told apart from the times in it', () => {
  expect(splitAtInstants('kept until 2026-11-22T04:48:27.388000Z for a look')).toEqual([
    'kept until ',
    '2026-11-22T04:48:27.388000Z',
    ' for a look',
  ]);
  expect(splitAtInstants('2 of 3 pods ready')).toEqual(['2 of 3 pods ready']);
});
