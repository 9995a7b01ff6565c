/** Nothing is being released: the stable version has its size, others go. Those go during a release too. */
import type { Pod } from '@slipway/kube/api.generated';
import { isFinished, type Release } from './api/release.ts';
import { isBetweenVersions, previousStable, stableRelease } from './current-releases.ts';
import { isLost } from './lost-versions.ts';
import { names, planMove, planWithdrawal, silentPods } from './moving-traffic.ts';
import {
  isRouted,
  isServing,
  isSplitConfirmed,
  otherWeights,
  replicasOf,
  splitWeights,
  viewOf,
  type Observation,
  type VersionView,
} from './observation.ts';
import type { Action, Step } from './plan.ts';
import { statusOf } from './release-changes.ts';
import { nameOf } from './release-context.ts';
import { initialStatus } from './release-status.ts';
import { planRouteRemoval } from './route-removal.ts';
import { earlier, planGrowth } from './scaling.ts';
import { planFormerSize } from './sessions/former-versions.ts';
import { sessionVersions } from './sessions/session-route.ts';
import { planShrink, type ShrinkStep } from './shrinking.ts';

type Sizing = Pick<Step, 'actions' | 'requeueAfter'>;

export function planIdle(observation: Observation, now: number): Step {
  const stable = stableRelease(observation);
  if (stable === undefined) return planWithoutStable(observation, now);
  const actions = planRecall(observation, stable);
  if (actions !== undefined) return { actions, status: statusOf(stable) };
  const steps = [
    planStableSize(observation, stable),
    ...observation.releases
      .filter((release) => release !== stable)
      .map((release) => planFormer(observation, release, { drainSeconds: stable.spec.drainSeconds, now })),
  ];
  return {
    actions: steps.flatMap(({ actions }) => actions),
    status: statusOf(stable),
    requeueAfter: steps.map(({ requeueAfter }) => requeueAfter).reduce(earlier, undefined),
  };
}

/** What failed last is kept for a look. A pod of it that came when its release was not looking any more serves nobody either. */
function planWithoutStable(observation: Observation, now: number): Step {
  const newest = observation.releases.at(-1);
  const former = newest === undefined ? { actions: [] } : planFormerVersions(observation, newest, now);
  const withdrawals = observation.releases.flatMap((release) => planWithdrawal(viewOf(observation, release)).actions);
  const route: Sizing = leadsToFailed(observation) ? planRouteRemoval(observation) : { actions: [] };
  return {
    actions: [...route.actions, ...withdrawals, ...former.actions],
    status: initialStatus,
    requeueAfter: earlier(former.requeueAfter, route.requeueAfter),
  };
}

/** A split that was still under way when the first release ended. One that leads to a version without a record serves. */
function leadsToFailed(observation: Observation): boolean {
  const hasFailed = (name: string): boolean =>
    observation.releases.some(
      (release) => nameOf(release) === name && !isLost(release) && statusOf(release).phase !== 'Succeeded',
    );
  return Object.entries(splitWeights(observation)).every(([name, weight]) => weight === 0 || hasFailed(name));
}

/**
 * The record of a release was deleted while it had a share of the traffic, and nobody asks for it any more: before anything
 * can leave, stable has all of it. Undefined where it has.
 */
function planRecall(observation: Observation, stable: Release): readonly Action[] | undefined {
  const replicas = replicasOf(observation);
  const others = otherWeights(observation, stable);
  const to = viewOf(observation, stable);
  // Nobody is to serve, or nobody can yet.
  if (!isRouted(observation) || others.length === 0 || replicas === 0 || to.ready.length === 0) return undefined;
  const carrying = observation.releases.find((release) => others.includes(nameOf(release)));
  const from = carrying === undefined ? undefined : viewOf(observation, carrying);
  return [...planGrowth(to, replicas), ...planMove({ observation, to, from }).actions];
}

/**
 * What a release is not about, and neither serves nor is kept any longer: releases may follow each other so closely that
 * there is never nothing under way. Nor is what failed before there was a stable version kept for a look any longer.
 */
