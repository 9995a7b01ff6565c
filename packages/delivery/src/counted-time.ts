/**
 * How long a release has made no progress, or was guarded, in time in which a controller looked at it. Nobody could act while
 * no controller ran or the API server was away: what nobody could act on is no fault of the version, and what nobody watched
 * is no proof of it. A clock that jumps is the same.
 */
import { formatMicroTime } from '@slipway/kube/clock';
import type { Release, ReleasePhase, ReleaseStatus } from './api/release.ts';
import { changeStatus, statusOf } from './release-changes.ts';
import { progressedAt } from './release-status.ts';

const leastInterval = 500;
const mostInterval = 30_000;
const partsOfDeadline = 20;
const partsOfGuard = 4;

const countedPhases: ReadonlySet<ReleasePhase> = new Set(['Progressing', 'Promoting', 'Paused']);

/**
 * Milliseconds after which a release that waits is looked at again and the time is noted: what is noted survives a
 * restart. `calculateInterval(600)` is 30,000, `calculateInterval(30)` is 1,500.
 */
export function calculateInterval(deadlineSeconds: number): number {
  return Math.min(mostInterval, Math.max(leastInterval, (deadlineSeconds * 1_000) / partsOfDeadline));
}

/** The same of a guard: `calculateGuardInterval(300)` is 30,000, `calculateGuardInterval(4)` is 1,000. */
function calculateGuardInterval(guardSeconds: number): number {
  return Math.min(mostInterval, Math.max(leastInterval, (guardSeconds * 1_000) / partsOfGuard));
}

/** The releases with the time noted that the one under way has waited, or was guarded. */
export function withCountedTime(
  releases: readonly Release[],
  active: Release | undefined,
  now: number,
): readonly Release[] {
  if (active === undefined) return releases;
  const { progressDeadlineSeconds, guardSeconds } = active.spec;
  const before = statusOf(active);
  const status =
    before.phase === 'Guarding'
      ? countGuard(before, calculateGuardInterval(guardSeconds), now)
      : countTime(before, calculateInterval(progressDeadlineSeconds), now);
  return status === active.status ? releases : changeStatus(releases, active, () => status);
}

/**
 * Looks come at least once an interval, and what they see is noted once it is that long: no more than two intervals lie
 * between what is noted. Of a longer time only these count: nobody looked in the rest of it, or the clock was set forward,
 * and the deadline moves by as much. Where the clock was set back, it moves along.
 */
export function countTime(status: ReleaseStatus, interval: number, now: number): ReleaseStatus {
  const { phase, standingSince, countedAt } = status;
  if (!countedPhases.has(phase) || standingSince !== undefined) return status;
  const from = progressedAt(status, now);
  const moved = calculateMove(Math.max(from, countedAt === undefined ? from : Date.parse(countedAt)), interval, now);
  return moved === undefined
    ? status
    : { ...status, progressedAt: formatMicroTime(from + moved), countedAt: formatMicroTime(now) };
}

/** A guard that nobody looked through has guarded nothing: what is left of it is still to come. */
function countGuard(status: ReleaseStatus, interval: number, now: number): ReleaseStatus {
  const { countedAt, trafficMovedAt, guardEndsAt } = status;
  const from = countedAt ?? trafficMovedAt;
  // One that is over was looked at when it was not, or was ended by a newer version.
  if (from === undefined || guardEndsAt === undefined || Date.parse(guardEndsAt) <= Date.parse(from)) return status;
  const moved = calculateMove(Date.parse(from), interval, now);
  return moved === undefined
    ? status
    : { ...status, guardEndsAt: formatMicroTime(Date.parse(guardEndsAt) + moved), countedAt: formatMicroTime(now) };
}

/** By how much what is counted from then on moves; undefined where nothing is to be noted yet. */
function calculateMove(from: number, interval: number, now: number): number | undefined {
  const passed = now - from;
  if (passed < 0) return passed;
  return passed < interval ? undefined : Math.max(0, passed - 2 * interval);
}
