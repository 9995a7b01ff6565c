/** From what was observed to what a strategy and the interlock look at. */
import { isReturnable, stableRelease } from './current-releases.ts';
import type { Release } from './api/release.ts';
import { viewsByName, type World } from './interlock/rules.ts';
import { replicasOf, splitWeights, viewOf, type Observation, type VersionView } from './observation.ts';
import { statusOf } from './release-changes.ts';
import { nameOf, type ReleaseContext } from './release-context.ts';
import { calculateBounds } from './replica-bounds.ts';

export function contextOf(observation: Observation, release: Release, now: number): ReleaseContext {
  const stable = stableRelease(observation);
  const replicas = replicasOf(observation);
  const isRolling = release.spec.strategy.type === 'rolling';
  return {
    observation,
    now,
    release,
    status: statusOf(release),
    candidate: viewOf(observation, release),
    stable: stable === undefined || stable === release ? undefined : viewOf(observation, stable),
    replicas,
    maxUnavailable: isRolling ? calculateBounds(release.spec.strategy.rolling, replicas).maxUnavailable : 0,
  };
}

export function worldOf({ observation, now, replicas, maxUnavailable, release, stable }: ReleaseContext): World {
  const views = observation.releases.map((each) => viewOf(observation, each));
  const needed = new Set([
    nameOf(release),
    ...(stable === undefined ? [] : [nameOf(stable.release)]),
    ...observation.releases.filter((each) => isReturnable(observation, each, now)).map(nameOf),
  ]);
  const admitted = new Set(views.filter((view) => isAdmitted(view, observation)).map((view) => nameOf(view.release)));
  return {
    versions: viewsByName(views),
    weights: splitWeights(observation),
    replicas,
    maxUnavailable,
    admitted,
    needed,
  };
}

function isAdmitted({ release, ready }: VersionView, { application, answers }: Observation): boolean {
  const { healthyAt, promotedBy, phase } = statusOf(release);
  if (healthyAt !== undefined || promotedBy !== undefined || phase === 'Succeeded') return true;
  if (application.status?.serving?.release === nameOf(release)) return true;
  const { healthCheck } = release.spec;
  return (
    healthCheck === undefined ||
    healthCheck.ignore === true ||
    ready.some(({ metadata }) => answers.get(metadata.uid ?? '')?.outcome === 'passed')
  );
}
