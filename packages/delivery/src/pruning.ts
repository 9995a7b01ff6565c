/** What is not needed any more: old releases beyond the limit, and copies that no version refers to. */
import { isFinished, type Release } from './api/release.ts';
import { isReturnable, stableRelease } from './current-releases.ts';
import { backendName, labels } from './names.ts';
import type { Observation } from './observation.ts';
import type { Action } from './plan.ts';
import { statusOf } from './release-changes.ts';
import { nameOf } from './release-context.ts';

const defaultLimit = 10;
/** A copy is made before the Release that names it, and that one may not be in the cache yet. */
const copyGraceMilliseconds = 60_000;

export function planPruning(observation: Observation, now: number): readonly Action[] {
  return [...planOldReleases(observation, now), ...planUnusedCopies(observation, now)];
}

/** Objects first: a Release is the only thing that knows what belongs to it. */
function planOldReleases(observation: Observation, now: number): readonly Action[] {
  const { releases, application } = observation;
  const excess = releases.length - (application.spec.history?.limit ?? defaultLimit);
  if (excess <= 0) return [];
  const stable = stableRelease(observation);
  return releases
    .filter((release) => release !== stable && isFinished(statusOf(release).phase))
    .filter((release) => !isReturnable(observation, release, now) && !hasPods(observation, release))
    .toSorted((a, b) => endOf(a).localeCompare(endOf(b)))
    .slice(0, excess)
    .map((release) => ({
      type: hasObjects(observation, release) ? 'deleteVersion' : 'deleteRelease',
      release: nameOf(release),
    }));
}

function endOf(release: Release): string {
  return statusOf(release).finishedAt ?? '';
}

function hasPods({ pods, replicaSets }: Observation, release: Release): boolean {
  const set = replicaSets.find(({ metadata }) => metadata.name === backendName(release.spec));
  const isOwn = ({ metadata }: Observation['pods'][number]): boolean =>
    metadata.labels?.[labels.release] === nameOf(release);
  return (set?.spec?.replicas ?? 0) > 0 || pods.some(isOwn);
}

function hasObjects({ replicaSets, services }: Observation, release: Release): boolean {
  const name = backendName(release.spec);
  return [...replicaSets, ...services].some(({ metadata }) => metadata.name === name);
}

function planUnusedCopies({ copies, releases }: Observation, now: number): readonly Action[] {
  const used = new Set(
    releases.flatMap(({ spec }) => Object.entries(spec.frozen ?? {}).map(([key, name]) => `${kindOf(key)}/${name}`)),
  );
  return copies
    .filter(({ kind, object }) => !used.has(`${kind}/${object.metadata.name ?? ''}`))
    .filter(({ object }) => Date.parse(object.metadata.creationTimestamp ?? '') + copyGraceMilliseconds < now)
    .map(({ kind, object }) => ({ type: 'deleteCopy', kind, name: object.metadata.name ?? '' }));
}

function kindOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}
