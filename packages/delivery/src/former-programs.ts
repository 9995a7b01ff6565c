/** When programs of former versions end: not just before traffic moves. */
import type { ReleaseStatus } from './api/release.ts';
import { viewOf, type Observation, type VersionView } from './observation.ts';
import type { Action, Step } from './plan.ts';
import { isShortOfRoom } from './pod-faults.ts';
import { nameOf } from './release-context.ts';
import { earlier } from './scaling.ts';

const holdMilliseconds = 2_000;

/**
 * How long no program of a former version is ended, in milliseconds: its end, and what is cleared away after it, takes the
 * processor from pods that start and from the move of the traffic right after that. It is not long, and pods for which
 * the cluster has no room may wait for just these programs to go. Undefined: they end.
 */
export function calculateHold(
  { phase, transitions }: ReleaseStatus,
  candidate: VersionView,
  now: number,
): number | undefined {
  const last = transitions?.at(-1);
  if (phase !== 'Progressing' || last?.phase !== phase) return undefined;
  const isStarting = candidate.pods.length > 0 && !isShortOfRoom(candidate);
  const elapsed = now - Date.parse(last.at);
  // A clock that was set back would hold them for as long.
  return isStarting && elapsed >= 0 && elapsed < holdMilliseconds ? holdMilliseconds - elapsed : undefined;
}

type Sizing = Pick<Step, 'actions' | 'requeueAfter'>;

/** Without what makes versions smaller, which is looked at again after `hold` milliseconds. */
export function holdPrograms(observation: Observation, { actions, requeueAfter }: Sizing, hold: number): Sizing {
  const left = actions.filter((action) => !isShrinking(observation, action));
  return left.length === actions.length
    ? { actions, requeueAfter }
    : { actions: left, requeueAfter: earlier(requeueAfter, hold) };
}

function isShrinking(observation: Observation, action: Action): boolean {
  if (action.type !== 'scale') return false;
  const release = observation.releases.find((each) => nameOf(each) === action.release);
  const size = release && viewOf(observation, release).replicaSet?.spec?.replicas;
  return action.replicas < (size ?? 0);
}
