/** What became of a person's command, and of the release that it is about. */
import type { CommandOutcome, Verb } from '@slipway/delivery/api/release-command';
import { isFinished, type Release, type ReleasePhase, type ReleaseStatus } from '@slipway/delivery/api/release';
import type { Seen } from './follow.ts';
import type { Goal } from './release-outcome.ts';

export interface Given {
  readonly name: string;
  readonly verb: Verb;
  readonly goal: Goal;
}

export interface CommandResult {
  readonly isReached: boolean;
  /** What came about, or why it did not. */
  readonly message: string;
  /** As the controller keeps it; absent where none has answered. */
  readonly command?: CommandOutcome | undefined;
  readonly release?: Release | undefined;
}

interface Answered {
  readonly command: CommandOutcome;
  /** Absent where there is none that is written down. */
  readonly release: Release | undefined;
}

/** Undefined as long as no controller has answered. An Application without a release keeps the answer itself. */
export function findAnswer({ current, releases }: Seen, name: string): Answered | undefined {
  for (const release of [...releases, undefined]) {
    const { commands } = (release ?? current)?.status ?? {};
    const command = commands?.find((each) => each.name === name);
    if (command !== undefined) return { command, release };
  }
  return undefined;
}

/** Undefined while what was asked for is still under way, or not answered yet. */
export function judgeCommand(given: Given, seen: Seen): CommandResult | undefined {
  const answer = findAnswer(seen, given.name);
  if (answer === undefined) return undefined;
  const { command, release } = answer;
  const result = (isReached: boolean, message: string): CommandResult => ({ ...answer, isReached, message });
  if (command.outcome === 'refused') return result(false, `was refused: ${command.message}`);
  if (command.outcome === 'undone') return result(false, 'was taken back by an undo');
  if (release?.status === undefined) return result(true, command.message);
  const { version } = release.spec;
  const { phase, ending } = release.status;
  switch (stateOf(given, release, seen.current?.status?.candidate === release.metadata.name)) {
    case 'underWay':
      return undefined;
    case 'reached':
      return result(true, `version ${version} ${progressOf[phase] ?? `is ${phase}`}`);
    case 'missed':
      return result(false, `version ${version} is ${phase}: ${ending?.reason ?? 'no reason was recorded'}`);
  }
}

const progressOf: Partial<Record<ReleasePhase, string>> = {
  Guarding: 'has all traffic',
  RollingBack: 'has no traffic any more',
};

function stateOf(
  { name, verb, goal }: Given,
  { metadata, status }: Release,
  isCandidate: boolean,
): 'underWay' | 'reached' | 'missed' {
  const { phase = 'Pending', ending, ...rest } = status ?? {};
  // Who holds a release, or takes back that it goes on, has it where it should be.
  if (phase === 'Paused' && (verb === 'pause' || verb === 'undo')) return 'reached';
  const goesBack = verb === 'abort' || ending?.command === name;
  const isPromotedSo = goesBack ? hasNoTraffic(rest, metadata.name ?? '') : phase === 'Guarding';
  if (goal === 'promoted' && isPromotedSo) return 'reached';
  if (!isFinished(phase) || isCandidate) return 'underWay';
  return isEndedAsAsked(phase, verb, goesBack) ? 'reached' : 'missed';
}

function isEndedAsAsked(phase: ReleasePhase, verb: Given['verb'], goesBack: boolean): boolean {
  if (goesBack) return phase !== 'Succeeded';
  // What an undo keeps from being released again ends as superseded.
  return phase === 'Succeeded' || (verb === 'undo' && phase === 'Superseded');
}

/** Its pods may still be drained, and then kept for a look. */
function hasNoTraffic({ replicas, split }: Pick<ReleaseStatus, 'replicas' | 'split'>, name: string): boolean {
  const isRouted = Object.keys(split?.weights ?? {}).length > 0;
  const isRouteLeft = !isRouted || (split?.confirmed === true && (split.weights[name] ?? 0) === 0);
  return isRouteLeft && (replicas?.serving ?? 0) === 0;
}
