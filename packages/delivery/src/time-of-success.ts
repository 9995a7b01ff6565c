import type { Release } from './api/release.ts';
import { statusOf } from './release-changes.ts';

/**
 * When a release succeeds, in milliseconds: now, or just after every success on record. Which version serves follows from
 * the order of these times, and the clocks of two controllers differ, and one that was set back goes on.
 */
export function timeOfSuccess(releases: readonly Release[], now: number): number {
  const times = releases
    .map(statusOf)
    .flatMap(({ phase, finishedAt }) =>
      phase === 'Succeeded' && finishedAt !== undefined ? [Date.parse(finishedAt)] : [],
    );
  return Math.max(now, ...times.map((time) => time + 1));
}
