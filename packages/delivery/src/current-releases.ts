/** Which of an Application's releases is under way, and which serves. */
import { isFinished, type Release } from './api/release.ts';
import type { Observation } from './observation.ts';
import { statusOf } from './release-changes.ts';
import { nameOf } from './release-context.ts';

/** The oldest release that has not ended; later ones wait for it. */
export function activeRelease({ releases }: Pick<Observation, 'releases'>): Release | undefined {
  return releases.find((release) => !isFinished(statusOf(release).phase));
}

/** The version that serves users: the last one that succeeded, unless a person went back. */
export function stableRelease({ application, releases }: Observation): Release | undefined {
  const serving = application.status?.serving?.release;
  return releases.find((release) => nameOf(release) === serving);
}

/** On its way back, with what it becomes decided. */
export function isEnding(release: Release): boolean {
  return statusOf(release).ending !== undefined && !isFinished(statusOf(release).phase);
}
