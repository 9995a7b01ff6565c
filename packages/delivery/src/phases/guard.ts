/** The new version serves; the old one stands ready beside it until the guard ends. */
import { formatMicroTime } from '@slipway/kube/clock';
import type { Action, Step } from '../plan.ts';
import { describeFault } from '../pod-faults.ts';
import type { ReleaseContext } from '../release-context.ts';
import { finished, startedAt, waiting } from '../release-status.ts';
import { planScaleOut } from '../scaling.ts';
import { goBack } from '../strategies/progress.ts';
import { describeErrors, planCounting, withTrafficStart } from '../traffic-counts.ts';
import { timeOfSuccess } from '../time-of-success.ts';

const lookMilliseconds = 1_000;

export function planGuard(given: ReleaseContext): Step {
  const context = { ...given, status: withTrafficStart(given) };
  const { status, stable, now } = context;
  // Without a version to return to there is nothing to guard against.
  if (stable === undefined) return succeed(context);
  const concern = describeConcern(context);
  if (concern !== undefined) return goBack(context, status, { by: 'guard', reason: concern });
  const endsAt = Date.parse(status.guardEndsAt ?? formatMicroTime(now));
  if (now >= endsAt) return succeed(context);
  return {
    actions: [...planScaleOut(context), ...planCounting(context, endsAt)],
    status: waiting(status, `the guard to end at ${formatMicroTime(endsAt)}`, now),
    requeueAfter: Math.min(lookMilliseconds, endsAt - now),
  };
}

function describeConcern(context: ReleaseContext): string | undefined {
  const { candidate, status, now } = context;
  return describeFault(candidate.pods, startedAt(status, now)) ?? describeLoss(context) ?? describeErrors(context);
}

/** Pods that a larger `replicas` has just asked for are not missed yet. */
function describeLoss({ candidate, status, replicas, release }: ReleaseContext): string | undefined {
  const expected = Math.min(replicas, status.guardedReplicas ?? replicas);
  const ready = candidate.ready.length;
  return expected > 0 && ready * 2 < expected
    ? `only ${ready} of ${expected} pods of version ${release.spec.version} are ready`
    : undefined;
}

function succeed({ status, now, release, observation }: ReleaseContext): Step {
  const event: Action = {
    type: 'event',
    kind: 'Normal',
    reason: 'ReleaseSucceeded',
    message: `version ${release.spec.version} is stable`,
  };
  return {
    actions: [event],
    status: finished(status, 'Succeeded', {
      now: timeOfSuccess(observation.releases, now),
      reason: 'the guard has ended',
    }),
    requeueAfter: 0,
  };
}
