import type { Application } from '@slipway/delivery/api/application';
import type { DeliveryConditionType } from '@slipway/delivery/api/condition';
import { isFinished, isOfVersion, type Release } from '@slipway/delivery/api/release';
import { contentOf } from '@slipway/delivery/configuration/content';
import { identityOf } from '@slipway/delivery/names';
import { byStart } from '@slipway/delivery/release-order';
import { findCondition } from '@slipway/kube/conditions';

export type Goal = 'promoted' | 'succeeded';

export interface Followed {
  /** As it was applied. */
  readonly asked: Application;
  /** What was applied with it, of the configuration that its version freezes: hash of the content, by `Kind/name`. */
  readonly configuration?: ReadonlyMap<string, string> | undefined;
  /** As the controller sees it now; undefined before it is known. */
  readonly current: Application | undefined;
  readonly releases: readonly Release[];
  readonly goal: Goal;
  /** Names of what people said of the Application before, such as a retry, that may not have been heard yet. */
  readonly commands: readonly string[];
}

export interface FollowOutcome {
  readonly isReached: boolean;
  readonly version: string;
  /** Why it is not. */
  readonly reason: string;
  /** Absent where none was made. */
  readonly release: Release | undefined;
}

/** The release that was asked for: by content, and by version where one is given. */
export function findAskedRelease({ asked, current, releases, configuration }: Followed): Release | undefined {
  const { template } = identityOf(asked.spec);
  const matching = releases
    .filter((release) => release.spec.identity.template === template && isAsked(release, asked.spec.version))
    .filter((release) => hasFrozen(release, configuration))
    .toSorted(byStart);
  return matching.find(({ metadata }) => metadata.name === current?.status?.candidate) ?? matching.at(-1);
}

/** A release of the content before is not what was asked for: the controller waits a moment before it makes the next one. */
function hasFrozen({ spec }: Release, configuration: Followed['configuration'] = new Map()): boolean {
  return configuration.entries().every(([key, content]) => contentOf(spec.frozen?.[key] ?? '') === content);
}

function isAsked(release: Release, version: string | undefined): boolean {
  return version === undefined || version === '#' || isOfVersion(release, version);
}

/**
 * Whether what was asked for has come about, or will not; undefined while neither is so. What the controller wrote before
 * it saw the Application as it was applied counts for nothing: the same version may have failed before.
 */
export function judge(followed: Followed): FollowOutcome | undefined {
  const { asked, current } = followed;
  if ((current?.status?.observedGeneration ?? 0) < (asked.metadata.generation ?? 0)) return undefined;
  if (!areAnswered(followed)) return undefined;
  const release = findAskedRelease(followed);
  const verdict = judgeState(followed, release);
  return verdict === undefined
    ? undefined
    : { ...verdict, version: release?.spec.version ?? asked.spec.version ?? '#', release };
}

function judgeState(
  followed: Followed,
  release: Release | undefined,
): Pick<FollowOutcome, 'isReached' | 'reason'> | undefined {
  const { current } = followed;
  const refuse = (reason: string) => ({ isReached: false, reason });
  const fault = explainCondition(current, 'Valid', 'False');
  if (fault !== undefined) return refuse(fault);
  switch (release === undefined ? 'absent' : stateOf(release, followed)) {
    case 'underWay':
      return undefined;
    case 'reached':
      return { isReached: true, reason: '' };
    case 'failed':
      return refuse(`${release?.status?.phase ?? ''}: ${release?.status?.ending?.reason ?? 'no reason was recorded'}`);
    case 'absent': {
      const hindrance =
        explainCondition(current, 'Synced', 'False') ?? explainCondition(current, 'ScaledToZero', 'True');
      return hindrance === undefined ? undefined : refuse(hindrance);
    }
  }
}

/** An accepted command and what it does to the release are one write: what was before it counts for nothing either. */
function areAnswered({ commands, releases }: Followed): boolean {
  const answered = new Set(releases.flatMap(({ status }) => (status?.commands ?? []).map(({ name }) => name)));
  return commands.every((name) => answered.has(name));
}

/** `absent`: it does not serve, and nothing is being done about it (yet). */
function stateOf(release: Release, { current, goal }: Followed): 'underWay' | 'reached' | 'failed' | 'absent' {
  const phase = release.status?.phase ?? 'Pending';
  if (goal === 'promoted' && phase === 'Guarding') return 'reached';
  if (!isFinished(phase) || current?.status?.candidate === release.metadata.name) return 'underWay';
  if (phase !== 'Succeeded') return 'failed';
  return current?.status?.serving?.release === release.metadata.name ? 'reached' : 'absent';
}

/** Why the controller starts no release for the Application as it is, if the condition says so. */
function explainCondition(
  application: Application | undefined,
  type: DeliveryConditionType,
  status: 'True' | 'False',
): string | undefined {
  const condition = findCondition(application?.status?.conditions, type);
  if (condition?.status !== status) return undefined;
  return condition.message === '' ? type : `${condition.reason}: ${condition.message}`;
}
