/** Taking back the last command where that still can be, naming it and what will become of its version. */
import { describeAsker, type CommandOutcome } from './api/release-command.ts';
import type { Release, ReleasePhase } from './api/release.ts';
import { stableRelease } from './current-releases.ts';
import { nameThoseGivenUp, nameThoseGoingOn } from './order/name-others.ts';
import { isDrawn } from './order/peers.ts';
import { changeStatus, goForward, sendBack, statusOf } from './release-changes.ts';
import { inPhase } from './release-status.ts';
import { isTimedPause } from './strategies/canary-steps.ts';
import type { Accepted, Request, Verdict } from './verdict.ts';

interface Given {
  readonly release: Release;
  readonly outcome: CommandOutcome;
}

export function undo(request: Request): Verdict {
  const last = lastGiven(request.observation.releases);
  if (last === undefined)
    return { message: `there is no command that could be undone${describeDrawn(request.active)}` };
  const undone = takeBack(request, last);
  if (undone === undefined)
    return {
      message: `${describe(last)} cannot be undone any more: the version is ${statusOf(last.release).phase}${describeOtherWay(last)}`,
    };
  const releases = changeStatus(undone.releases, last.release, (status) => ({
    ...status,
    commands: (status.commands ?? []).map((each) =>
      each.name === last.outcome.name ? { ...each, outcome: 'undone' } : each,
    ),
  }));
  return { ...undone, releases, message: `takes back ${describe(last)}: ${undone.message}` };
}

/** What has the traffic is not undone: it goes back. What was aborted comes again by another attempt. */
function describeOtherWay({ release, outcome: { verb } }: Given): string {
  if (isIn(release, 'Promoting', 'Guarding')) return '; abort takes its traffic back';
  return verb === 'abort' && isIn(release, 'RolledBack', 'Failed') ? '; retry tries it again' : '';
}

/** The command was another member's. */
function describeDrawn(active: Release | undefined): string {
  const ending = active?.status?.ending;
  return ending !== undefined && isDrawn(ending) ? `: ${ending.reason}; undo it there` : '';
}

/** What an `undo` would take back, if it still can: `abort of version 3 by ann`. */
export function describeLast(releases: readonly Release[]): string | undefined {
  const last = lastGiven(releases);
  return last === undefined ? undefined : describe(last);
}

function describe({ release, outcome }: Given): string {
  return `${outcome.verb} of version ${release.spec.version} by ${describeAsker(outcome.requestedBy)}`;
}

/** Of each release those of its current attempt: what was asked of an earlier one has had its effect. */
function lastGiven(releases: readonly Release[]): Given | undefined {
  return releases
    .flatMap((release) => (statusOf(release).commands ?? []).map((outcome) => ({ release, outcome })))
    .filter(({ outcome }) => outcome.outcome === 'accepted' && outcome.verb !== 'undo')
    .filter(({ release, outcome }) => Date.parse(outcome.at) >= attemptStart(release))
    .toSorted((a, b) => a.outcome.at.localeCompare(b.outcome.at))
    .at(-1);
}

/** The first attempt begins with the release, and with it what was asked while it waited for its turn. */
function attemptStart(release: Release): number {
  const { attempts = [] } = statusOf(release);
  const last = attempts.at(-1);
  return last === undefined || last.number === 1 ? -Infinity : Date.parse(last.startedAt);
}

/** Undefined where it has taken effect for good. */
function takeBack(request: Request, { release, outcome }: Given): Accepted | undefined {
  switch (outcome.verb) {
    case 'promote':
      return takeBackPromotion(request, release);
    case 'pause':
      return isIn(release, 'Paused') ? goOn(request, release) : undefined;
    case 'resume':
      return takeBackResumption(request, release);
    case 'abort':
      return takeBackAbort(request, { release, outcome });
    case 'rollback':
      return takeBackAbort(request, { release, outcome }) ?? takeBackStart(request, release);
    case 'retry':
      return takeBackStart(request, release);
    default:
      return undefined;
  }
}

function takeBackPromotion({ observation, by, now }: Request, target: Release): Accepted | undefined {
  if (!isIn(target, 'Pending', 'Progressing', 'Paused')) return undefined;
  const reason = `the promotion was undone by ${by}`;
  const wasPaused = statusOf(target).pausedBefore !== undefined;
  return {
    releases: changeStatus(observation.releases, target, ({ promotedBy: _, pausedBefore: pausedBy, ...status }) =>
      pausedBy === undefined ? status : { ...inPhase(status, 'Paused', { now, reason }), pausedBy },
    ),
    target,
    message: `version ${target.spec.version} ${wasPaused ? 'is paused' : 'waits for its gates'} again`,
  };
}

function takeBackResumption({ observation, by, now }: Request, target: Release): Accepted | undefined {
  if (!isIn(target, 'Progressing')) return undefined;
  const reason = `the resumption was undone by ${by}`;
  return {
    releases: changeStatus(observation.releases, target, ({ resumedStep, ...status }) => {
      const paused = inPhase(status, 'Paused', { now, reason });
      if (resumedStep === undefined) return { ...paused, pausedBy: by };
      if (!isTimedPause(target, resumedStep)) return { ...paused, stepIndex: resumedStep };
      // Lasts its time once more.
      const { stepSince: _, ...running } = status;
      return { ...running, stepIndex: resumedStep };
    }),
    target,
    message: `version ${target.spec.version} is paused again`,
  };
}

/**
 * Forward again from wherever it is: the strategy plans from the world and not from memory. Not where a gate or the guard
 * sends it back: no command did that.
 */
function takeBackAbort(request: Request, { release, outcome }: Given): Accepted | undefined {
  const isCause = isIn(release, 'RollingBack') && statusOf(release).ending?.command === outcome.name;
  if (!isCause) return undefined;
  const own = goOn(request, release);
  const others = nameThoseGoingOn(request.observation, Date.parse(outcome.at));
  return { ...own, message: `${own.message}${others}`, lifts: release };
}

/** What was released again ends before it takes traffic, and what it should have replaced may be asked for. */
function takeBackStart({ observation, by, now }: Request, target: Release): Accepted | undefined {
  if (!isIn(target, 'Pending', 'Progressing', 'Paused')) return undefined;
  const reason = `undone by ${by}`;
  return {
    releases: sendBack(observation.releases, target, { now, phase: 'Superseded', by, reason }),
    target,
    message: `version ${target.spec.version} is not released again${nameThoseGivenUp(observation)}`,
    lifts: stableRelease(observation),
  };
}

function goOn({ observation, by, now }: Request, target: Release): Accepted {
  return {
    releases: goForward(observation.releases, target, { now, reason: `undone by ${by}` }),
    target,
    message: `version ${target.spec.version} goes on`,
  };
}

function isIn(release: Release, ...phases: readonly ReleasePhase[]): boolean {
  return phases.includes(statusOf(release).phase);
}