export function planFormerVersions(observation: Observation, active: Release, now: number): Sizing {
  const stable = stableRelease(observation);
  if (isBetweenVersions(active)) return { actions: [] };
  const weights = splitWeights(observation);
  const isCarrying = (release: Release): boolean => {
    const { pods, listed } = viewOf(observation, release);
    return (weights[nameOf(release)] ?? 0) > 0 || listed.length > 0 || pods.some(isServing);
  };
  const steps = observation.releases
    .filter((release) => release !== stable && release !== active && isFinished(statusOf(release).phase))
    .filter((release) => !isCarrying(release))
    .map((release) => planFormer(observation, release, { drainSeconds: drainSecondsOf(release, stable), now }));
  return {
    actions: steps.flatMap(({ actions }) => actions),
    requeueAfter: steps.map(({ requeueAfter }) => requeueAfter).reduce(earlier, undefined),
  };
}

/** What never had traffic has nothing to end. */
function drainSecondsOf(release: Release, stable: Release | undefined): number {
  return stable?.spec.drainSeconds ?? (statusOf(release).firstTrafficAt === undefined ? 0 : release.spec.drainSeconds);
}

/** Milliseconds for which the version before is kept in case that it is wanted back; all times begin when traffic had moved. */
function keptFor(observation: Observation, release: Release, now: number): number {
  const stable = stableRelease(observation);
  const movedAt = stable === undefined ? undefined : statusOf(stable).trafficMovedAt;
  const seconds = observation.application.spec.history?.keepRunningSeconds ?? 0;
  const isPrevious = release === previousStable(observation);
  return isPrevious && movedAt !== undefined ? Math.max(0, Date.parse(movedAt) + seconds * 1_000 - now) : 0;
}

interface Leaving {
  readonly drainSeconds: number;
  readonly now: number;
}

/** With sessions as many pods as those need; without any, none. */
function planFormer(observation: Observation, release: Release, leaving: Leaving): Sizing {
  return sessionVersions(observation).has(nameOf(release))
    ? planFormerSize(observation, release, leaving)
    : planLeaving(observation, release, leaving);
}

/** Without traffic, and not kept any longer. */
function planLeaving(observation: Observation, release: Release, { drainSeconds, now }: Leaving): Sizing {
  const view = viewOf(observation, release);
  // Most of many: kept for a rollback, and without a pod.
  if (view.pods.length === 0 && (view.replicaSet?.spec?.replicas ?? 0) === 0) return { actions: [] };
  // A gateway that has not heard of it yet may lead sessions there.
  const isLed = isRouted(observation) && observation.split !== undefined;
  if (view.backends.length > 0 && isLed && !isSplitConfirmed(observation)) return { actions: [] };
  const left = keptFor(observation, release, now);
  if (left === 0) return planShrink({ view, goal: 0, drainSeconds, observation });
  return view.pods.length === 0 ? { actions: [] } : { actions: [], requeueAfter: left };
}

function planStableSize(observation: Observation, stable: Release): Sizing {
  const replicas = replicasOf(observation);
  const view = viewOf(observation, stable);
  const size = view.replicaSet?.spec?.replicas ?? 0;
  if (size < replicas) return { actions: planGrowth(view, replicas) };
  // Without a split, or under the hold of a release whose record was deleted.
  const isUnrouted =
    isRouted(observation) &&
    Object.values(splitWeights(observation)).every((weight) => weight === 0) &&
    view.backends.length > 0;
  const { drainSeconds } = stable.spec;
  const shrink = size > replicas ? planShrink({ view, goal: replicas, drainSeconds, observation }) : nothing;
  // Under no pods at all nobody is to be given traffic again.
  const kept = replicas === 0 ? [] : planMissingLabels(view, shrink.leaving);
  // Labels first: the pods that have them may be too few to carry all of it.
  if (isUnrouted) return { actions: [...kept, { type: 'setSplit', weights: { [nameOf(stable)]: 100 } }] };
  return { actions: [...kept, ...shrink.actions], requeueAfter: shrink.requeueAfter };
}

const nothing: ShrinkStep = { actions: [], waitingFor: undefined, leaving: [] };

/** A pod that was chosen to go and goes on after all serves again, whatever others are still to go. */
function planMissingLabels(view: VersionView, leaving: readonly Pod[]): readonly Action[] {
  const silent = names(silentPods(view).filter((pod) => !leaving.includes(pod)));
  const release = nameOf(view.release);
  return silent.length === 0
    ? []
    : [{ type: 'setServing', release, pods: silent, serves: true, backend: true, template: true }];
}
