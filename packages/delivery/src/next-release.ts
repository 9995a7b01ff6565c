/** Which release spec asks for: none, one that there is, or a new one. */
import type { RefusedVersion } from './api/application.ts';
import { isFinished, type Release } from './api/release.ts';
import { activeRelease, isEnding, stableRelease } from './current-releases.ts';
import { identityOf, isSameIdentity, releaseName } from './names.ts';
import { newRelease } from './new-release.ts';
import { replicasOf, type Observation } from './observation.ts';
import type { Action } from './plan.ts';
import { endGuard, restart, sendBack, statusOf } from './release-changes.ts';

/** Why what serves is not what spec asks for, and nothing is done about it. */
export interface Unsynced {
  readonly reason: string;
  readonly message: string;
}

export interface Wanted {
  readonly actions: readonly Action[];
  readonly releases: readonly Release[];
  readonly unsynced: Unsynced | undefined;
}

/** Creates the Release that spec asks for, or says why there is none. */
export function planNextRelease(observation: Observation, now: number): Wanted {
  const { application, releases } = observation;
  const { spec } = application;
  const same: Wanted = { actions: [], releases, unsynced: undefined };
  if (replicasOf(observation) === 0 || spec.paused === true) return same;
  const stable = stableRelease(observation);
  if (stable !== undefined && isAsked(observation, stable))
    return { ...same, releases: stayWithStable(observation, now) };
  const refused = findRefused(observation);
  if (refused !== undefined) return { ...same, unsynced: describeRefusal(refused) };
  const newest = releases.at(-1);
  if (newest !== undefined && isAsked(observation, newest) && !isFinished(statusOf(newest).phase)) return same;
  const namesake = releases.find((release) => release.spec.version === spec.version);
  return namesake === undefined ? createNext(observation, now) : { ...same, ...returnTo(observation, namesake, now) };
}

function isNumbered(version: string | undefined): boolean {
  return version === undefined || version === '#';
}

/** Whether a release is what spec asks for: by content, and by version where one is given. */
function isAsked({ application: { spec } }: Observation, release: Release): boolean {
  return (
    isSameIdentity(release.spec.identity, identityOf(spec)) &&
    (isNumbered(spec.version) || release.spec.version === spec.version)
  );
}

/** The stable template again is an abort of what is under way. */
function stayWithStable(observation: Observation, now: number): readonly Release[] {
  const { releases } = observation;
  const active = activeRelease(observation);
  return active === undefined || isAsked(observation, active) || isEnding(active)
    ? releases
    : sendBack(releases, active, {
        now,
        phase: 'Superseded',
        by: 'spec',
        reason: 'spec asks for the stable version again',
      });
}

function findRefused({ application: { spec, status, metadata } }: Observation): RefusedVersion | undefined {
  const { template } = identityOf(spec);
  const refused = status?.refused?.findLast(
    (each) => each.hash === template && (isNumbered(spec.version) || each.version === spec.version),
  );
  return refused !== undefined && refused.generation >= (metadata.generation ?? 0) ? refused : undefined;
}

function describeRefusal({ version, at, reason }: RefusedVersion): Unsynced {
  return {
    reason: 'VersionRefused',
    message: `version ${version} was refused at ${at}: ${reason}; change spec or retry`,
  };
}

/** A kept version of the same content is gone back to; other content needs a version of its own. */
function returnTo(observation: Observation, namesake: Release, now: number): Partial<Wanted> {
  const { releases, application } = observation;
  if (!isSameIdentity(namesake.spec.identity, identityOf(application.spec)))
    return {
      unsynced: {
        reason: 'VersionExists',
        message: `version ${namesake.spec.version} exists with other content since ${namesake.metadata.creationTimestamp ?? ''}: give the new content a version of its own`,
      },
    };
  return isFinished(statusOf(namesake).phase)
    ? { releases: restart(releases, namesake, { now, cause: 'deploy', by: 'spec' }) }
    : {};
}

function createNext(observation: Observation, now: number): Wanted {
  const { application } = observation;
  const { spec, metadata, status } = application;
  const number = String((status?.lastNumber ?? 0) + 1);
  const version = isNumbered(spec.version) ? number : (spec.version ?? number);
  const release = newRelease(application, {
    version,
    identity: identityOf(spec),
    name: releaseName(metadata.name ?? '', version),
  });
  return {
    actions: [{ type: 'createRelease', release }],
    releases: makeWay(observation, version, now),
    unsynced: undefined,
  };
}

/** Only the newest is released: what is under way ends, unless it is about to become the first version that serves. */
function makeWay(observation: Observation, version: string, now: number): readonly Release[] {
  const { releases } = observation;
  const active = activeRelease(observation);
  if (active === undefined || isEnding(active)) return releases;
  const { phase } = statusOf(active);
  if (phase === 'Guarding') return endGuard(releases, active, now);
  const isFirst = stableRelease(observation) === undefined && phase === 'Promoting';
  return isFirst
    ? releases
    : sendBack(releases, active, {
        now,
        phase: 'Superseded',
        by: 'spec',
        reason: `version ${version} was asked for meanwhile`,
      });
}
