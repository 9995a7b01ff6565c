/** What is not needed any more: old releases beyond the limit, and copies that no version refers to. */
import { isFinished, type Release } from './api/release.ts';
import type { Copy } from './configuration/content.ts';
import { isReturnable, returnableUntil, stableRelease } from './current-releases.ts';
import { planOldJobs } from './hooks/stray-jobs.ts';
import { backendName, labels, replicaSetName } from './names.ts';
import type { Observation } from './observation.ts';
import type { Action, Step } from './plan.ts';
import { statusOf } from './release-changes.ts';
import { isLost } from './lost-versions.ts';
import { nameOf } from './release-context.ts';
import { earlier } from './scaling.ts';

const defaultLimit = 10;
/** A copy is made before the Release that names it, and that one may not be in the cache yet. */
const copyGraceMilliseconds = 60_000;

export function planPruning(observation: Observation, now: number): Pick<Step, 'actions' | 'requeueAfter'> {
  const jobs = planOldJobs(observation, now);
  const actions = [
    ...planLostVersions(observation),
    ...planOldReleases(observation, now),
    ...planUnusedCopies(observation, now),
    ...jobs.actions,
  ];
  const ends = [...windowEnds(observation), ...unusedCopies(observation).map(graceEnd)].filter((end) => end >= now);
  // A millisecond later: at its very end a window still counts.
  const next = ends.length === 0 ? undefined : Math.min(...ends) - now + 1;
  return { actions, requeueAfter: earlier(next, jobs.requeueAfter) };
}

/** Without a record nobody can ask for them again: their objects go as soon as they have no pods. */
function planLostVersions(observation: Observation): readonly Action[] {
  return finishedReleases(observation)
    .filter((release) => isLost(release) && !isAdopted(release) && !hasPods(observation, release))
    .map((release) => ({ type: 'deleteVersion', release: nameOf(release) }));
}

function calculateExcess({ releases, application }: Observation): number {
  return Math.max(0, releases.length - (application.spec.history?.limit ?? defaultLimit));
}

/** Those that may go as soon as nobody can want them back. */
function finishedReleases(observation: Observation): readonly Release[] {
  const stable = stableRelease(observation);
  return observation.releases.filter((release) => release !== stable && isFinished(statusOf(release).phase));
}

/** When releases that are too many stop being kept for a rollback, in milliseconds. */
function windowEnds(observation: Observation): readonly number[] {
  return calculateExcess(observation) === 0
    ? []
    : finishedReleases(observation).flatMap((release) => returnableUntil(observation, release) ?? []);
}

/** Objects first: a Release is the only thing that knows what belongs to it. */
function planOldReleases(observation: Observation, now: number): readonly Action[] {
  return finishedReleases(observation)
    .filter((release) => !isLost(release) && !isAdopted(release))
    .filter((release) => !isReturnable(observation, release, now) && !hasPods(observation, release))
    .toSorted((a, b) => endOf(a).localeCompare(endOf(b)))
    .slice(0, calculateExcess(observation))
    .map((release) => ({
      type: hasObjects(observation, release) ? 'deleteVersion' : 'deleteRelease',
      release: nameOf(release),
    }));
}

/** Its ReplicaSet is not of our making, and the Deployment gets it back some day. */
function isAdopted({ spec }: Release): boolean {
  return spec.adopted !== undefined;
}

function endOf(release: Release): string {
  return statusOf(release).finishedAt ?? '';
}

function hasPods({ pods, replicaSets }: Observation, release: Release): boolean {
  const set = replicaSets.find(({ metadata }) => metadata.name === replicaSetName(release.spec));
  const isOwn = ({ metadata }: Observation['pods'][number]): boolean =>
    metadata.labels?.[labels.release] === nameOf(release);
  return (set?.spec?.replicas ?? 0) > 0 || pods.some(isOwn);
}

function hasObjects({ replicaSets, services }: Observation, release: Release): boolean {
  const name = backendName(release.spec);
  return [...replicaSets, ...services].some(({ metadata }) => metadata.name === name);
}

function planUnusedCopies(observation: Observation, now: number): readonly Action[] {
  return unusedCopies(observation)
    .filter((copy) => graceEnd(copy) < now)
    .map(({ kind, object }) => ({ type: 'deleteCopy', kind, name: object.metadata.name ?? '' }));
}

function unusedCopies({ copies, releases }: Observation): readonly Copy[] {
  const used = new Set(
    releases.flatMap(({ spec }) => Object.entries(spec.frozen ?? {}).map(([key, name]) => `${kindOf(key)}/${name}`)),
  );
  return copies.filter(({ kind, object }) => !used.has(`${kind}/${object.metadata.name ?? ''}`));
}

function graceEnd({ object }: Copy): number {
  return Date.parse(object.metadata.creationTimestamp ?? '') + copyGraceMilliseconds;
}

function kindOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}
