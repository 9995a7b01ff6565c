/** Groups that go back as one come back as one: where a person retries one member, or undoes what sent them back. */
import { isFinished, type Release, type ReleaseAttempt } from '../api/release.ts';
import { askedOf, isAsked } from '../asked.ts';
import { activeRelease } from '../current-releases.ts';
import type { Observation } from '../observation.ts';
import { goForward, restart, sendBack, statusOf } from '../release-changes.ts';
import { attemptStart } from '../release-status.ts';
import { findStanding, isRefused, liftRefusal } from '../status/refused-versions.ts';
import { byGroup, findCulprit, isDrawn, peersOf, type Peer } from './peers.ts';

/** Its own releases as those of the others of its group have gone on, or were tried once more, meanwhile. */
export function withGroupReturns(observation: Observation, now: number): Observation {
  const peers = peersOf(observation);
  if (peers.length === 0) return observation;
  const active = activeRelease(observation);
  const scene: Scene = { observation, peers, now };
  if (active === undefined) return tryAgain(scene);
  return statusOf(active).ending === undefined ? giveUp(scene, active) : goOn(scene, active);
}

interface Scene {
  readonly observation: Observation;
  readonly peers: readonly Peer[];
  readonly now: number;
}

/** On its way back with one whose abort was undone since: forward again, unless another one takes it back. */
function goOn({ observation, peers, now }: Scene, active: Release): Observation {
  const { ending } = statusOf(active);
  const since = attemptStart(statusOf(active)) ?? Infinity;
  const isAlone = ending !== undefined && isDrawn(ending) && findCulprit(peers, since) === undefined;
  const peer = isAlone ? peers.find((each) => isUndone(each, active)) : undefined;
  if (peer === undefined || statusOf(active).phase !== 'RollingBack') return observation;
  const reason = `the abort of member ${peer.name} was undone`;
  return withoutRefusal({ ...observation, releases: goForward(observation.releases, active, { now, reason }) }, active);
}

function withoutRefusal(observation: Observation, release: Release): Observation {
  const { application } = observation;
  const refused = liftRefusal(application.status?.refused ?? [], release);
  return { ...observation, application: { ...application, status: { ...application.status, refused } } };
}

/** Tried once more with a member whose retry was undone since. */
function giveUp({ observation, peers, now }: Scene, active: Release): Observation {
  const attempt = statusOf(active).attempts?.at(-1);
  const peer = peers.find(({ name }) => isFollowerOf(name, attempt));
  if (attempt === undefined || peer === undefined || !isRetryUndone(peer, attempt)) return observation;
  const reason = `the retry of member ${peer.name} was undone`;
  const ending = { now, phase: 'RolledBack', by: byGroup, reason } as const;
  return { ...observation, releases: sendBack(observation.releases, active, ending) };
}

/** What spec still asks for, and went back together with one that is under way again because a person says so. */
function tryAgain({ observation, peers, now }: Scene): Observation {
  const { application, releases } = observation;
  const asked = askedOf(observation);
  const target = releases.findLast((each) => isRefused(application, each) && isAsked(observation, asked, each));
  if (target === undefined || findStanding(observation, asked) === undefined) return observation;
  const { ending } = statusOf(target);
  const since = attemptStart(statusOf(target)) ?? Infinity;
  // Another group may have taken it back since: that is not undone.
  const isDrawnBack = isDrawn(ending) && findCulprit(peers, since) === undefined;
  const peer = peers.find((each) => isRetried(each, target) || (isDrawnBack && isUndone(each, target)));
  if (peer === undefined) return observation;
  const again = { now, cause: causeBy(peer.name), by: byGroup };
  return { ...observation, releases: restart(releases, target, again) };
}

/** Of the attempt of a member that follows another one: `retry of member db`. */
function causeBy(name: string): string {
  return `retry of member ${name}`;
}

export function isFollowerOf(name: string, attempt: ReleaseAttempt | undefined): boolean {
  return attempt?.cause === causeBy(name);
}

/** A person sent it back while the attempt was under way, and took that back. */
function isUndone(peer: Peer, release: Release): boolean {
  return underWay(peer).some(({ status }) =>
    status?.commands?.some(
      ({ verb, outcome, at }) =>
        (verb === 'abort' || verb === 'rollback') && outcome === 'undone' && isWithin(release, Date.parse(at)),
    ),
  );
}

/** Between the beginning of its attempt and its way back, in milliseconds. */
export function isWithin(release: Release, given: number): boolean {
  const since = attemptStart(statusOf(release)) ?? Infinity;
  return since <= given && given <= returnedAt(release);
}

/** A person tries once more what went back together with the release, after that did. */
function isRetried(peer: Peer, release: Release): boolean {
  return underWay(peer).some((each) => {
    const { attempts = [] } = statusOf(each);
    const again = attempts.at(-1);
    const before = attempts.at(-2);
    const isAgain = again?.cause === 'retry' && Date.parse(again.startedAt) >= returnedAt(release);
    return isAgain && before !== undefined && wentTogether(release, { release: each, attempt: before });
  });
}

function underWay({ releases }: Peer): readonly Release[] {
  return releases.filter((each) => !isFinished(statusOf(each).phase) && statusOf(each).ending === undefined);
}

/** Each was under way when the other one went back. */
export function wentTogether(
  release: Release,
  other: { readonly release: Release; readonly attempt: ReleaseAttempt },
): boolean {
  const own = statusOf(release).attempts?.at(-1);
  const isFailed = other.attempt.outcome === 'RolledBack' || other.attempt.outcome === 'Failed';
  if (own === undefined || !isFailed || [own, other.attempt].some(({ cause }) => cause === 'rollback')) return false;
  const hadBegun = Date.parse(own.startedAt) <= returnedAt(other.release);
  return hadBegun && Date.parse(other.attempt.startedAt) <= returnedAt(release);
}

/** When it went back last, in milliseconds; never, as far as is known: NaN, which is neither before nor after. */
function returnedAt(release: Release): number {
  const last = statusOf(release).transitions?.findLast(({ phase }) => phase === 'RollingBack');
  return Date.parse(last?.at ?? '');
}

function isRetryUndone(peer: Peer, follower: ReleaseAttempt): boolean {
  return peer.releases.some(({ status }) => {
    const last = status?.attempts?.at(-1);
    const isCause = last?.cause === 'retry' && last.startedAt <= follower.startedAt;
    return (
      isCause &&
      status?.commands?.some((each) => each.verb === 'retry' && each.outcome === 'undone' && each.at === last.startedAt)
    );
  });
}
