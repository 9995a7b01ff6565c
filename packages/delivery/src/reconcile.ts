/** One look at one Application: what to do, in order, and what to say. Pure. */
import { contextOf, worldOf } from './context-of.ts';
import { activeRelease } from './current-releases.ts';
import { planCommands } from './commands.ts';
import { planIdle } from './idle.ts';
import { check } from './interlock/interlock.ts';
import { teardownFinalizer } from './names.ts';
import { planNextRelease, type Wanted } from './next-release.ts';
import type { Observation } from './observation.ts';
import { planRelease } from './phases.ts';
import type { Action, Decision, Step } from './plan.ts';
import type { ReleaseContext } from './release-context.ts';
import { waiting } from './release-status.ts';
import { applicationStatus } from './status/application-status.ts';
import { planReleaseStatuses } from './status/release-statuses.ts';
import { planTeardown } from './teardown.ts';
import { validateApplication } from './validate-application.ts';

const refusedLookMilliseconds = 1_000;

export function reconcileApplication(observation: Observation, now: number): Decision {
  const { metadata } = observation.application;
  if (metadata.deletionTimestamp !== undefined) return planTeardown(observation, now);
  return (metadata.finalizers ?? []).includes(teardownFinalizer)
    ? planApplication(observation, now)
    : {
        actions: [{ type: 'setFinalizer', present: true }],
        applicationStatus: undefined,
        releaseStatuses: new Map(),
        requeueAfter: undefined,
      };
}

/** Commands first, then what spec asks for, then the next step of the release under way. */
function planApplication(before: Observation, now: number): Decision {
  const faults = validateApplication(before.application);
  const commanded = planCommands(before, now);
  const current: Observation = { ...before, releases: commanded.releases };
  const wanted: Wanted =
    faults.length === 0
      ? planNextRelease(current, now)
      : { actions: [], releases: current.releases, unsynced: undefined };
  const after: Observation = { ...current, releases: wanted.releases };
  const active = activeRelease(after);
  const step = active === undefined ? planIdle(after, now) : guarded(contextOf(after, active, now));
  const isServed = faults.length === 0 && before.application.spec.service !== undefined;
  const service: readonly Action[] = isServed ? [{ type: 'ensureService' }] : [];
  return {
    actions: [...service, ...commanded.actions, ...wanted.actions, ...step.actions],
    applicationStatus: applicationStatus({
      observation: after,
      active,
      step,
      now,
      faults: faults.map(({ field, message }) => `${field ?? ''}: ${message}`),
      unsynced: wanted.unsynced,
    }),
    releaseStatuses: planReleaseStatuses({ before, after, active, step, now }),
    requeueAfter: step.requeueAfter,
  };
}

/** What the interlock refuses waits, and says so. */
function guarded(context: ReleaseContext): Step {
  const step = planRelease(context);
  const { safe, refused } = check(step.actions, worldOf(context));
  if (refused === undefined) return step;
  const sentence = `the rule "${refused.rule}" to allow ${refused.action.type}: ${refused.reason}`;
  return {
    actions: safe,
    status: waiting(context.status, sentence, context.now),
    requeueAfter: refusedLookMilliseconds,
  };
}
