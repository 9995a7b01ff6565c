import { formatMicroTime } from '@slipway/kube/clock';
import { describe, expect, test } from 'vitest';
import type { Release, ReleaseStatus } from './api/release.ts';
import { release } from '../testing/records.ts';
import { calculateInterval, countTime, withCountedTime } from './counted-time.ts';
import { moving, standing } from './release-status.ts';

const start = Date.UTC(2026, 0, 1);
const deadlineSeconds = 600;
const interval = calculateInterval(deadlineSeconds);

function at(seconds: number): number {
  return start + seconds * 1_000;
}

/** What the deadline has counted when the release was looked at at these seconds. */
function countedSeconds(looks: readonly number[], given: Partial<ReleaseStatus> = {}): number {
  const first: ReleaseStatus = { phase: 'Progressing', progressedAt: formatMicroTime(start), ...given };
  const status = looks.reduce((before, seconds) => countTime(before, interval, at(seconds)), first);
  return (at(looks.at(-1) ?? 0) - Date.parse(status.progressedAt ?? '')) / 1_000;
}

describe('the time for which a release makes no progress', () => {
  test.each([
    { name: 'counts in full while somebody looks', looks: [20, 49, 78, 107, 136, 165], seconds: 165 },
    { name: 'counts on after a restart of some seconds', looks: [30, 60, 110], seconds: 110 },
    { name: 'counts a minute of what passed without a look', looks: [30, 60, 4_000], seconds: 120 },
    { name: 'does so before anything was noted too', looks: [20, 4_000], seconds: 60 },
    { name: 'counts on from there', looks: [30, 60, 4_000, 4_029, 4_058, 4_087], seconds: 207 },
    { name: 'counts on from where the clock was set back to', looks: [30, 60, 20, 80], seconds: 120 },
  ])('$name', ({ looks, seconds }) => {
    expect(countedSeconds(looks)).toBe(seconds);
  });

  test('is that of a phase that can be late', () => {
    expect(countedSeconds([4_000], { phase: 'RollingBack' })).toBe(4_000);
  });

  test('is not changed while the deadline stands still, and goes on from there', () => {
    const waited: ReleaseStatus = { phase: 'Progressing', progressedAt: formatMicroTime(start) };
    const stood = standing(countTime(waited, interval, at(100)), at(110));
    expect(countTime(stood, interval, at(5_000))).toBe(stood);
    const again = countTime(moving(stood, at(5_000)), interval, at(5_050));
    expect(at(5_050) - Date.parse(again.progressedAt ?? '')).toBe(120_000);
  });
});

test.each([
  [600, 30_000],
  [7_200, 30_000],
  [30, 1_500],
  [2, 500],
])('with a deadline of %i s the time is noted every %i ms', (seconds, milliseconds) => {
  expect(calculateInterval(seconds)).toBe(milliseconds);
});

describe('a guard of 300 seconds', () => {
  const guardSeconds = 300;

  /** When it ends, in seconds, looked at at these. */
  function endOf(looks: readonly number[]): number {
    const first: ReleaseStatus = {
      phase: 'Guarding',
      trafficMovedAt: formatMicroTime(start),
      guardEndsAt: formatMicroTime(at(guardSeconds)),
    };
    const guarded = release({ spec: { guardSeconds }, status: first });
    const look = (seen: Release, seconds: number): Release => withCountedTime([seen], seen, at(seconds))[0] ?? seen;
    return (Date.parse(looks.reduce(look, guarded).status?.guardEndsAt ?? '') - start) / 1_000;
  }

  test.each([
    { name: 'ends after them where somebody looks', looks: [20, 45, 75, 105], end: 300 },
    { name: 'ends after them in spite of a restart of some seconds', looks: [30, 60, 110], end: 300 },
    { name: 'goes on for what is left after nobody has looked', looks: [30, 60, 3_660], end: 3_840 },
    { name: 'does not end because the clock is set forward', looks: [1, 3_600], end: 3_840 },
    { name: 'lasts no longer because the clock is set back', looks: [30, 60, -3_540], end: -3_300 },
    { name: 'is over when it is', looks: [60, 120, 180, 240, 299, 320], end: 300 },
  ])('$name', ({ looks, end }) => {
    expect(endOf(looks)).toBe(end);
  });
});
