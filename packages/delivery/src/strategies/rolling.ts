import { formatMicroTime } from '@slipway/kube/clock';
import type { Pod } from '@slipway/kube/api.generated';
import { isTemplateServing, names, planMove, silentPods } from '../moving-traffic.ts';
import { isRouted, isServing, isSplitConfirmed, splitWeights } from '../observation.ts';
import type { Action, Step } from '../plan.ts';
import { nameOf, type ReleaseContext } from '../release-context.ts';
import type { ReleaseStatus } from '../api/release.ts';
import { calculateBounds } from '../replica-bounds.ts';
import { inPhase, waiting } from '../release-status.ts';
import { planShrink } from '../shrinking.ts';
import { planHealth, planSize } from './progress.ts';
import type { Strategy } from './strategy.ts';

/** Pods change a few at a time; both versions serve meanwhile, each with the share of its pods. */
export const rolling: Strategy = { type: 'rolling', plan };

function plan(context: ReleaseContext): Step {
  const { candidate, stable, replicas, now, release, status } = context;
  if (stable === undefined) return wholeAtOnce(context);
  const { maxSurge } = calculateBounds(release.spec.strategy.rolling, replicas);
  const room = Math.max(0, replicas + maxSurge - stable.pods.length);
  const wanted = Math.min(replicas, Math.max(candidate.replicaSet?.spec?.replicas ?? 0, room));
  const growth = planSize(context, wanted);
  if (growth.length > 0)
    return {
      actions: growth,
      status: waiting(
        status,
        `${candidate.ready.length} of ${wanted} pods of version ${release.spec.version} to be ready`,
        now,
      ),
    };
  const healthy = healthyPods(context);
  const join = planJoin(context, healthy);
  if (join !== undefined) return join;
  if (candidate.serving.length >= replicas) return finish(context);
  const leave = planStableLeaving(context);
  if (leave !== undefined && leave.actions.length > 0) return leave;
  const asked = planHealth({ ...context, status: withoutGate(status) }, candidate.ready, (next) => ({
    actions: [],
    status: waiting(
      next,
      `${candidate.ready.length} of ${replicas} pods of version ${release.spec.version} to be ready`,
      now,
    ),
  }));
  // A drain does not hold up pods that may start in the room that there is, but its end is looked at in time.
  return { ...asked, requeueAfter: Math.min(asked.requeueAfter ?? Infinity, leave?.requeueAfter ?? Infinity) };
}

/** The first release has nothing to alternate with. */
function wholeAtOnce(context: ReleaseContext): Step {
  const { candidate, replicas, now, release, status } = context;
  const actions = planSize(context, replicas);
  if (actions.length > 0 || candidate.ready.length < replicas)
    return {
      actions,
      status: waiting(
        status,
        `${candidate.ready.length} of ${replicas} pods of version ${release.spec.version} to be ready`,
        now,
      ),
    };
  return planHealth(context, candidate.ready, (next) => finish({ ...context, status: next }));
}

/** New pods come while the gate is open, so it stays open until the last of them has answered. */
function withoutGate(status: ReleaseStatus): ReleaseStatus {
  return {
    ...status,
    gates: (status.gates ?? []).map((gate) =>
      gate.name === 'health' && gate.outcome === 'passed'
        ? { name: gate.name, attempt: gate.attempt, startedAt: gate.startedAt }
        : gate,
    ),
  };
}

function healthyPods({ candidate, observation, release, status }: ReleaseContext): readonly Pod[] {
  if (release.spec.healthCheck === undefined || status.promotedBy !== undefined) return candidate.ready;
  return candidate.ready.filter(({ metadata }) => observation.answers.get(metadata.uid ?? '')?.outcome === 'passed');
}

/** Healthy pods take traffic, first inside and then outside by their share. */
function planJoin(context: ReleaseContext, healthy: readonly Pod[]): Step | undefined {
  const { candidate, stable, observation, now, release, status } = context;
  const silent = new Set(silentPods(candidate));
  const joining = healthy.filter((pod) => silent.has(pod));
  const say = (actions: readonly Action[], sentence: string): Step => ({
    actions,
    status: waiting(status, sentence, now),
  });
  if (joining.length > 0)
    return say(
      [
        {
          type: 'setServing',
          release: nameOf(release),
          pods: names(joining),
          serves: true,
          backend: true,
          template: false,
        },
      ],
      `version ${release.spec.version} to join the Service`,
    );
  const labelled = candidate.ready.filter(isServing);
  if (candidate.serving.length < labelled.length)
    return say(
      [],
      `${labelled.length - candidate.serving.length} pods of version ${release.spec.version} to appear in the Service's endpoints`,
    );
  if (!isRouted(observation) || stable === undefined) return undefined;
  // By the pods that stay: the weight must be gone from those that are about to leave.
  const staying = Math.min(
    stable.serving.length,
    Math.max(0, context.replicas - context.maxUnavailable - candidate.serving.length),
  );
  const share = calculateShare(candidate.serving.length, staying);
  if ((splitWeights(observation)[nameOf(release)] ?? 0) !== share)
    return say(
      [{ type: 'setSplit', weights: { [nameOf(stable.release)]: 100 - share, [nameOf(release)]: share } }],
      `the split to give ${share} % to version ${release.spec.version}`,
    );
  return isSplitConfirmed(observation)
    ? undefined
    : say([], `every gateway to confirm ${share} % for version ${release.spec.version}`);
}

/** `calculateShare(1, 3)` is 25, `calculateShare(3, 0)` is 100, `calculateShare(0, 3)` is 0. */
export function calculateShare(candidate: number, stable: number): number {
  return candidate + stable === 0 ? 0 : Math.round((100 * candidate) / (candidate + stable));
}

/** Old pods leave as far as enough others serve. */
function planStableLeaving(context: ReleaseContext): Step | undefined {
  const { candidate, stable, replicas, maxUnavailable, observation, now, status, release } = context;
  if (stable === undefined) return undefined;
  const spare = candidate.serving.length + stable.serving.length - (replicas - maxUnavailable);
  const goal = Math.max(0, stable.pods.filter(isServing).length - Math.max(0, spare));
  const shrink = planShrink({ view: stable, goal, drainSeconds: release.spec.drainSeconds, now, observation });
  if (shrink.actions.length === 0 && shrink.waitingFor === undefined) return undefined;
  return {
    actions: shrink.actions,
    status: waiting(status, shrink.waitingFor ?? 'old pods to leave', now),
    requeueAfter: shrink.requeueAfter,
  };
}

function finish(context: ReleaseContext): Step {
  const { observation, candidate, stable, now, status, release } = context;
  const move = planMove({ observation, to: candidate, from: stable });
  if (move.waitingFor !== undefined) return { actions: move.actions, status: waiting(status, move.waitingFor, now) };
  if (!isTemplateServing(candidate)) return { actions: [], status: waiting(status, 'the template to serve', now) };
  const guarding = inPhase(status, 'Guarding', { now, reason: 'all traffic has moved and is confirmed' });
  return {
    actions: [],
    status: {
      ...guarding,
      healthyAt: status.healthyAt ?? formatMicroTime(now),
      trafficMovedAt: formatMicroTime(now),
      guardEndsAt: formatMicroTime(now + release.spec.guardSeconds * 1_000),
    },
    requeueAfter: 0,
  };
}
