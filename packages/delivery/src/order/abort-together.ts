/** Groups that go back as one: which releases are drawn along, and who waits for whom on the way. */
import { isFinished, type Release, type ReleaseEnding } from '../api/release.ts';
import type { ReleaseGroup } from '../api/release-group.ts';
import { activeRelease } from '../current-releases.ts';
import type { Observation } from '../observation.ts';
import { sendBack, statusOf } from '../release-changes.ts';
import { nameOf, type ReleaseContext } from '../release-context.ts';
import { attemptStart, progressedAt } from '../release-status.ts';
import { describeGroup, membersAfter, type Companion } from './companions.ts';
import { judgeCompanion } from './judge-companion.ts';

/** Who sends back what is drawn along. */
const byGroup = 'group';

/**
 * The release under way goes back where another member did so for a reason of its own while this attempt was under way: what
 * begins later is another undertaking, and so is a person's rollback.
 */
export function withGroupAborts(observation: Observation, now: number): Observation {
  const active = activeRelease(observation);
  if (active === undefined) return observation;
  const reason = boundGroups(observation)
    .map((group) => findCause(observation, { group, release: active }))
    .find((each) => each !== undefined);
  if (reason === undefined) return observation;
  const ending = { now, phase: 'RolledBack', by: byGroup, reason } as const;
  return { ...observation, releases: sendBack(observation.releases, active, ending) };
}

function boundGroups({ companions }: Observation): readonly ReleaseGroup[] {
  return companions.groups.filter(({ spec }) => spec.abortTogether === true);
}

interface Member {
  readonly group: ReleaseGroup;
  /** Of the member, under way. */
  readonly release: Release;
}

/** `member db of ReleaseGroup shop goes back: …`; undefined where this one goes on, or goes back already. */
function findCause(observation: Observation, { group, release }: Member): string | undefined {
  const { ending, attempts } = statusOf(release);
  const since = attemptStart(statusOf(release));
  if (ending !== undefined || since === undefined || attempts?.at(-1)?.cause === 'rollback') return undefined;
  for (const name of group.spec.members.filter((each) => each !== release.spec.application)) {
    const culprit = releasesOf(observation, name).find((each) => (returnOf(each) ?? -Infinity) >= since);
    if (culprit !== undefined)
      return `member ${name} of ${describeGroup(group)} goes back: ${statusOf(culprit).ending?.reason ?? ''}`;
  }
  return undefined;
}

/** Its own as they are about to be, those of others as they are seen. */
function releasesOf({ application, releases, companions }: Observation, name: string): readonly Release[] {
  return name === application.metadata.name ? releases : (companions.known.get(name)?.releases ?? []);
}

/** When it went back for a reason of its own, in milliseconds. */
function returnOf(release: Release): number | undefined {
  const { ending, transitions = [] } = statusOf(release);
  if (ending === undefined || ending.phase === 'Superseded' || isDrawn(ending)) return undefined;
  const at = transitions.findLast(({ phase }) => phase === 'RollingBack')?.at;
  return at === undefined ? undefined : Date.parse(at);
}

/** A person may have any name. */
function isDrawn({ by, command }: ReleaseEnding): boolean {
  return by === byGroup && command === undefined;
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

function isToReturn(
  observation: Observation,
  { group, name }: { readonly group: ReleaseGroup; readonly name: string },
): boolean {
  const release = beganRelease(releasesOf(observation, name));
  if (release === undefined) return false;
  const { ending, trafficReturnedAt } = statusOf(release);
  if (ending === undefined) return findCause(observation, { group, release }) !== undefined;
  return ending.phase !== 'Superseded' && trafficReturnedAt === undefined;
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
