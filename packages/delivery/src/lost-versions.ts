/**
 * Versions whose record was deleted. What they own serves on, so they are looked at as if they had one: the version that
 * serves is what a release starts from and goes back to, and the others leave, and their objects with them.
 */
import type { ReplicaSet } from '@slipway/kube/api.generated';
import type { Release } from './api/release.ts';
import { findAdopted } from './adoption/adopted-release.ts';
import { askedOf, isNumbered, type Asked } from './asked.ts';
import { findReferences, referenceKey } from './configuration/references.ts';
import { annotations, labels } from './names.ts';
import { newRelease } from './new-release.ts';
import type { Observation } from './observation.ts';
import { nameOf } from './release-context.ts';
import { findStanding } from './status/refused-versions.ts';

/** A record is written before the ReplicaSet of its version, and may be seen after it. */
const graceMilliseconds = 60_000;

/**
 * Not those that spec asks for: their records are written again, and they go on. Of an Application that is deleted nothing
 * is asked for, and nobody comes later to look after what its records left.
 */
export function withLostVersions(observation: Observation, now: number): Observation {
  const isDeleted = observation.application.metadata.deletionTimestamp !== undefined;
  const due = unrecordedSets(observation).filter((set) => isDeleted || graceEnd(set) <= now);
  if (due.length === 0) return observation;
  const asked = askedOf(observation);
  // What was refused is not written down again: nobody would look after what serves instead.
  const isWanted = !isDeleted && findStanding(observation, asked) === undefined;
  const lost = due.flatMap((set) => {
    const version = set.metadata.annotations?.[annotations.version];
    return version === undefined || (isWanted && isAskedAgain(observation, asked, { set, version }))
      ? []
      : [lostRelease(observation, set, version)];
  });
  return lost.length === 0 ? observation : { ...observation, releases: [...lost, ...observation.releases] };
}

/**
 * With every version that has no record, from the first moment on: the interlock counts what serves, whoever knows of it. To
 * be released or pruned it must have been lost for a while.
 */
export function withUnrecorded(observation: Observation): Observation {
  const unrecorded = unrecordedSets(observation).map((set) =>
    lostRelease(observation, set, set.metadata.annotations?.[annotations.version] ?? ''),
  );
  return unrecorded.length === 0 ? observation : { ...observation, releases: [...unrecorded, ...observation.releases] };
}

/** What serves is what spec asks for, and has no record: to write one begins nothing new. */
export function isToBeRecorded(observation: Observation): boolean {
  const { serving } = observation.application.status ?? {};
  const set = unrecordedSets(observation).find((each) => recordOf(each) === serving?.release);
  const version = set?.metadata.annotations?.[annotations.version];
  return (
    set !== undefined && version !== undefined && isAskedAgain(observation, askedOf(observation), { set, version })
  );
}

/** Milliseconds until a version counts as lost that does not do so yet; undefined where there is none. */
export function untilLost(observation: Observation, now: number): number | undefined {
  const open = unrecordedSets(observation).map((set) => graceEnd(set) - now);
  const left = open.filter((milliseconds) => milliseconds > 0);
  return left.length === 0 ? undefined : Math.min(...left);
}

/** It is nowhere written down: nothing can be written to its status. */
export function isLost({ metadata }: Release): boolean {
  return metadata.annotations?.[annotations.lost] === 'true';
}

/** Whatever made them serves, and nobody knows it any more. */
export function unrecordedSets({ releases, replicaSets }: Observation): readonly ReplicaSet[] {
  const known = new Set(releases.map(nameOf));
  return replicaSets.filter((set) => !known.has(recordOf(set)));
}

function recordOf({ metadata }: ReplicaSet): string {
  return metadata.labels?.[labels.release] ?? '';
}

function graceEnd({ metadata }: ReplicaSet): number {
  return Date.parse(metadata.creationTimestamp ?? '') + graceMilliseconds;
}

interface Orphan {
  readonly set: ReplicaSet;
  readonly version: string;
}

/** Of a version that does not serve the content may be unknown; under the name that spec gives, it is what is asked for. */
function isAskedAgain(
  { application: { spec, status } }: Observation,
  { identity }: Asked,
  { set, version }: Orphan,
): boolean {
  const serving = status?.serving?.release === recordOf(set) ? status.serving : undefined;
  const isSame = serving === undefined || serving.hash === identity.template;
  return isSame && (isNumbered(spec.version) ? serving !== undefined : spec.version === version);
}

function lostRelease(observation: Observation, set: ReplicaSet, version: string): Release {
  const { application, releases } = observation;
  const serving = application.status?.serving;
  const name = recordOf(set);
  const isServing = serving?.release === name;
  const template = set.spec?.template ?? {};
  const identity = { template: isServing ? serving.hash : 'lost', configuration: 'lost' };
  const frozen = Object.fromEntries(findReferences(template).map((each) => [referenceKey(each), each.name]));
  const adopted = findAdopted(observation, name);
  const release = newRelease(application, { version, name, asked: { identity, frozen }, adopted });
  const finishedAt = isServing ? lastEnd(releases, set) : set.metadata.creationTimestamp;
  return {
    ...release,
    metadata: { ...release.metadata, annotations: { ...release.metadata.annotations, [annotations.lost]: 'true' } },
    spec: { ...release.spec, template },
    status: { phase: isServing ? 'Succeeded' : 'Superseded', finishedAt },
  };
}

/** What serves has succeeded after all others. */
function lastEnd(releases: readonly Release[], { metadata }: ReplicaSet): string | undefined {
  const ends = releases.flatMap(({ status }) => status?.finishedAt ?? []).map((text) => Date.parse(text));
  const last = Math.max(Date.parse(metadata.creationTimestamp ?? ''), ...ends) + 1;
  return new Date(last).toISOString();
}
