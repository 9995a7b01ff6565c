/** From what was observed to what a strategy and the interlock look at. */
import { isBetweenVersions, isEnding, isReturnable, stableRelease } from './current-releases.ts';
import type { Release } from './api/release.ts';
import { withUnrecorded } from './lost-versions.ts';
import { isAdmitted, type AdmissionGate } from './interlock/admission.ts';
import { viewsByName } from './interlock/rules.ts';
import type { World } from './interlock/world.ts';
import { isRouted, replicasOf, splitWeights, viewOf, type Observation } from './observation.ts';
import { statusOf } from './release-changes.ts';
import { nameOf, type ReleaseContext } from './release-context.ts';
import { routeState } from './route-removal.ts';
import { sessionVersions } from './sessions/session-route.ts';
import { maxUnavailableOf, strategies } from './strategies/strategies.ts';

export function contextOf(observation: Observation, release: Release, now: number): ReleaseContext {
  const stable = stableRelease(observation);
  const replicas = replicasOf(observation);
  return {
    observation,
    now,
    release,
    status: statusOf(release),
    candidate: viewOf(observation, release),
    stable: stable === undefined || stable === release ? undefined : viewOf(observation, stable),
    replicas,
    maxUnavailable: maxUnavailableOf(release.spec.strategy, replicas),
    traits: strategies[release.spec.strategy.type] ?? {},
  };
}

/** What the interlock looks at, whatever is under way. */
export function worldOf(
  known: Observation,
  {
    active,
    now,
    gates,
  }: {
    readonly active: Release | undefined;
    readonly now: number;
    readonly gates?: readonly AdmissionGate[] | undefined;
  },
): World {
  const observation = withUnrecorded(known);
  const views = observation.releases.map((each) => viewOf(observation, each));
  const { application, answers } = observation;
  const hasStable = stableRelease(observation) !== undefined;
  const admitted = views.filter((view) => isAdmitted({ ...view, answers, hasStable, now }, { application, gates }));
  return {
    versions: viewsByName(views),
    weights: splitWeights(observation),
    earlierWeights: [],
    withSessions: sessionVersions(observation),
    isRouted: isRouted(observation),
    route: routeState(observation),
    floor: calculateFloor(observation, active),
    admitted: new Set(admitted.map((view) => nameOf(view.release))),
    needed: isDeleted(observation) ? new Set() : neededReleases(observation, active, now),
  };
}

/**
 * The least number of pods that must go on serving. Nobody is to be served where no pods are asked for, where the
 * Application is deleted, where there is no stable version and no release is to become one (what it has of labels and weights
 * it loses, though nothing takes its place), and while one version stops before the other starts.
 */
export function calculateFloor(observation: Observation, active: Release | undefined): number {
  const replicas = replicasOf(observation);
  const isRefused =
    stableRelease(observation) === undefined && (active === undefined ? !hasServed(observation) : isEnding(active));
  const isBetween = active !== undefined && isBetweenVersions(active);
  if (replicas === 0 || isDeleted(observation) || isRefused || isBetween) return 0;
  return replicas - maxUnavailableOf(active?.spec.strategy, replicas);
}

/** Which version serves may be known later than that one of them has succeeded. */
function hasServed({ releases }: Observation): boolean {
  return releases.some((release) => statusOf(release).phase === 'Succeeded');
}

function isDeleted({ application }: Observation): boolean {
  return application.metadata.deletionTimestamp !== undefined;
}

function neededReleases(observation: Observation, active: Release | undefined, now: number): ReadonlySet<string> {
  const stable = stableRelease(observation);
  const wanted = [active, stable].flatMap((release) => release ?? []);
  const returnable = observation.releases.filter((each) => isReturnable(observation, each, now));
  return new Set([...wanted, ...returnable].map(nameOf));
}
