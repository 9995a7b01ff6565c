/** The new version serves; the old one stands ready beside it until the guard ends. */
import { formatMicroTime } from '@slipway/kube/clock';
import type { CheckState } from '../api/check.ts';
import type { ReleaseStatus } from '../api/release.ts';
import { awaitedBy, besideHooks, runHooks } from '../hooks/run-hooks.ts';
import { planMove } from '../moving-traffic.ts';
import { isRouted, splitWeights } from '../observation.ts';
import { awaitedGuards } from '../order/abort-together.ts';
import type { Action, Step } from '../plan.ts';
import { describeFault, describeWhy } from '../pod-faults.ts';
import { nameOf, type ReleaseContext } from '../release-context.ts';
import { attemptOf, finished, startedAt, waiting } from '../release-status.ts';
import { earlier, planSizes } from '../scaling.ts';
import { goBack } from '../strategies/progress.ts';
import { describeErrors, planCounting, withTrafficStart } from '../traffic-counts.ts';
import { timeOfSuccess } from '../time-of-success.ts';
import { concludeRuns } from '../gates/metric/follow-check.ts';
import { checksOfGuard, describeDoubt, watchChecks, type Watched } from './checks.ts';

const lookMilliseconds = 1_000;

export function planGuard(given: ReleaseContext): Step {
  const context = { ...given, status: withGuardedReplicas(given, withTrafficStart(given)) };
  const look = runHooks(context, 'afterPromotion');
  if (look.failure !== undefined) return goBack(context, look.status, { by: 'hook', reason: look.failure });
  const next = { ...context, status: look.status };
  // Without a version to return to there is nothing to guard against.
  if (context.stable === undefined) return besideHooks(look, succeed(next), { isLast: true, now: context.now });
  return besideHooks(look, guard(next, awaitedBy(look) ?? awaitedGuards(next)), { isLast: false, now: context.now });
}

/** It ends when its time is over, what is due by then has been measured, and nothing else is waited for. */
function guard(context: ReleaseContext, given: string | undefined): Step {
  const { status, now } = context;
  const endsAt = Date.parse(status.guardEndsAt ?? formatMicroTime(now));
  const watched = watchChecks(context, checksOfGuard(context), { during: 'guard' });
  const awaited = given ?? (now >= endsAt ? describeDue(context, watched, endsAt) : undefined);
  const isOver = now >= endsAt && awaited === undefined;
  const concern = describeConcern(context) ?? describeFailure(watched) ?? (isOver ? describeEnd(context) : undefined);
  if (concern !== undefined) return goBack(context, watched.status, { by: 'guard', reason: concern });
  if (isOver) return succeed({ ...context, status: withConclusions(context, watched) });
  const sizes = planSizes(context);
  return {
    actions: [
      ...sizes.actions,
      ...(sizes.leaving === undefined ? planTrafficAgain(context) : []),
      ...planCounting(context, endsAt),
      ...watched.actions.filter(({ type }) => type !== 'countTraffic'),
    ],
    status: waiting(watched.status, awaited ?? `the guard to end at ${formatMicroTime(endsAt)}`, now),
    requeueAfter: earlier(
      sizes.requeueAfter,
      awaited === undefined ? Math.min(lookMilliseconds, endsAt - now) : lookMilliseconds,
    ),
  };
}

/** Of a guard that ends sooner than its checks are due nothing was measured: the end looks once where one is. */
function describeDue({ status }: ReleaseContext, watched: Watched, endsAt: number): string | undefined {
  const attempt = attemptOf(status);
  const isUnseen = (run: CheckState): boolean =>
    run.during === 'guard' &&
    run.attempt === attempt &&
    run.measurements.length === 0 &&
    Date.parse(run.startedAt) > endsAt;
  const isDue = watched.actions.some(({ type }) => type === 'measure') || (watched.status.checks ?? []).some(isUnseen);
  return isDue ? watched.open.join('; ') : undefined;
}

/** Pods that are not asked for any more are not missed, and those that are asked for again not before they were ready. */
function withGuardedReplicas({ candidate, replicas }: ReleaseContext, status: ReleaseStatus): ReleaseStatus {
  const { guardedReplicas = replicas } = status;
  return { ...status, guardedReplicas: Math.min(replicas, Math.max(guardedReplicas, candidate.ready.length)) };
}

/** Whatever cannot be measured takes no traffic back. */
function describeFailure({ ended }: Watched): string | undefined {
  return ended?.outcome === 'failed' ? ended.message : undefined;
}

/** At the end, and what is asked more of a guard that a newer version ends. */
function describeEnd(context: ReleaseContext): string | undefined {
  return describeAbsence(context) ?? (context.status.guardCutShort === true ? describeDoubt(context) : undefined);
}

function withConclusions({ release, now }: ReleaseContext, { status }: Watched): ReleaseStatus {
  return status.checks === undefined
    ? status
    : { ...status, checks: concludeRuns(status.checks, { checks: release.spec.checks ?? [], now }) };
}

function describeConcern(context: ReleaseContext): string | undefined {
  const { candidate, status, now } = context;
  return describeFault(candidate.pods, startedAt(status, now)) ?? describeLoss(context) ?? describeErrors(context);
}

function describeLoss({ candidate, status, replicas, release }: ReleaseContext): string | undefined {
  const { guardedReplicas: expected = replicas } = status;
  const ready = candidate.ready.length;
  return expected > 0 && ready * 2 < expected
    ? `only ${ready} of ${expected} pods of version ${release.spec.version} are ready${describeWhy(candidate, expected)}`
    : undefined;
}

function hasLostTraffic({ observation, candidate }: ReleaseContext): boolean {
  return isRouted(observation) && splitWeights(observation)[nameOf(candidate.release)] !== 100;
}

/** It was scaled to nothing and back, and its pods have not come again. */
function describeAbsence(context: ReleaseContext): string | undefined {
  const { candidate, replicas, release } = context;
  const isAbsent = replicas > 0 && (candidate.ready.length === 0 || hasLostTraffic(context));
  return isAbsent ? `pods of version ${release.spec.version} did not become ready again` : undefined;
}

/** Back from nothing, the pods of stable may have been ready first, and have the traffic until those of the candidate are. */
function planTrafficAgain(context: ReleaseContext): readonly Action[] {
  const { observation, candidate, stable, replicas } = context;
  const isDue = replicas > 0 && hasLostTraffic(context) && candidate.ready.length >= replicas;
  return isDue ? planMove({ observation, to: candidate, from: stable }).actions : [];
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
