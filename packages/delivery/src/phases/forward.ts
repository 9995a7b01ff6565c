/** Towards the candidate: the strategy decides, within the deadline and as long as nothing is broken. */
import { formatMicroTime } from '@slipway/kube/clock';
import type { CheckState } from '../api/check.ts';
import type { ReleaseStatus } from '../api/release.ts';
import { calculateInterval } from '../counted-time.ts';
import { findRun } from '../gates/metric/check-state.ts';
import { afterHooks } from '../hooks/run-hooks.ts';
import type { Step } from '../plan.ts';
import { describeFault } from '../pod-faults.ts';
import type { ReleaseContext } from '../release-context.ts';
import { inPhase, moving, progressedAt, standing, startedAt, waiting } from '../release-status.ts';
import { describeLostRoute, isRouteLost } from '../route-conflicts.ts';
import { awaitedReplicas, earlier, planSizes } from '../scaling.ts';
import { checksBeside, endsRelease, watchChecks, type Watched } from './checks.ts';
import { goBack } from '../strategies/progress.ts';
import { strategies } from '../strategies/strategies.ts';
import type { Strategy } from '../strategies/strategy.ts';

export function planForward(context: ReleaseContext): Step {
  const { status, candidate, observation, now, replicas } = context;
  const fault = describeFault(candidate.pods, startedAt(status, now));
  if (fault !== undefined) return goBack(context, status, { by: 'guard', reason: fault });
  if (replicas === 0) return stand(context, awaitedReplicas);
  if (observation.application.spec.paused === true && status.phase !== 'Promoting')
    return stand(context, 'the Application to be resumed (spec.paused is true)');
  // Only a person can change that, or promote all the same.
  if (isRouteLost(observation) && status.promotedBy === undefined)
    return stand(context, describeLostRoute(observation));
  return advance(context);
}

/** A person has stopped it: what there is keeps its size. Where the strategy has, it looks after what it has reached. */
export function planPaused(context: ReleaseContext): Step {
  const { status, now, candidate } = context;
  const { pausedBy, promotedBy } = status;
  if (promotedBy !== undefined)
    return planForward({
      ...context,
      status: inPhase(status, 'Progressing', { now, reason: `promoted by ${promotedBy}` }),
    });
  if (pausedBy === undefined) return planForward(context);
  const fault = describeFault(candidate.pods, startedAt(status, now));
  if (fault !== undefined) return goBack(context, status, { by: 'guard', reason: fault });
  const last = status.transitions?.at(-1);
  const why = (last?.phase === 'Paused' ? last.reason : undefined) ?? `paused by ${pausedBy}`;
  return stand(context, `a person to resume it (${why})`);
}

/** The deadline stands still, sizes do not. */
function stand(context: ReleaseContext, sentence: string): Step {
  const { status, now } = context;
  const { actions, requeueAfter } = planSizes(context);
  return { actions, requeueAfter, status: standing(waiting(status, sentence, now), now) };
}

function advance(context: ReleaseContext): Step {
  const { release, status, now } = context;
  const seconds = release.spec.progressDeadlineSeconds;
  const deadline = progressedAt(moving(status, now), now) + seconds * 1_000;
  if (now >= deadline)
    return goBack(context, status, {
      by: 'deadline',
      reason: `no progress for ${seconds} s while waiting for ${status.waitingFor ?? 'the release to begin'}`,
    });
  const strategy = strategies[release.spec.strategy.type];
  if (strategy === undefined)
    return goBack(context, status, {
      by: 'controller',
      reason: `there is no strategy named ${release.spec.strategy.type}`,
    });
  const watched = watchBeside(context);
  if (watched.ended !== undefined && endsRelease(watched.ended))
    return goBack(context, watched.status, { by: 'check', reason: watched.ended.message });
  const doubt = status.phase === 'Progressing' ? findDoubt(status, watched.status) : undefined;
  if (doubt !== undefined) return askPerson({ ...context, status: watched.status }, doubt);
  const step = withWatched(watched, planSteps({ ...context, status: watched.status }, strategy));
  const isStanding = step.isStanding === true;
  const next = isStanding
    ? standing(step.status, now)
    : withProgress(context, { ...step, status: moving(step.status, now) });
  const left = isStanding ? Infinity : Math.max(1, Math.min(deadline - now, calculateInterval(seconds)));
  const requeueAfter = Math.min(step.requeueAfter ?? Infinity, left);
  return { ...step, status: next, ...(requeueAfter === Infinity ? {} : { requeueAfter }) };
}

/** Nothing of the new version is made before its hooks have ended. */
function planSteps(context: ReleaseContext, strategy: Strategy): Step {
  return context.status.phase === 'Promoting'
    ? strategy.plan(context)
    : afterHooks(context, 'beforeRelease', (status) => strategy.plan({ ...context, status }));
}

const nothingWatched = { actions: [], open: [] } as const;

/** Where both versions have traffic there is something to compare; a person who promotes does not wait for it. */
function watchBeside(context: ReleaseContext): Watched {
  const { status, stable } = context;
  const isShared =
    stable !== undefined &&
    status.firstTrafficAt !== undefined &&
    status.promotedBy === undefined &&
    status.phase !== 'Promoting';
  return isShared
    ? watchChecks(context, checksBeside(context), { during: 'release', step: status.step })
    : { ...nothingWatched, status };
}

/** The run of a check that has come to no judgement with this very look: whoever lets the release go on is asked once. */
function findDoubt({ checks: before = [] }: ReleaseStatus, { checks = [] }: ReleaseStatus): CheckState | undefined {
  return checks.find(
    (run) =>
      (run.outcome === 'inconclusive' || run.outcome === 'noData') && findRun(before, run)?.outcome === undefined,
  );
}

function askPerson({ status, now }: ReleaseContext, { name, message }: CheckState): Step {
  const reason = message ?? `check ${name} came to no judgement`;
  const paused = { ...inPhase(status, 'Paused', { now, reason }), pausedBy: `check ${name}` };
  return { actions: [], status: paused, requeueAfter: 0 };
}

function withWatched({ actions, requeueAfter }: Watched, step: Step): Step {
  return {
    ...step,
    actions: [...step.actions, ...actions],
    requeueAfter: earlier(step.requeueAfter, requeueAfter),
  };
}

/** As with Deployments, progress is what was done or a pod more that is ready; another reason to wait is none. */
function withProgress({ status, candidate, now }: ReleaseContext, step: Step): ReleaseStatus {
  const hasMoved = step.actions.some(
    ({ type }) => type === 'createVersion' || type === 'scale' || type === 'setServing' || type === 'setSplit',
  );
  const hasGrown = candidate.ready.length > (status.replicas?.ready ?? 0);
  return hasMoved || hasGrown ? { ...step.status, progressedAt: formatMicroTime(now) } : step.status;
}
