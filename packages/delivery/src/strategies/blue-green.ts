import { formatMicroTime } from '@slipway/kube/clock';
import type { Strategy as StrategySpec } from '../api/application.ts';
import type { ReleaseStatus } from '../api/release.ts';
import { isRouted, previewOf, splitWeights } from '../observation.ts';
import type { Action, Step } from '../plan.ts';
import { describeMissing } from '../pod-faults.ts';
import { nameOf, type ReleaseContext } from '../release-context.ts';
import { inPhase, waiting } from '../release-status.ts';
import { planHealth, planSize } from './progress.ts';
import { complete, promote, withSizes } from './promotion.ts';
import type { Strategy } from './strategy.ts';
import type { Opening } from './traits.ts';

/** The candidate stands beside the stable version at full size and takes all traffic at once. */
export const blueGreen: Strategy = { type: 'blueGreen', plan, calculateOpening };

function plan(context: ReleaseContext): Step {
  return withSizes(context, () =>
    context.status.phase === 'Promoting' ? promote(context, context.status) : bringUp(context),
  );
}

/** What has begun goes on where the clock is set back. */
function calculateOpening(
  { blueGreen: parameters }: StrategySpec,
  { status, now }: { readonly status: ReleaseStatus; readonly now: number },
): Opening {
  const { autoPromote = true, promoteAfterSeconds = 0 } = parameters ?? {};
  if (!autoPromote) return 'closed';
  const isBegun = status.phase === 'Promoting' || promoteAfterSeconds === 0;
  return isBegun || now >= promotionTime(status, promoteAfterSeconds, now) ? 'promoted' : 'closed';
}

/** In milliseconds. */
function promotionTime({ healthyAt }: ReleaseStatus, promoteAfterSeconds: number, now: number): number {
  return (healthyAt === undefined ? now : Date.parse(healthyAt)) + promoteAfterSeconds * 1_000;
}

/** As many pods as a look at it takes, every one of them healthy. */
function bringUp(context: ReleaseContext): Step {
  const { candidate, now, replicas, status, release, stable } = context;
  const { previewReplicas = replicas } = release.spec.strategy.blueGreen ?? {};
  const isWhole = status.promotedBy !== undefined || stable === undefined;
  const wanted = isWhole ? replicas : Math.min(replicas, previewReplicas);
  const actions = planSize(context, wanted);
  if (actions.length > 0 || candidate.ready.length < wanted)
    return { actions, status: waiting(status, describeMissing(candidate, wanted), now) };
  const step = planHealth(context, candidate.ready, (healthy) => awaitPromotion(context, healthy));
  return { ...step, actions: [...planPreview(context), ...step.actions] };
}

/** The preview hosts lead to the candidate as soon as it answers; nothing else does. */
function planPreview({ observation, release, status, stable }: ReleaseContext): readonly Action[] {
  const { previewHosts = [] } = release.spec.strategy.blueGreen ?? {};
  const weights = splitWeights(observation);
  const isOpen =
    previewHosts.length > 0 &&
    status.promotedBy === undefined &&
    isRouted(observation) &&
    Object.keys(weights).length > 0;
  const isSafe = stable !== undefined && stable.backends.length > 0;
  return isOpen && isSafe && previewOf(observation) !== nameOf(release)
    ? [{ type: 'setSplit', weights, preview: nameOf(release) }]
    : [];
}

/** Between healthy and promoted: a person, or a time. A first version has nobody to take traffic from. */
function awaitPromotion(context: ReleaseContext, status: ReleaseStatus): Step {
  const { now, release, stable } = context;
  const { autoPromote = true, promoteAfterSeconds = 0 } = release.spec.strategy.blueGreen ?? {};
  if (status.promotedBy !== undefined || stable === undefined) return complete(context, status);
  if (!autoPromote)
    return {
      actions: [],
      status: waiting(inPhase(status, 'Paused', { now, reason: 'autoPromote is off' }), 'a person to promote it', now),
      isStanding: true,
    };
  const due = promotionTime(status, promoteAfterSeconds, now);
  if (now >= due) return complete(context, status);
  return {
    actions: [],
    status: waiting(status, `the time of promotion, ${formatMicroTime(due)}`, now),
    requeueAfter: due - now,
    isStanding: true,
  };
}
