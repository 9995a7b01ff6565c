/** Back to stable: at once what its ready pods can carry, the rest as they grow; then the candidate leaves. */
import { candidateDrainSeconds } from '../candidate-drain.ts';
import { formatMicroTime } from '@slipway/kube/clock';
import { isFinished, type ReleaseEnding, type ReleaseStatus } from '../api/release.ts';
import { withoutOpenHooks } from '../hooks/hook-gates.ts';
import { besideHooks, runHooks } from '../hooks/run-hooks.ts';
import { planMove, planWithdrawal } from '../moving-traffic.ts';
import { isRouted, otherWeights, splitWeights, type VersionView } from '../observation.ts';
import { awaitedReturns, endOfPatience } from '../order/abort-together.ts';
import type { Step } from '../plan.ts';
import { nameOf, type ReleaseContext } from '../release-context.ts';
import { finished, progressedAt, waiting } from '../release-status.ts';
import { isRouteOpen, planRouteRemoval, type Removal } from '../route-removal.ts';
import { awaitedReplicas, planGrowth, planSizes } from '../scaling.ts';
import { planShrink } from '../shrinking.ts';
import { isLeft, planPartialReturn } from './partial-return.ts';
import { strategies } from '../strategies/strategies.ts';

const noEnding: ReleaseEnding = { phase: 'RolledBack', by: 'controller', reason: 'no reason was recorded' };

export function planReturn(given: ReleaseContext): Step {
  const context = { ...given, status: withoutOpenHooks(given.status, given.now) };
  const { status, stable, candidate, now, observation, replicas, release } = context;
  const later = awaitedReturns(context);
  if (later !== undefined)
    return { actions: [], status: waiting(status, later, now), requeueAfter: endOfPatience(context) - now };
  if (stable === undefined) return endWithoutStable(context);
  if (replicas === 0) return returnToNothing(context, stable);
  const clearing = strategies[release.spec.strategy.type]?.planClearing?.(context, stable);
  if (clearing?.waitingFor !== undefined)
    return {
      actions: clearing.actions,
      requeueAfter: clearing.requeueAfter,
      status: waiting(status, clearing.waitingFor, now),
    };
  const growth = planGrowth(stable, replicas, { alone: clearing !== undefined });
  const needed = Math.max(1, replicas - context.maxUnavailable);
  if (stable.ready.length < needed && !isLeft(context, stable)) {
    const { actions, waitingFor, requeueAfter } = planPartialReturn({ ...context, stable, needed });
    return { actions: [...growth, ...actions], status: waiting(status, waitingFor, now), requeueAfter };
  }
  const move = planMove({ observation, to: stable, from: candidate });
  const step =
    move.waitingFor === undefined
      ? besideReturn({ ...context, status: returned(status, now) }, leave)
      : { ...move, status: waiting(status, move.waitingFor, now) };
  return { ...step, actions: [...growth, ...step.actions] };
}

function returned(status: ReleaseStatus, now: number): ReleaseStatus {
  return { ...status, trafficReturnedAt: status.trafficReturnedAt ?? formatMicroTime(now) };
}

/** Nobody uses the candidate any more: its hooks run beside what is left to do, and the release does not end before them. */
function besideReturn(context: ReleaseContext, planRest: (context: ReleaseContext) => Step): Step {
  const look = runHooks(context, 'onRollback');
  const step = planRest({ ...context, status: look.status });
  return besideHooks(look, step, { isLast: isFinished(step.status.phase), now: context.now });
}

/** Nothing is to run: where traffic is at stable already that is the end, and otherwise it goes there with the first pods. */
function returnToNothing(context: ReleaseContext, stable: VersionView): Step {
  const { observation, candidate, status, now } = context;
  const isBack = !isRouted(observation) || splitWeights(observation)[nameOf(stable.release)] === 100;
  if (isBack && candidate.pods.length === 0)
    return besideReturn(context, (returned) => end(returned, status.ending ?? noEnding));
  const { actions, requeueAfter } = planSizes(context);
  return { actions, requeueAfter, status: waiting(status, awaitedReplicas, now) };
}

/** Out of traffic: the candidate is kept for a look, drains, and goes. */
function leave(context: ReleaseContext): Step {
  const { status, candidate, now, release, observation } = context;
  const { version, keepFailedSeconds } = release.spec;
  const ending = status.ending ?? noEnding;
  const goneAt = progressedAt(status, now) + keepFailedSeconds * 1_000;
  if (ending.phase !== 'Superseded' && candidate.pods.length > 0 && now < goneAt)
    return {
      actions: [],
      status: waiting(
        status,
        `pods of version ${version}, which are kept until ${formatMicroTime(goneAt)} for a look, to go`,
        now,
      ),
      requeueAfter: goneAt - now,
    };
  const shrink = planShrink({
    view: candidate,
    goal: 0,
    drainSeconds: candidateDrainSeconds(release, status),
    observation,
  });
  return shrink.waitingFor === undefined
    ? end(context, ending)
    : {
        actions: shrink.actions,
        status: waiting(status, shrink.waitingFor, now),
        requeueAfter: shrink.requeueAfter,
      };
}

function end({ status, now, release }: ReleaseContext, ending: ReleaseEnding): Step {
  const message = `version ${release.spec.version}: ${ending.reason}`;
  const done: ReleaseStatus = finished(status, ending.phase, { now, reason: ending.reason });
  return {
    actions: [{ type: 'event', kind: 'Warning', reason: ending.phase, message }],
    status: done,
    requeueAfter: 0,
  };
}

/** Nothing to return to: the pods stay for a look, and the release has failed once nothing leads to them any more. */
function endWithoutStable(context: ReleaseContext): Step {
  const { observation, candidate, status, now } = context;
  const isOther = leadsElsewhere(context);
  const route: Removal = isOther ? { actions: [], waitingFor: undefined } : planRouteRemoval(observation);
  const withdrawal = planWithdrawal(candidate);
  const waitingFor = route.waitingFor ?? withdrawal.waitingFor;
  if (waitingFor === undefined)
    return besideReturn(context, (left) => end(left, { ...(status.ending ?? noEnding), phase: 'Failed' }));
  // Where spec asks for no route, that pass takes it away which sees to it whatever is being released.
  const closing = isRouted(observation) ? route.actions : [];
  return {
    actions: [...closing, ...(!isOther && isRouteOpen(observation) ? [] : withdrawal.actions)],
    status: waiting(status, waitingFor, now),
    requeueAfter: route.requeueAfter,
  };
}

/** A version whose record was deleted has all of the route: it serves on. */
function leadsElsewhere({ observation, release }: ReleaseContext): boolean {
  return otherWeights(observation, release).length > 0 && (splitWeights(observation)[nameOf(release)] ?? 0) === 0;
}
