/**
 * How long a release has made no progress, in time in which a controller looked at it. Nobody could act while no controller
 * ran or the API server was away, and what nobody could act on is no fault of the version.
 */
import { formatMicroTime } from '@slipway/kube/clock';
import type { Release, ReleasePhase, ReleaseStatus } from './api/release.ts';
import { changeStatus, statusOf } from './release-changes.ts';
import { progressedAt } from './release-status.ts';

const leastInterval = 500;
const mostInterval = 30_000;
const partsOfDeadline = 20;

const countedPhases: ReadonlySet<ReleasePhase> = new Set(['Progressing', 'Promoting', 'Paused']);

/**
 * Milliseconds after which a release that waits is looked at again and the time is noted: what is noted survives a
 * restart. `calculateInterval(600)` is 30,000, `calculateInterval(30)` is 1,500.
 */
export function calculateInterval(deadlineSeconds: number): number {
  return Math.min(mostInterval, Math.max(leastInterval, (deadlineSeconds * 1_000) / partsOfDeadline));
}

/** The releases with the time noted that the one under way has waited. */
export function withCountedTime(
  releases: readonly Release[],
  active: Release | undefined,
  now: number,
): readonly Release[] {
  if (active === undefined) return releases;
  const interval = calculateInterval(active.spec.progressDeadlineSeconds);
  const status = countTime(statusOf(active), interval, now);
  return status === active.status ? releases : changeStatus(releases, active, () => status);
}

/**
 * Looks come at least once an interval, and what they see is noted once it is that long: no more than two intervals lie
 * between what is noted. Of a longer time only these count: nobody looked in the rest of it, or the clock was set forward,
 * and the deadline moves by as much.
 */
export function countTime(status: ReleaseStatus, interval: number, now: number): ReleaseStatus {
  const { phase, standingSince, countedAt } = status;
  if (!countedPhases.has(phase) || standingSince !== undefined) return status;
  const from = progressedAt(status, now);
  const passed = now - Math.max(from, countedAt === undefined ? from : Date.parse(countedAt));
  if (passed < interval) return status;
  const unseen = Math.max(0, passed - 2 * interval);
  return { ...status, progressedAt: formatMicroTime(from + unseen), countedAt: formatMicroTime(now) };
}
