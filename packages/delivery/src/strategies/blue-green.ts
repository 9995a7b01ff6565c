import { formatMicroTime } from '@slipway/kube/clock';
import { planMove } from '../moving-traffic.ts';
import type { Step } from '../plan.ts';
import type { ReleaseContext } from '../release-context.ts';
import type { ReleaseStatus } from '../api/release.ts';
import { inPhase, waiting } from '../release-status.ts';
import { planHealth, planSize } from './progress.ts';
import type { Strategy } from './strategy.ts';

/** The candidate stands beside the stable version at full size and takes all traffic at once. */
export const blueGreen: Strategy = { type: 'blueGreen', plan };

function plan(context: ReleaseContext): Step {
  return context.status.phase === 'Promoting' ? promote(context, context.status) : bringUp(context);
}

function bringUp(context: ReleaseContext): Step {
  const { candidate, now, replicas, status, release } = context;
  const isPromoted = status.promotedBy !== undefined || status.healthyAt !== undefined;
  const wanted = isPromoted
    ? replicas
    : Math.min(replicas, release.spec.strategy.blueGreen?.previewReplicas ?? replicas);
  const actions = planSize(context, wanted);
  const ready = candidate.ready.length;
  if (actions.length > 0 || ready < wanted)
    return {
      actions,
      status: waiting(status, `${ready} of ${wanted} pods of version ${release.spec.version} to be ready`, now),
    };
  return planHealth(context, candidate.ready, (healthy) => awaitPromotion(context, healthy));
}

/** Between healthy and promoted: a person, or a time. */
function awaitPromotion(context: ReleaseContext, status: ReleaseStatus): Step {
  const { now, release, replicas, candidate } = context;
  const { autoPromote = true, promoteAfterSeconds = 0 } = release.spec.strategy.blueGreen ?? {};
  const isAsked = status.promotedBy !== undefined;
  if (!autoPromote && !isAsked)
    return {
      actions: [],
      status: {
        ...waiting(inPhase(status, 'Paused', { now, reason: 'autoPromote is off' }), 'a person to promote it', now),
      },
    };
  const due = Date.parse(status.healthyAt ?? formatMicroTime(now)) + promoteAfterSeconds * 1_000;
  if (!isAsked && now < due)
    return {
      actions: [],
      status: waiting(status, `the time of promotion, ${formatMicroTime(due)}`, now),
      requeueAfter: due - now,
    };
  if (candidate.ready.length < replicas) {
    return {
      actions: planSize(context, replicas),
      status: waiting(
        status,
        `${candidate.ready.length} of ${replicas} pods of version ${release.spec.version} to be ready`,
        now,
      ),
    };
  }
  return promote(context, inPhase(status, 'Promoting', { now, reason: 'every gate before promotion passed' }));
}

function promote(context: ReleaseContext, status: ReleaseStatus): Step {
  const { observation, candidate, stable, now } = context;
  const move = planMove({ observation, to: candidate, from: stable });
  if (move.waitingFor !== undefined) return { actions: move.actions, status: waiting(status, move.waitingFor, now) };
  const guardEndsAt = formatMicroTime(now + context.release.spec.guardSeconds * 1_000);
  const guarding = inPhase(status, 'Guarding', { now, reason: 'all traffic has moved and is confirmed' });
  return {
    actions: move.actions,
    status: { ...guarding, trafficMovedAt: formatMicroTime(now), guardEndsAt },
    requeueAfter: 0,
  };
}
