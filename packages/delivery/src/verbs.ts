/** What each verb of a person does to the releases, or why it cannot. */
import type { Verb } from './api/release-command.ts';
import type { Release, ReleasePhase } from './api/release.ts';
import {
  describeUnserved,
  findServed,
  isReturnable,
  previousStable,
  servedUntil,
  stableRelease,
} from './current-releases.ts';
import type { Observation } from './observation.ts';
import { nameThoseDrawn, nameThoseTriedAgain } from './order/name-others.ts';
import { changeStatus, restart, sendBack, statusOf } from './release-changes.ts';
import { afterStep, inPhase, withoutOpenChecks } from './release-status.ts';
import { strategies } from './strategies/strategies.ts';
import { isTimedPause } from './strategies/canary-steps.ts';
import { findRefused } from './status/refused-versions.ts';
import { undo } from './undo.ts';
import type { Accepted, Request, Verdict } from './verdict.ts';

export const verbRules: Readonly<Record<Verb, (request: Request) => Verdict>> = {
  promote,
  pause,
  resume,
  abort,
  retry,
  rollback,
  undo,
};

const beforePromotion: readonly ReleasePhase[] = ['Pending', 'Progressing', 'Paused'];

function promote({ observation, active, by, now }: Request): Verdict {
  if (active === undefined) return { message: 'no release is under way that could be promoted' };
  const { version } = active.spec;
  const { phase, guardEndsAt } = statusOf(active);
  if (phase === 'Guarding')
    return { message: `version ${version} has all traffic already; the guard ends at ${guardEndsAt ?? 'once'}` };
  if (!beforePromotion.includes(phase))
    return { message: `version ${version} is ${phase} and cannot be promoted any more` };
  return {
    releases: changeStatus(observation.releases, active, ({ pausedBy, ...status }) => ({
      ...withoutOpenChecks(status, `promoted by ${by}`, now),
      promotedBy: by,
      ...(pausedBy === undefined ? {} : { pausedBefore: pausedBy }),
    })),
    target: active,
    message: `version ${version} is promoted`,
  };
}

function pause({ observation, active, by, now }: Request): Verdict {
  if (active === undefined || statusOf(active).phase !== 'Progressing')
    return { message: `no release is under way that could be paused${describePhase(active)}` };
  return {
    releases: changeStatus(observation.releases, active, (status) => ({
      ...inPhase(status, 'Paused', { now, reason: `paused by ${by}` }),
      pausedBy: by,
    })),
    target: active,
    message: `version ${active.spec.version} is paused`,
  };
}

/** From where a person stopped it, or from a step that waits for one or for a time. */
function resume({ observation, active, by, now }: Request): Verdict {
  if (active === undefined || !isHeld(active))
    return { message: `no release is paused${describePhase(active)}${describeHold(observation)}` };
  const { version, strategy } = active.spec;
  const isStopped = statusOf(active).pausedBy !== undefined;
  if (!isStopped && strategies[strategy.type]?.hasSteps !== true)
    return { message: `version ${version} waits for its promotion: promote it` };
  return {
    releases: changeStatus(observation.releases, active, ({ pausedBy: _, resumedStep: __, ...status }) =>
      inPhase(isStopped ? status : { ...afterStep(status), resumedStep: status.stepIndex ?? 0 }, 'Progressing', {
        now,
        reason: `resumed by ${by}`,
      }),
    ),
    target: active,
    message: `version ${version} goes on${describeHold(observation)}`,
  };
}

/** By a person, for one, or for a time. */
function isHeld(release: Release): boolean {
  const { phase, stepIndex = 0, stepSince } = statusOf(release);
  return phase === 'Paused' || (phase === 'Progressing' && stepSince !== undefined && isTimedPause(release, stepIndex));
}

/** What only spec can change. */
function describeHold({ application }: Observation): string {
  return application.spec.paused === true
    ? '; no step is taken while spec.paused of the Application is true: set it to false'
    : '';
}

function abort({ observation, command, active, by, now }: Request): Verdict {
  if (active === undefined || isGoingBack(active))
    return { message: `no release is under way that could be aborted${describePhase(active)}` };
  const reason = command.spec.reason ?? `aborted by ${by}`;
  return {
    releases: sendBack(observation.releases, active, {
      now,
      phase: 'RolledBack',
      by,
      reason,
      command: command.metadata.name,
    }),
    target: active,
    message: `version ${active.spec.version} goes back${nameThoseDrawn(observation)}`,
  };
}

function retry({ observation, active, by, now }: Request): Verdict {
  const { releases } = observation;
  const target = findRefused(observation);
  if (active !== undefined) return { message: `a release is under way${describePhase(active)}` };
  if (target === undefined) return { message: 'no version was refused' };
  return {
    releases: restart(releases, target, { now, cause: 'retry', by }),
    target,
    message: `version ${target.spec.version} is tried again${nameThoseTriedAgain(observation, target)}`,
  };
}

/** Without a version: what is under way goes back, or else the stable version before serves once more. */
function rollback(request: Request): Verdict {
  const { observation, command, active } = request;
  const { version } = command.spec;
  const serving = stableRelease(observation);
  const isUnderWay = active !== undefined && !isGoingBack(active);
  if (isUnderWay && (version === undefined || version === serving?.spec.version)) return abort(request);
  if (version !== undefined && version === serving?.spec.version)
    return { message: `version ${version} serves already` };
  if (version === undefined && active !== undefined)
    return { message: `version ${active.spec.version} goes back already` };
  const target = version === undefined ? previousStable(observation) : findServed(observation.releases, version);
  if (target !== undefined) return serveAgain(request, target, serving);
  return {
    message:
      version === undefined
        ? 'there is no earlier version to go back to'
        : describeUnserved(observation.releases, version),
  };
}

/** The version that is left is refused, or spec would bring it back at once. Inside the window no gate is asked again. */
function serveAgain(request: Request, target: Release, serving: Release | undefined): Accepted {
  const { observation, active, by, now } = request;
  const reason = request.command.spec.reason ?? `rolled back by ${by}`;
  const others =
    active === undefined || isGoingBack(active)
      ? observation.releases
      : sendBack(observation.releases, active, { now, phase: 'RolledBack', by, reason });
  const promotedBy = isReturnable(observation, target, now) ? by : undefined;
  return {
    releases: restart(others, target, { now, cause: 'rollback', by, promotedBy }),
    target,
    message: `going back to version ${target.spec.version}${promotedBy === undefined ? whyGates(target) : ''}`,
    refusal: serving === undefined ? undefined : { release: serving, by, reason },
  };
}

function whyGates(target: Release): string {
  const why = servedUntil(target) === undefined ? 'it failed when it was tried last' : 'the rollback window has passed';
  return ` through its gates, because ${why}`;
}

function isGoingBack({ status }: Release): boolean {
  return status?.phase === 'RollingBack';
}

/** `: version 2 is RollingBack` */
function describePhase(active: Release | undefined): string {
  return active === undefined ? '' : `: version ${active.spec.version} is ${statusOf(active).phase}`;
}
