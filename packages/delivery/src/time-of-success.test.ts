import { expect, test } from 'vitest';
import type { Release, ReleasePhase } from './api/release.ts';
import { timeOfSuccess } from './time-of-success.ts';

const now = Date.UTC(2026, 0, 1);

function release(phase: ReleasePhase, finished: number): Release {
  return { metadata: { name: 'shop-1' }, status: { phase, finishedAt: new Date(finished).toISOString() } } as Release;
}

test.each([
  { name: 'is now', releases: [release('Succeeded', now - 1_000)], expected: now },
  {
    name: 'is after a success that a faster clock wrote',
    releases: [release('Succeeded', now + 86_400_000)],
    expected: now + 86_400_001,
  },
  { name: 'does not mind when others failed', releases: [release('RolledBack', now + 86_400_000)], expected: now },
])('the time of success $name', ({ releases, expected }) => {
  expect(timeOfSuccess(releases, now)).toBe(expected);
});
