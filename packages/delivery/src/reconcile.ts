/** One look at one Application: what to do, in order, and what to say. Pure. */
import { hasFinalizer } from '@slipway/kube/finalizers';
import type { StatusCause } from '@slipway/kube/status-error';
import type { Release } from './api/release.ts';
import { planFrozenTemplates } from './adoption/frozen-template.ts';
import { validateWorkload } from './adoption/workload.ts';
import { contextOf, worldOf } from './context-of.ts';
import { askedOf, isAsked } from './asked.ts';
import { activeRelease, stableRelease, withEnd, withServing } from './current-releases.ts';
import { planCommands } from './commands.ts';
import { withCountedTime } from './counted-time.ts';
import { planBudgets } from './disruption-budget.ts';
import { calculateHold, holdPrograms } from './former-programs.ts';
import { planFormerVersions, planIdle } from './idle.ts';
import { planOldApprovals, untilVain } from './hooks/old-approvals.ts';
import { planStrayJobs } from './hooks/stray-jobs.ts';
import { check, checkPasses } from './interlock/interlock.ts';
import { teardownFinalizer } from './names.ts';
import { planNextRelease } from './next-release.ts';
import { isGatewaySilent, viewOf, type Observation } from './observation.ts';
import { isRefusedByGateway } from './route-conflicts.ts';
import { withGroupAborts } from './order/abort-together.ts';
import { withGroupReturns } from './order/return-together.ts';
import { validateOrder } from './order/validate-order.ts';
import { planRelease } from './phases.ts';
import type { Action, Decision, Step } from './plan.ts';
import { isToBeRecorded, untilLost } from './lost-versions.ts';
import { planPruning } from './pruning.ts';
import { planTrial } from './plan-trial.ts';
import { statusOf } from './release-changes.ts';
import { waiting } from './release-status.ts';
import { validateHandover } from './routers/validate-handover.ts';
import { planOpening, planRescue, planRoute } from './routing.ts';
import { earlier } from './scaling.ts';
import { planSessions } from './sessions/session-route.ts';
import { planServices } from './serving-objects.ts';
import { applicationStatus } from './status/application-status.ts';
import { planCutEntries } from './status/cut-entries.ts';
import { planReleaseStatuses } from './status/release-statuses.ts';
import { calculateSilence } from './status/status-writes.ts';
import { planTeardown } from './teardown.ts';
import { validateShares } from './strategies/validate-strategy.ts';
import { validateForm } from './validate-application.ts';
import { validateInForce } from './validate-in-force.ts';

const refusedLookMilliseconds = 1_000;
const silentLookMilliseconds = 1_000;
/** As long as the Lease of a gateway. */
const refusingLookMilliseconds = 15_000;

export function reconcileApplication(observation: Observation, now: number): Decision {
  const { metadata } = observation.application;
  if (metadata.deletionTimestamp !== undefined) return teardown(observation, now);
  return hasFinalizer(observation.application, teardownFinalizer)
    ? planApplication(observation, now)
    : {
        actions: [{ type: 'setFinalizer', present: true }],
        applicationStatus: undefined,
        releaseStatuses: new Map(),
        requeueAfter: undefined,
      };
}

/** What the interlock refuses is only looked at again. */
function teardown(observation: Observation, now: number): Decision {
  const planned = planTeardown(observation);
  const { safe, refused } = check(planned.actions, worldOf(observation, { active: undefined, now }));
  const again = refused === undefined ? undefined : refusedLookMilliseconds;
  return { ...planned, actions: safe, requeueAfter: earlier(planned.requeueAfter, again) };
}

/** Commands first, then what spec asks for, then the next step of the release under way. */
function planApplication(before: Observation, now: number): Decision {
  const faults = findFaults(before);
  // What others ask for or cannot do, or only a release needs, keeps a new version back, and nothing else: routes and sizes
  // follow spec.
  const disorder = [...(before.expressionFaults ?? []), ...validateOrder(before), ...validateHandover(before)];
  const commanded = planCommands(withEnd(withServing(before), now), now);
  const current = withGroupReturns(withGroupAborts(commanded.observation, now), now);
  const isHeld = disorder.length > 0 && !isToBeRecorded(current);
  const isFaulty = faults.length > 0;
  const wanted = isFaulty || isHeld ? planTrial(current, { now, isFaulty }) : planNextRelease(current, now);
  const after = withTime({ ...current, releases: wanted.releases }, now);
  const active = activeRelease(after);
  const asked = planStep(after, active, now);
  const planned = { ...asked, actions: planSessions(after, asked.actions) };
  const first = check([...commanded.announcements, ...planned.actions], worldOf(after, { active, now }));
  const step = withRefusal(planned, { active, refused: first.refused, now });
  const hasSplit = planned.actions.some(({ type }) => type === 'setSplit');
  const silence = active === undefined ? undefined : calculateSilence(step.status, now);
  const hold = active === undefined ? undefined : calculateHold(step.status, viewOf(after, active), now);
  const upkeep = planUpkeep(after, { active, now, faults, hasSplit, isMoving: silence !== undefined, hold });
  const rest = checkPasses([commanded.actions, wanted.actions, ...upkeep.passes], first.world);
  const held = (active === undefined ? first.refused : undefined) ?? rest.refused ?? upkeep.waitingFor;
  const sentences = [...faults, ...disorder].map(({ field, message }) => `${field ?? ''}: ${message}`);
  const application = applicationStatus({ observation: after, active, step, now, faults: sentences, wanted, held });
  const safe = [...first.safe, ...rest.safe];
  const releases = planReleaseStatuses({ before, after, active, step, safe, now });
  const cut = check(planCutEntries(before, { application, releases }), rest.world);
  const again = rest.refused === undefined ? undefined : refusedLookMilliseconds;
  const silent = untilGivenUp(before);
  const looks = [step.requeueAfter, wanted.requeueAfter, upkeep.requeueAfter, again, silent, silence];
  return {
    actions: [...safe, ...cut.safe],
    applicationStatus: application,
    releaseStatuses: releases,
    isSilent: silence !== undefined,
    requeueAfter: looks.reduce(earlier, undefined),
  };
}

