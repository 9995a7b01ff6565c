/** Changes of a whole release that people and specs ask for. */
import { formatMicroTime } from '@slipway/kube/clock';
import type { Release, ReleaseStatus } from './api/release.ts';
import { finished, inPhase, initialStatus } from './release-status.ts';

export function statusOf(release: Release): ReleaseStatus {
  return release.status ?? initialStatus;
}

/** A release that has not begun ends at once, one that has goes back first; a newer version only ends a guard early. */
export function supersede(
  releases: readonly Release[],
  target: Release,
  why: {
    readonly now: number;
    readonly phase: 'Superseded' | 'RolledBack' | 'Failed';
    readonly by: string;
    readonly reason: string;
  },
): readonly Release[] {
  const { now, ...ending } = why;
  return releases.map((release) => {
    if (release !== target) return release;
    const status = statusOf(release);
    if (status.phase === 'Guarding' && why.phase === 'Superseded')
      return { ...release, status: { ...status, guardEndsAt: formatMicroTime(now) } };
    if (status.phase === 'Pending')
      return { ...release, status: { ...finished(status, 'Superseded', { now, reason: why.reason }), ending } };
    return { ...release, status: { ...inPhase(status, 'RollingBack', { now, reason: why.reason }), ending } };
  });
}

/** A kept version is released once more: a new attempt of the same record. */
export function restart(releases: readonly Release[], target: Release, now: number): readonly Release[] {
  const status = statusOf(target);
  const again: ReleaseStatus = {
    ...inPhase(
      { phase: status.phase, attempts: status.attempts, transitions: status.transitions, commands: status.commands },
      'Pending',
      { now, reason: 'asked for again' },
    ),
  };
  return [...releases.filter((release) => release !== target), { ...target, status: again }];
}
