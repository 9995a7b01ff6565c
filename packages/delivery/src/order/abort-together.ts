/** Groups that go back as one: which releases are drawn along, and who waits for whom on the way. */
import { isFinished, type Release } from '../api/release.ts';
import type { ReleaseGroup } from '../api/release-group.ts';
import { activeRelease } from '../current-releases.ts';
import type { Observation } from '../observation.ts';
import { sendBack, statusOf } from '../release-changes.ts';
import { nameOf, type ReleaseContext } from '../release-context.ts';
import { attemptStart, progressedAt } from '../release-status.ts';
import { describeGroup, membersAfter, type Companion } from './companions.ts';
import { judgeCompanion } from './judge-companion.ts';
import { boundGroups, byGroup, findCulprit, peersIn, peersOf, type Peer } from './peers.ts';

/**
 * The release under way goes back where another member did so for a reason of its own while this attempt was under way: what
 * begins later is another undertaking, and so is a person's rollback.
 */
export function withGroupAborts(observation: Observation, now: number): Observation {
  const active = activeRelease(observation);
  const reason = active === undefined ? undefined : findCause(active, peersOf(observation));
  if (active === undefined || reason === undefined) return observation;
  const ending = { now, phase: 'RolledBack', by: byGroup, reason } as const;
  return { ...observation, releases: sendBack(observation.releases, active, ending) };
}

/** Undefined where it goes on, or goes back already. */
function findCause(release: Release, peers: readonly Peer[]): string | undefined {
  return canBeDrawn(release) ? findCulprit(peers, attemptStart(statusOf(release)) ?? Infinity) : undefined;
}

/** Under way, and no person's rollback. */
export function canBeDrawn(release: Release): boolean {
  const { ending, attempts } = statusOf(release);
  return ending === undefined && attempts !== undefined && attempts.at(-1)?.cause !== 'rollback';
}

/**
 * What the way back waits for: the last member goes first, for it may need what those before it bring. Not where the version
 * has failed itself, which cannot wait, and for no longer than a release may be without progress.
 */
export function awaitedReturns(context: ReleaseContext): string | undefined {
  const { observation, status, now } = context;
  const { ending } = status;
  const isAsked = ending?.by === byGroup || ending?.command !== undefined;
  if (!isAsked || ending.phase === 'Superseded' || now >= endOfPatience(context)) return undefined;
  const name = observation.application.metadata.name ?? '';
  const open = boundGroups(observation).flatMap((group) =>
    membersAfter(group, name)
      .filter((each) => isToReturn(observation, { group, name: each }))
      .map((each) => `Application ${each} to go back first (${describeGroup(group)})`),
  );
  return open.length === 0 ? undefined : open.join('; ');
}

/** In milliseconds. */
export function endOfPatience({ status, release, now }: ReleaseContext): number {
  return progressedAt(status, now) + release.spec.progressDeadlineSeconds * 1_000;
}

interface Other {
  readonly group: ReleaseGroup;
  readonly name: string;
}

function isToReturn(observation: Observation, { group, name }: Other): boolean {
  const release = beganRelease(observation.companions.known.get(name)?.releases ?? []);
  if (release === undefined) return false;
  const { ending, trafficReturnedAt } = statusOf(release);
  if (ending === undefined) return findCause(release, othersOf(observation, { group, name })) !== undefined;
  return ending.phase !== 'Superseded' && trafficReturnedAt === undefined;
}

/** Whom another member looks at: this Application is one of them, as it is about to be. */
function othersOf({ application, releases, companions }: Observation, { group, name }: Other): readonly Peer[] {
  const known = new Map([...companions.known, [application.metadata.name ?? '', { application, releases }]]);
  return peersIn(group, { name, known });
}

/** Under way, and more than a wish. */
function beganRelease(releases: readonly Release[]): Release | undefined {
  return releases.find((each) => !isFinished(statusOf(each).phase) && attemptStart(statusOf(each)) !== undefined);
}

/**
 * What the end of a guard waits for: as long as another member may still fail, this one can go back with it. A newer version
 * of its own ends it all the same.
 */
export function awaitedGuards({ observation, release, now }: ReleaseContext): string | undefined {
  const newest = observation.releases.at(-1);
  if (newest !== undefined && nameOf(newest) !== nameOf(release)) return undefined;
  const own = observation.application.metadata.name ?? '';
  for (const group of boundGroups(observation))
    for (const name of group.spec.members) {
      const companion = name === own ? undefined : observation.companions.known.get(name);
      const why = companion === undefined ? undefined : describeRisk(companion, now);
      if (why !== undefined) return `Application ${name}${why} (${describeGroup(group)})`;
    }
  return undefined;
}

/** Undefined where nothing more can happen to it. */
function describeRisk(companion: Companion, now: number): string | undefined {
  const release = beganRelease(companion.releases);
  if (release === undefined) {
    const { state, why } = judgeCompanion(companion);
    return state === 'releasing' ? why : undefined;
  }
  const { phase, guardEndsAt } = statusOf(release);
  const isOver = phase === 'Guarding' && Date.parse(guardEndsAt ?? '') <= now;
  return isOver || phase === 'RollingBack' ? undefined : `, whose version ${release.spec.version} is ${phase}`;
}