/** Where the Lease of a gateway runs out that is silent about the route or refuses it, nothing changes that could be seen. */
function untilGivenUp(observation: Observation): number | undefined {
  if (isGatewaySilent(observation)) return silentLookMilliseconds;
  return isRefusedByGateway(observation) ? refusingLookMilliseconds : undefined;
}

function withTime(observation: Observation, now: number): Observation {
  const releases = withCountedTime(observation.releases, activeRelease(observation), now);
  return releases === observation.releases ? observation : { ...observation, releases };
}

/** What only a release must fit is not held against one that has been made. */
function findFaults(observation: Observation): readonly StatusCause[] {
  const { application, releases } = observation;
  const asked = askedOf(observation);
  const isMade = releases.some((release) => isAsked(observation, asked, release));
  const { workload } = observation;
  const form = [...validateForm(application), ...validateWorkload(workload), ...validateInForce(observation)];
  return isMade ? form : [...form, ...validateShares(application)];
}

/** What keeps traffic alive comes before any step; with another split the next look decides anew. */
function planStep(observation: Observation, active: Release | undefined, now: number): Step {
  const rescue = planRescue(observation, active);
  if (active === undefined) return withFirst(rescue, planIdle(observation, now));
  const first = [...rescue, ...planOpening(observation, active)];
  if (first.length === 0) return planRelease(contextOf(observation, active, now));
  const status = statusOf(active);
  const waitingFor = status.waitingFor ?? 'the split to lead to pods that are ready';
  return { actions: first, status: waiting(status, waitingFor, now), requeueAfter: refusedLookMilliseconds };
}

/** With nothing under way, sizes and labels are looked after all the same. */
function withFirst(first: readonly Action[], step: Step): Step {
  return first.length === 0 ? step : { ...step, actions: [...first, ...step.actions] };
}

interface Refusal {
  readonly active: Release | undefined;
  readonly refused: string | undefined;
  readonly now: number;
}

/** What the interlock refuses waits, and says so: the release stays where it is. */
function withRefusal(step: Step, { active, refused, now }: Refusal): Step {
  if (refused === undefined) return step;
  const status = active === undefined ? step.status : waiting(statusOf(active), refused, now);
  return { ...step, status, requeueAfter: refusedLookMilliseconds };
}

interface Given {
  readonly active: Release | undefined;
  readonly now: number;
  readonly faults: readonly StatusCause[];
  /** The step sets the split, from the same look: what else is to be changed about it comes with the next one. */
  readonly hasSplit: boolean;
  /** All traffic moves right now, in steps of a few milliseconds each. */
  readonly isMoving: boolean;
  /** Milliseconds for which no program of a former version is to end. */
  readonly hold: number | undefined;
}

interface Upkeep {
  /** Of no concern to each other. */
  readonly passes: ReadonlyArray<readonly Action[]>;
  readonly waitingFor?: string | undefined;
  readonly requeueAfter?: number | undefined;
}

/** In force at once, and of no concern to the release under way; last, because what fails here must not hold that up. */
function planUpkeep(observation: Observation, { active, now, faults, hasSplit, isMoving, hold }: Given): Upkeep {
  const route = faults.length === 0 && !hasSplit ? planRoute(observation, now) : undefined;
  const kept = [
    ...(isSound(observation, faults, ['metadata', 'spec.service']) ? [planServices(observation)] : []),
    ...(isSound(observation, faults, ['metadata', 'spec.strategy', 'spec.replicas'])
      ? [planBudgets(observation, active)]
      : []),
  ];
  const old = planOld(observation, { active, now, isMoving, hold });
  return {
    passes: [
      route?.actions ?? [],
      ...kept,
      planFrozenTemplates(observation),
      planStrayJobs(observation),
      planOldApprovals(observation, now),
      old.actions,
    ],
    waitingFor: route?.waitingFor,
    // What has lost its record is seen as lost after a while, also by a release that waits for its pods to go.
    requeueAfter: [
      route?.requeueAfter,
      old.requeueAfter,
      untilLost(observation, now),
      untilVain(observation, now),
    ].reduce(earlier, undefined),
  };
}

/** Programs that end take the processor from those that start and that traffic moves to: that is over soon, and looked at then. */
function planOld(
  observation: Observation,
  { active, now, isMoving, hold }: Pick<Given, 'active' | 'now' | 'isMoving' | 'hold'>,
): Pick<Step, 'actions' | 'requeueAfter'> {
  if (active === undefined) return planPruning(observation, now);
  if (isMoving) return { actions: [] };
  const former = planFormerVersions(observation, active, now);
  return hold === undefined ? former : holdPrograms(observation, former, hold);
}

/** What serves keeps what protects it, so far as no fault concerns that itself. */
function isSound(observation: Observation, faults: readonly StatusCause[], fields: readonly string[]): boolean {
  const concerned = faults.some(({ field = '' }) => fields.some((start) => field.startsWith(start)));
  return faults.length === 0 || (stableRelease(observation) !== undefined && !concerned);
}
