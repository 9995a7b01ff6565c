import { formatMicroTime } from '@slipway/kube/clock';
import type { Strategy as StrategySpec } from '../api/application.ts';
import type { Pod } from '@slipway/kube/api.generated';
import { afterHooks } from '../hooks/run-hooks.ts';
import { isTemplateServing, names, planMove, silentPods } from '../moving-traffic.ts';
import { describeConfirmation } from '../describe-confirmation.ts';
import { isRouted, isServing, isSplitConfirmed, splitWeights, type VersionView } from '../observation.ts';
import { afterCompanions } from '../order/await-companions.ts';
import type { Step } from '../plan.ts';
import { nameOf, type ReleaseContext } from '../release-context.ts';
import { describeMissing, describePods } from '../pod-faults.ts';
import { calculateBounds } from '../replica-bounds.ts';
import { waiting, withoutOpenChecks } from '../release-status.ts';
import { planSizes } from '../scaling.ts';
import { calculateShare } from '../sharing.ts';
import { planShrink } from '../shrinking.ts';
import { hasPassed, healthAnswers, planHealth, planSize, withAnswers } from './progress.ts';
import { beginGuard } from './promotion.ts';
import type { Strategy } from './strategy.ts';
import type { ChangingHands, SizeGoal } from './traits.ts';

/** Pods change a few at a time; both versions serve meanwhile, each with the share of its pods. */
export const rolling: Strategy = { type: 'rolling', plan, calculateGoals, calculateMaxUnavailable };

function plan(given: ReleaseContext): Step {
  const { stable, candidate } = given;
  if (stable === undefined) return wholeAtOnce(given);
  const context = withAnswers(given);
  const growth = planScaling(context) ?? planGrowing(context, stable);
  if (growth !== undefined) return growth;
  const healthy = healthyPods(context);
  // A route leads to all of them as soon as it leads to one: before the first traffic every pod that is ready has said so.
  const isFirst = candidate.serving.length === 0 && healthy.length < candidate.ready.length;
  // Pods that serve and of which nobody knows any more what they said: no traffic moves to them before they are asked again.
  const isForgotten = candidate.serving.length > 0 && healthy.length === 0;
  if (isFirst || isForgotten)
    return planHealth(context, candidate.ready, (status) => ({ actions: [], status, requeueAfter: 0 }));
  return healthy.length === 0
    ? planTraffic(context, { stable, healthy })
    : afterCompanions(context, () =>
        afterHooks(context, 'beforePromotion', (status) => planTraffic({ ...context, status }, { stable, healthy })),
      );
}

interface Traffic {
  readonly stable: VersionView;
  /** Pods of the candidate that may take traffic. */
  readonly healthy: readonly Pod[];
}

function planTraffic(context: ReleaseContext, { stable, healthy }: Traffic): Step {
  const { candidate, replicas, now, status } = context;
  const join = planJoin(context, healthy) ?? planShare(context, stable);
  if (join !== undefined) return join;
  if (candidate.serving.length >= replicas) return finish(context);
  const leave = planStableLeaving(context, stable);
  if (leave !== undefined && leave.actions.length > 0) return leave;
  // Of no pods at all it would be true that each of them is healthy.
  if (candidate.ready.length === 0)
    return {
      actions: [],
      status: waiting(status, describeMissing(candidate, replicas), now),
      requeueAfter: leave?.requeueAfter,
    };
  const asked = planHealth(context, candidate.ready, (next) => ({
    actions: [],
    status: waiting(next, describeMissing(candidate, replicas), now),
  }));
  // A drain does not hold up pods that may start in the room that there is, but its end is looked at in time.
  return { ...asked, requeueAfter: Math.min(asked.requeueAfter ?? Infinity, leave?.requeueAfter ?? Infinity) };
}

/** Sizes that a change of `replicas` asks for come before the next pods change hands. */
function planScaling(context: ReleaseContext): Step | undefined {
  const { candidate, replicas, now, status } = context;
  const { actions, leaving, requeueAfter } = planSizes(context);
  return actions.length === 0 && leaving === undefined
    ? undefined
    : { actions, requeueAfter, status: waiting(status, leaving ?? describeMissing(candidate, replicas), now) };
}

/** As many new pods as there is room for. */
function planGrowing(context: ReleaseContext, stable: VersionView): Step | undefined {
  const { candidate, replicas, now, release, status } = context;
  const { maxSurge } = calculateBounds(release.spec.strategy.rolling, replicas);
  const room = Math.max(0, replicas + maxSurge - stable.pods.length);
  const wanted = Math.min(replicas, Math.max(candidate.replicaSet?.spec?.replicas ?? 0, room));
  const actions = planSize(context, wanted);
  return actions.length === 0
    ? undefined
    : { actions, status: waiting(status, describeMissing(candidate, wanted), now) };
}

/** The first release has nothing to alternate with. */
function wholeAtOnce(context: ReleaseContext): Step {
  const { candidate, replicas, now, status } = context;
  const actions = planSize(context, replicas);
  if (actions.length > 0 || candidate.ready.length < replicas)
    return { actions, status: waiting(status, describeMissing(candidate, replicas), now) };
  return planHealth(context, candidate.ready, (healthy) =>
    afterCompanions({ ...context, status: healthy }, (due) =>
      afterHooks({ ...context, status: due }, 'beforePromotion', (next) => finish({ ...context, status: next })),
    ),
  );
}

function healthyPods(context: ReleaseContext): readonly Pod[] {
  const { candidate, release, status } = context;
  const { healthCheck } = release.spec;
  if (healthCheck === undefined || healthCheck.ignore === true || status.promotedBy !== undefined)
    return candidate.ready;
  const answers = healthAnswers(context);
  return candidate.ready.filter((pod) => hasPassed(answers, pod));
}

