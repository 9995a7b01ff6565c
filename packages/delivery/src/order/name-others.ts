/** What a command on one member of a group that goes back as one does to the others: named where the command is answered. */
import { isConditionTrue } from '@slipway/kube/conditions';
import { isFinished, type Release } from '../api/release.ts';
import type { Observation } from '../observation.ts';
import { statusOf } from '../release-changes.ts';
import { attemptStart } from '../release-status.ts';
import { canBeDrawn } from './abort-together.ts';
import { describeGroup } from './companions.ts';
import { isDrawn, peersOf, type Peer } from './peers.ts';
import { isFollowerOf, isWithin, wentTogether } from './return-together.ts';

/** Of an abort: those that are under way. */
export function nameThoseDrawn(observation: Observation): string {
  return nameOthers(observation, (release) => isOpen(release) && hasBegun(release) && canBeDrawn(release));
}

/** Of its undo: those that went back because of it; `given` is when it was. */
export function nameThoseGoingOn(observation: Observation, given: number): string {
  return nameOthers(observation, (release) => isDrawn(statusOf(release).ending) && isWithin(release, given));
}

/** Of a retry: those that went back together with the release, and are still asked for. */
export function nameThoseTriedAgain(observation: Observation, release: Release): string {
  const attempt = statusOf(release).attempts?.at(-1);
  if (attempt === undefined) return '';
  const isAlong = (other: Release): boolean =>
    isFinished(statusOf(other).phase) && wentTogether(other, { release, attempt });
  return nameOthers(
    observation,
    isAlong,
    ({ application: { status } }) => !isConditionTrue(status?.conditions, 'Synced'),
  );
}

/** Of its undo: those that were tried again with it. */
export function nameThoseGivenUp(observation: Observation): string {
  const { name = '' } = observation.application.metadata;
  return nameOthers(
    observation,
    (release) => isOpen(release) && isFollowerOf(name, statusOf(release).attempts?.at(-1)),
  );
}

/** `, and with it api and web (ReleaseGroup shop)`; empty where nobody else is concerned. */
function nameOthers(
  observation: Observation,
  isAlong: (release: Release) => boolean,
  isConcerned: (peer: Peer) => boolean = () => true,
): string {
  const others = peersOf(observation).filter((peer) => isConcerned(peer) && peer.releases.some(isAlong));
  const names = [...new Set(others.map(({ name }) => name))];
  const groups = [...new Set(others.map(({ group }) => describeGroup(group)))];
  return names.length === 0 ? '' : `, and with it ${listed(names)} (${groups.join(', ')})`;
}

/** `db, api and web` */
function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

function isOpen(release: Release): boolean {
  return !isFinished(statusOf(release).phase);
}

function hasBegun(release: Release): boolean {
  return attemptStart(statusOf(release)) !== undefined;
}
