/** Which versions have sessions, for people: a number that moves by less than a tenth is no news, and no write. */
import type { VersionSessions } from '../api/application.ts';
import { splitWeights, viewOf, type Observation } from '../observation.ts';
import { nameOf } from '../release-context.ts';
import { countSessions } from '../sessions/session-counts.ts';
import { sessionVersions } from '../sessions/session-route.ts';

const newsPart = 0.1;

/** The one that new sessions go to comes first. Undefined: nobody has any. */
export function versionSessions(observation: Observation): readonly VersionSessions[] | undefined {
  const current = sessionVersions(observation);
  if (current.size === 0) return undefined;
  const told = new Map(observation.application.status?.sessions?.map((each) => [each.release, each.count]));
  const weights = splitWeights(observation);
  return observation.releases
    .filter((release) => current.has(nameOf(release)))
    .toReversed()
    .toSorted((a, b) => (weights[nameOf(b)] ?? 0) - (weights[nameOf(a)] ?? 0))
    .map((release) => {
      const count = withoutTrifles(told.get(nameOf(release)), countSessions(observation, release));
      return {
        version: release.spec.version,
        release: nameOf(release),
        ...(count === undefined ? {} : { count }),
        pods: viewOf(observation, release).backends.length,
      };
    });
}

function withoutTrifles(told: number | undefined, now: number | undefined): number | undefined {
  if (told === undefined || now === undefined || (told === 0) !== (now === 0)) return now;
  return Math.abs(now - told) < Math.max(1, told * newsPart) ? told : now;
}