/** Healthy pods take traffic, inside first. */
function planJoin(context: ReleaseContext, healthy: readonly Pod[]): Step | undefined {
  const { candidate, now, release, status } = context;
  const { version } = release.spec;
  const silent = new Set(silentPods(candidate));
  const joining = healthy.filter((pod) => silent.has(pod));
  if (joining.length > 0)
    return {
      actions: [
        {
          type: 'setServing',
          release: nameOf(release),
          pods: names(joining),
          serves: true,
          backend: true,
          template: false,
        },
      ],
      status: waiting(status, `${describePods(joining, version)} to join the Service`, now),
    };
  const missing = candidate.ready.filter((pod) => isServing(pod) && !candidate.serving.includes(pod));
  if (missing.length === 0) return undefined;
  const sentence = `${describePods(missing, version)} to appear in the Service's endpoints`;
  return { actions: [], status: waiting(status, sentence, now) };
}

/** Outside, each version has the share of the pods that stay: the weight must be gone from those that are about to leave. */
function planShare(context: ReleaseContext, stable: VersionView): Step | undefined {
  const { candidate, observation, now, release, status, replicas, maxUnavailable } = context;
  if (!isRouted(observation)) return undefined;
  const staying = Math.min(stable.serving.length, Math.max(0, replicas - maxUnavailable - candidate.serving.length));
  const share = calculateShare(candidate.serving.length, staying);
  const isAsked = (splitWeights(observation)[nameOf(release)] ?? 0) === share;
  if (isAsked && isSplitConfirmed(observation)) return undefined;
  const weights = { [nameOf(stable.release)]: 100 - share, [nameOf(release)]: share };
  return {
    actions: isAsked ? [] : [{ type: 'setSplit', weights }],
    status: waiting(status, describeConfirmation(observation, `${share} % for version ${release.spec.version}`), now),
  };
}

/** Old pods leave as far as enough others serve. */
function planStableLeaving(context: ReleaseContext, stable: VersionView): Step | undefined {
  const { candidate, replicas, maxUnavailable, observation, now, status, release } = context;
  const spare = candidate.serving.length + stable.serving.length - (replicas - maxUnavailable);
  const goal = Math.max(0, stable.pods.filter(isServing).length - Math.max(0, spare));
  const shrink = planShrink({ view: stable, goal, drainSeconds: release.spec.drainSeconds, observation });
  if (shrink.actions.length === 0 && shrink.waitingFor === undefined) return undefined;
  return {
    actions: shrink.actions,
    status: waiting(status, shrink.waitingFor ?? 'old pods to leave', now),
    requeueAfter: shrink.requeueAfter,
  };
}

function finish(context: ReleaseContext): Step {
  const { observation, candidate, stable, now, status } = context;
  const move = planMove({ observation, to: candidate, from: stable });
  if (move.waitingFor !== undefined) return { actions: move.actions, status: waiting(status, move.waitingFor, now) };
  if (!isTemplateServing(candidate)) return { actions: [], status: waiting(status, 'the template to serve', now) };
  const moved = {
    ...withoutOpenChecks(status, 'all traffic has moved', now),
    healthyAt: status.healthyAt ?? formatMicroTime(now),
  };
  return { actions: [], status: beginGuard(moved, context), requeueAfter: 0 };
}

function calculateMaxUnavailable({ rolling: parameters }: StrategySpec, replicas: number): number {
  return calculateBounds(parameters, replicas).maxUnavailable;
}

/**
 * Pods change hands, so that each version has its share of what is asked for, and only what scaling has made too few or
 * too many is changed.
 */
function calculateGoals({ spec, replicas, share, mayLeave, stable, candidate }: ChangingHands): readonly SizeGoal[] {
  const { maxSurge, maxUnavailable } = calculateBounds(spec.rolling, replicas);
  const total = stable.size + candidate.size;
  const goals = calculateRollingGoals(replicas, share);
  if (total < replicas - maxUnavailable)
    return [
      { of: 'stable', atLeast: goals.stable, atMost: Infinity },
      { of: 'candidate', atLeast: goals.candidate, atMost: Infinity },
    ];
  // Pods of the candidate that do not get ready are no reason to leave stable smaller than what is asked for.
  const lacking = Math.min(replicas - maxUnavailable - candidate.serving, replicas + maxSurge - candidate.size);
  if (stable.size < lacking) return [{ of: 'stable', atLeast: lacking, atMost: Infinity, place: 'serving' }];
  const isShort = stable.serving + candidate.serving < replicas - maxUnavailable;
  const place = isShort ? 'serving' : undefined;
  // Those outside may be led to the candidate already where those inside are not.
  const missed = replicas - maxUnavailable - candidate.serving;
  if (total > replicas + maxSurge && mayLeave)
    return [
      { of: 'stable', atLeast: 0, atMost: Math.max(goals.stable, missed), place },
      { of: 'candidate', atLeast: 0, atMost: Math.max(1, goals.candidate) },
    ];
  return isShort ? [{ of: 'stable', atLeast: 0, atMost: Infinity, place }] : [];
}

/**
 * No pod carries more than its share of the whole. `calculateRollingGoals(4, 0.25)` is `{stable: 3, candidate: 1}`,
 * `calculateRollingGoals(2, 0.25)` is `{stable: 2, candidate: 1}`.
 */
export function calculateRollingGoals(
  replicas: number,
  share: number,
): { readonly stable: number; readonly candidate: number } {
  return { stable: Math.ceil(replicas * (1 - share)), candidate: Math.ceil(replicas * share) };
}
