/** Changes of a whole release that people and specs ask for. */
import { formatMicroTime } from '@slipway/kube/clock';
import type { Release, ReleaseEnding, ReleaseStatus } from './api/release.ts';
import { hookGates } from './hooks/hook-gates.ts';
import { finished, inPhase, initialStatus, withAttempt, withoutOpenChecks } from './release-status.ts';

export function statusOf(release: Release): ReleaseStatus {
  return release.status ?? initialStatus;
}

/** The releases with the status of one of them changed. */
export function changeStatus(
  releases: readonly Release[],
  target: Release,
  change: (status: ReleaseStatus) => ReleaseStatus,
): readonly Release[] {
  return releases.map((release) =>
    release.metadata.name === target.metadata.name ? { ...release, status: change(statusOf(release)) } : release,
  );
}

/**
 * A release that has not begun and that another takes the place of ends at once. Any other goes back first, one that a
 * person refuses before it has begun too: with that it is known as refused, and not begun again.
 */
export function sendBack(
  releases: readonly Release[],
  target: Release,
  { now, ...ending }: ReleaseEnding & { readonly now: number },
): readonly Release[] {
  const at = { now, reason: ending.reason };
  return changeStatus(releases, target, (status) =>
    status.phase === 'Pending' && ending.phase === 'Superseded'
      ? { ...finished(status, 'Superseded', at), ending }
      : { ...inPhase(withoutOpenChecks(status, 'the release goes back', now), 'RollingBack', at), ending },
  );
}

/** Forward again from wherever it is. What had not begun when it was stopped begins with its start, which puts the attempt on record. */
export function goForward(
  releases: readonly Release[],
  target: Release,
  { now, reason }: { readonly now: number; readonly reason: string },
): readonly Release[] {
  const phase = statusOf(target).startedAt === undefined ? 'Pending' : 'Progressing';
  return changeStatus(releases, target, ({ pausedBy: _, ending: __, trafficReturnedAt: ___, ...status }) =>
    inPhase(status, phase, { now, reason }),
  );
}

/**
 * The guard judges once more by what it sees then: the version becomes stable, or goes back. Its end is written down before
 * that: only this controller has tried the newer version, and the next one, which has not, must judge no other way. For that
 * the end is a millisecond away: at `now` it would be judged by this look, whose first write is the version that serves, and
 * a controller that takes over behind that write would find a guard with most of its time left, and write the one before back.
 */
export function endGuard(releases: readonly Release[], target: Release, now: number): readonly Release[] {
  return changeStatus(releases, target, (status) => {
    const isOver = status.guardEndsAt !== undefined && Date.parse(status.guardEndsAt) <= now;
    return isOver ? status : { ...status, guardEndsAt: formatMicroTime(now + 1), guardCutShort: true };
  });
}

export interface Restart {
  readonly now: number;
  readonly cause: string;
  readonly by: string;
  /** Who answers for the gates that are not asked again; absent: all are. */
  readonly promotedBy?: string | undefined;
}

/** A kept version is released once more: a new attempt of the same record. */
export function restart(
  releases: readonly Release[],
  target: Release,
  { now, cause, by, promotedBy }: Restart,
): readonly Release[] {
  const { phase, attempts, transitions, commands, firstTrafficAt, finishedAt, gates } = statusOf(target);
  // That it has served is not forgotten where this attempt comes to nothing.
  const servedUntil = statusOf(target).servedUntil ?? (phase === 'Succeeded' ? finishedAt : undefined);
  const kept: ReleaseStatus = {
    phase,
    attempts,
    transitions,
    commands,
    firstTrafficAt,
    servedUntil,
    gates: hookGates(gates),
  };
  const again = withAttempt(inPhase(kept, 'Pending', { now, reason: `${cause} by ${by}` }), {
    cause,
    by,
    startedAt: formatMicroTime(now),
  });
  const status: ReleaseStatus = promotedBy === undefined ? again : { ...again, promotedBy };
  return [...releases.filter((release) => release !== target), { ...target, status }];
}
