/** The last part of every strategy that moves all traffic at once: full size, all healthy, and the move. */
import { formatMicroTime } from '@slipway/kube/clock';
import type { ReleaseStatus } from '../api/release.ts';
import { afterHooks } from '../hooks/run-hooks.ts';
import { planMove } from '../moving-traffic.ts';
import { splitWeights } from '../observation.ts';
import { afterCompanions } from '../order/await-companions.ts';
import type { Step } from '../plan.ts';
import { describeMissing } from '../pod-faults.ts';
import { nameOf, type ReleaseContext } from '../release-context.ts';
import { inPhase, waiting, withoutOpenChecks } from '../release-status.ts';
import { earlier, planSizes } from '../scaling.ts';
import { planHealth, planSize } from './progress.ts';

/** Sizes follow `replicas` beside the step; while pods leave, the step waits. */
export function withSizes(context: ReleaseContext, planStep: () => Step): Step {
  const sizes = planSizes(context);
  if (sizes.leaving !== undefined) return { ...sizes, status: waiting(context.status, sizes.leaving, context.now) };
  const step = planStep();
  return {
    ...step,
    actions: [...sizes.actions, ...step.actions],
    requeueAfter: earlier(step.requeueAfter, sizes.requeueAfter),
  };
}

/** Full size, and the pods that came on top healthy too. */
export function complete(context: ReleaseContext, status: ReleaseStatus): Step {
  const { candidate, replicas, now } = context;
  if (candidate.ready.length < replicas) return fill(context, status);
  return planHealth({ ...context, status }, candidate.ready, (healthy) =>
    inTurn({ ...context, status: healthy }, (due) =>
      afterHooks({ ...context, status: due }, 'beforePromotion', (ready) =>
        promote(
          context,
          inPhase(withoutOpenChecks(ready, 'all traffic moves', now), 'Promoting', {
            now,
            reason: 'every gate before promotion passed',
          }),
        ),
      ),
    ),
  );
}

function fill(context: ReleaseContext, status: ReleaseStatus): Step {
  const { candidate, replicas, now } = context;
  return { actions: planSize(context, replicas), status: waiting(status, describeMissing(candidate, replicas), now) };
}

/** Once traffic moves, nothing stops it half way: under `recreate` nobody would serve meanwhile. */
function inTurn(context: ReleaseContext, goOn: (status: ReleaseStatus) => Step): Step {
  return context.status.phase === 'Promoting' ? goOn(context.status) : afterCompanions(context, goOn);
}

/** Pods may have changed between their gate and this: those that the first traffic comes to have answered too. */
export function promote(context: ReleaseContext, status: ReleaseStatus): Step {
  const { observation, candidate } = context;
  // Somebody deleted its ReplicaSet meanwhile: it is made again first.
  if (candidate.replicaSet === undefined) return fill(context, status);
  const hasTraffic = candidate.serving.length > 0 || (splitWeights(observation)[nameOf(candidate.release)] ?? 0) > 0;
  return hasTraffic
    ? moveAll(context, status)
    : planHealth({ ...context, status }, candidate.ready, (healthy) => moveAll(context, healthy));
}

function moveAll(context: ReleaseContext, status: ReleaseStatus): Step {
  const { observation, candidate, stable, now, replicas, release } = context;
  const move = planMove({ observation, to: candidate, from: stable });
  if (move.waitingFor !== undefined) return { actions: move.actions, status: waiting(status, move.waitingFor, now) };
  return { actions: move.actions, status: beginGuard(status, { now, replicas, release }), requeueAfter: 0 };
}

/** All traffic has moved and is confirmed. */
export function beginGuard(
  { guardCutShort: _, ...status }: ReleaseStatus,
  { now, release, replicas }: Pick<ReleaseContext, 'now' | 'release' | 'replicas'>,
): ReleaseStatus {
  return {
    ...inPhase(status, 'Guarding', { now, reason: 'all traffic has moved and is confirmed' }),
    trafficMovedAt: formatMicroTime(now),
    guardEndsAt: formatMicroTime(now + release.spec.guardSeconds * 1_000),
    guardedReplicas: replicas,
  };
}
