/** Which of an Application's releases is under way, and which serves. */
import { isFinished, type Release, type ReleaseStatus } from './api/release.ts';
import { isLost } from './lost-versions.ts';
import type { Observation } from './observation.ts';
import { changeStatus, statusOf } from './release-changes.ts';
import { nameOf } from './release-context.ts';
import { finished } from './release-status.ts';
import { timeOfSuccess } from './time-of-success.ts';

const defaultWindowSeconds = 3_600;

/** The oldest release that has not ended; later ones wait for it. */
export function activeRelease({ releases }: Pick<Observation, 'releases'>): Release | undefined {
  return releases.find((release) => !isFinished(statusOf(release).phase));
}

/** The version that serves users: the last one that succeeded, unless a person went back. */
export function stableRelease({ application, releases }: Observation): Release | undefined {
  const serving = application.status?.serving?.release;
  return releases.find((release) => nameOf(release) === serving);
}

/**
 * The observation as if the Application's status had been seen: it and its releases come from two caches, and where the one
 * lags behind the other, it still names the version before, or none.
 */
export function withServing(observation: Observation): Observation {
  const { application, releases } = observation;
  const serving = application.status?.serving;
  const isKept = serving === undefined || releases.some((release) => nameOf(release) === serving.release);
  const latest = latestSuccess(observation);
  if (!isKept || latest === undefined || nameOf(latest) === serving?.release) return observation;
  const status = {
    ...application.status,
    serving: { version: latest.spec.version, release: nameOf(latest), hash: latest.spec.identity.template },
  };
  return { ...observation, application: { ...application, status } };
}

/** When a version without a record succeeded is not known: what has succeeded and was not replaced took over from it. */
function latestSuccess(observation: Observation): Release | undefined {
  const named = stableRelease(observation);
  const succeeded = observation.releases.filter((release) => statusOf(release).phase === 'Succeeded');
  const compared =
    named !== undefined && isLost(named)
      ? succeeded.filter((release) => release !== named && statusOf(release).servedUntil === undefined)
      : succeeded;
  return compared.toSorted((a, b) => finishedAt(a) - finishedAt(b)).at(-1);
}

/**
 * The observation as if the release that serves had ended: its success is written to the Application first, and where a
 * controller was killed then, it must not be taken for one that could still go back. Nor must one whose record was deleted
 * and written again: it serves, and has nothing to go back to.
 */
export function withEnd(observation: Observation, now: number): Observation {
  const stable = stableRelease(observation);
  const reason = stable === undefined ? undefined : reasonOfEnd(statusOf(stable));
  if (stable === undefined || reason === undefined) return observation;
  const releases = changeStatus(observation.releases, stable, (status) =>
    finished(status, 'Succeeded', { now: timeOfSuccess(observation.releases, now), reason }),
  );
  return { ...observation, releases };
}

function reasonOfEnd({ phase, attempts = [] }: ReleaseStatus): string | undefined {
  // Sent back by somebody who had not seen that it had ended: there is nothing that it could go back to.
  if (phase === 'Guarding' || phase === 'RollingBack') return 'the guard has ended';
  return phase === 'Pending' && attempts.length === 0 ? 'it serves: its record was written again' : undefined;
}

function finishedAt(release: Release): number {
  return Date.parse(statusOf(release).finishedAt ?? release.metadata.creationTimestamp ?? '');
}

/** On its way back, with what it becomes decided. */
export function isEnding(release: Release): boolean {
  return statusOf(release).ending !== undefined && !isFinished(statusOf(release).phase);
}

/** The stated exception of strategy `recreate`, on the way there and on the way back: one version stops, then the other starts. */
export function isBetweenVersions(release: Release): boolean {
  const { phase } = statusOf(release);
  return release.spec.strategy.type === 'recreate' && (phase === 'Promoting' || phase === 'RollingBack');
}

/**
 * When the version stopped being the stable one, in milliseconds; undefined where it never was, and where it was tried once
 * more since and failed: only a person who names it goes back to that.
 */
export function servedUntil(release: Release): number | undefined {
  const { phase, ending } = statusOf(release);
  const hasFailed = (phase === 'RolledBack' || phase === 'Failed') && ending?.command === undefined;
  return hasFailed ? undefined : endOfService(release);
}

/** The same, whatever has become of it since. */
function endOfService(release: Release): number | undefined {
  const { phase, servedUntil: until, finishedAt } = statusOf(release);
  const text = until ?? (phase === 'Succeeded' ? finishedAt : undefined);
  return text === undefined || !isFinished(phase) ? undefined : Date.parse(text);
}

/** The version of that name, where it can serve again. */
export function findServed(releases: readonly Release[], version: string): Release | undefined {
  return releases.find((release) => release.spec.version === version && endOfService(release) !== undefined);
}

/** Nobody can go back to it: `version 9 is not kept or has never served; versions that have: 1, 2`. */
export function describeUnserved(releases: readonly Release[], version: string): string {
  const served = releases.filter((release) => endOfService(release) !== undefined).map(({ spec }) => spec.version);
  return `version ${version} is not kept or has never served; versions that have: ${served.join(', ') || '(none)'}`;
}

/** Until when a version that served is kept, in milliseconds; undefined where it never did. */
export function returnableUntil({ application }: Observation, release: Release): number | undefined {
  const until = servedUntil(release);
  const seconds = application.spec.history?.rollbackWindowSeconds ?? defaultWindowSeconds;
  return until === undefined ? undefined : until + seconds * 1_000;
}

/** It has served, and not too long ago: going back to it needs no gates, and nothing of it is deleted. */
export function isReturnable(observation: Observation, release: Release, now: number): boolean {
  const until = returnableUntil(observation, release);
  return until !== undefined && now <= until;
}

/** The version that served before the one that serves now. */
export function previousStable(observation: Observation): Release | undefined {
  const stable = stableRelease(observation);
  let latest: { readonly release: Release; readonly until: number } | undefined;
  for (const release of observation.releases) {
    const until = release === stable ? undefined : servedUntil(release);
    if (until !== undefined && until >= (latest?.until ?? -Infinity)) latest = { release, until };
  }
  return latest?.release;
}
