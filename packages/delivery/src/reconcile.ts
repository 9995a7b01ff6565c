/** One look at one Application: what to do, in order, and what to say. Pure. */
import type { Release } from './api/release.ts';
import { contextOf, worldOf } from './context-of.ts';
import { activeRelease, withEnd, withServing } from './current-releases.ts';
import { planCommands } from './commands.ts';
import { planBudget } from './disruption-budget.ts';
import { planIdle } from './idle.ts';
import { check } from './interlock/interlock.ts';
import { teardownFinalizer } from './names.ts';
import { planNextRelease, type Wanted } from './next-release.ts';
import type { Observation } from './observation.ts';
import { planRelease } from './phases.ts';
import type { Decision, Step } from './plan.ts';
import { planPruning } from './pruning.ts';
import { statusOf } from './release-changes.ts';
import type { ReleaseContext } from './release-context.ts';
import { waiting } from './release-status.ts';
import { planRescue, planRoute } from './routing.ts';
import { planServices } from './serving-objects.ts';
import { applicationStatus } from './status/application-status.ts';
import { planCutEntries } from './status/cut-entries.ts';
import { planReleaseStatuses } from './status/release-statuses.ts';
import { planTeardown } from './teardown.ts';
import { validateApplication } from './validate-application.ts';
import { validateInForce } from './validate-in-force.ts';

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
  const faults = [...validateApplication(before.application), ...validateInForce(before)];
  const commanded = planCommands(withEnd(withServing(before), now), now);
  const current = commanded.observation;
  const wanted: Wanted =
    faults.length === 0 ? planNextRelease(current, now) : { actions: [], releases: current.releases };
  const after: Observation = { ...current, releases: wanted.releases };
  const active = activeRelease(after);
  const step = planStep(after, active, now);
  const upkeep = planUpkeep(after, { active, now, faults });
  const requeues = [step, wanted, upkeep].flatMap(({ requeueAfter }) => requeueAfter ?? []);
  const application = applicationStatus({
    observation: after,
    active,
    step,
    now,
    faults: faults.map(({ field, message }) => `${field ?? ''}: ${message}`),
    wanted,
  });
  const releases = planReleaseStatuses({ before, after, active, step, now });
  const cut = planCutEntries(before, { application, releases });
  return {
    actions: [
      ...commanded.announcements,
      ...step.actions,
      ...commanded.actions,
      ...wanted.actions,
      ...upkeep.actions,
      ...cut,
    ],
    applicationStatus: application,
    releaseStatuses: releases,
    requeueAfter: requeues.length === 0 ? undefined : Math.min(...requeues),
  };
}

/** What keeps traffic alive comes before any step; with another split the next look decides anew. */
function planStep(observation: Observation, active: Release | undefined, now: number): Step {
  const rescue = planRescue(observation);
  if (rescue.length > 0 && active !== undefined)
    return { actions: rescue, status: statusOf(active), requeueAfter: refusedLookMilliseconds };
  return active === undefined ? planIdle(observation, now) : guarded(contextOf(observation, active, now));
}

interface Upkeep {
  readonly active: Release | undefined;
  readonly now: number;
  readonly faults: readonly object[];
}

/** In force at once, and of no concern to the release under way; last, because what fails here must not hold that up. */
function planUpkeep(observation: Observation, { active, now, faults }: Upkeep): Pick<Step, 'actions' | 'requeueAfter'> {
  const route =
    faults.length === 0 ? [...planRoute(observation), ...planServices(observation), ...planBudget(observation)] : [];
  if (active !== undefined) return { actions: route };
  const pruning = planPruning(observation, now);
  return { ...pruning, actions: [...route, ...pruning.actions] };
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
