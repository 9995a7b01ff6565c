/**
 * Sizes follow `replicas` during a release too: out at once, in as pods come to carry nothing. A pod that serves leaves
 * the traffic, drains, and only then goes (`shrinking.ts`).
 */
import type { Pod } from '@slipway/kube/api.generated';
import { candidateDrainSeconds } from './candidate-drain.ts';
import { isBetweenVersions } from './current-releases.ts';
import { isTemplateServing, names, silentPods } from './moving-traffic.ts';
import {
  isBackend,
  isRouted,
  isServing,
  isSplitConfirmed,
  splitWeights,
  type Observation,
  type VersionView,
} from './observation.ts';
import type { Action } from './plan.ts';
import { nameOf, type ReleaseContext } from './release-context.ts';
import { planShrink } from './shrinking.ts';

export interface Sizing {
  readonly actions: readonly Action[];
  readonly requeueAfter?: number | undefined;
  /** While pods leave: the step of the strategy waits, because it would give them traffic again. */
  readonly leaving?: string | undefined;
}

/** What a release waits for while nothing is to run. */
export const awaitedReplicas = 'spec.replicas to be more than 0';

interface Goal {
  readonly view: VersionView;
  readonly atLeast: number;
  readonly atMost: number;
  /** Whether its pods stand in the Application's Service, behind that of their version only, or are left as they are. */
  readonly place?: 'serving' | 'standby' | undefined;
}

/** Every version of the release at the size that `replicas` asks of it in this phase. */
export function planSizes(context: ReleaseContext): Sizing {
  const steps = goalsOf(context).map((goal) => planGoal(context, goal));
  return {
    actions: steps.flatMap(({ actions }) => actions),
    requeueAfter: steps.map((step) => step.requeueAfter).reduce(earlier, undefined),
    leaving: steps.find(({ leaving }) => leaving !== undefined)?.leaving,
  };
}

function goalsOf(context: ReleaseContext): readonly Goal[] {
  const { stable, candidate, replicas, status, release } = context;
  const views = stable === undefined ? [candidate] : [stable, candidate];
  if (replicas === 0) return views.map((view) => ({ view, atLeast: 0, atMost: 0 }));
  if (status.phase === 'Guarding') return guardGoals(context);
  // Whoever has to stop is not given pods again.
  if (isBetweenVersions(release)) return [{ view: candidate, atLeast: 0, atMost: replicas }];
  if (status.phase === 'Promoting') return movingGoals(context);
  return (stable === undefined ? undefined : ownGoals(context, stable)) ?? forwardGoals(context);
}

/** Undefined where the strategy has none of its own. */
function ownGoals(context: ReleaseContext, stable: VersionView): readonly Goal[] | undefined {
  const { candidate, replicas, release, traits } = context;
  const countsOf = (view: VersionView) => ({ size: sizeOf(view), serving: view.serving.length });
  const goals = traits.calculateGoals?.({
    spec: release.spec.strategy,
    replicas,
    share: shareOf(context),
    mayLeave: mayLeave(context.observation),
    stable: countsOf(stable),
    candidate: countsOf(candidate),
  });
  return goals?.map(({ of, ...goal }) => ({ ...goal, view: of === 'stable' ? stable : candidate }));
}

/**
 * While traffic moves nothing is taken from either side. Until it does stable serves: pods that came meanwhile, because somebody
 * deleted its ReplicaSet, would else serve nobody for as long as those of the candidate are asked for their health.
 */
function movingGoals(context: ReleaseContext): readonly Goal[] {
  const { stable, candidate, replicas, traits } = context;
  const size = { atLeast: replicas, atMost: Infinity };
  const isStanding = traits.isApart !== true && !hasTraffic(context);
  const place = isStanding ? ({ place: 'serving' } as const) : {};
  return [...(stable === undefined ? [] : [{ view: stable, ...size, ...place }]), { view: candidate, ...size }];
}

/** Some comes to the candidate, or is about to. */
function hasTraffic({ observation, candidate }: ReleaseContext): boolean {
  const weight = splitWeights(observation)[nameOf(candidate.release)] ?? 0;
  return weight > 0 || candidate.pods.some(isServing) || isTemplateServing(candidate);
}

/** The previous version stays out of traffic, at a size that can carry all of it, unless the two must not meet. */
function guardGoals({ stable, candidate, replicas, traits }: ReleaseContext): readonly Goal[] {
  const size = { atLeast: replicas, atMost: replicas };
  const isKept = stable !== undefined && traits.isApart !== true;
  return [
    { view: candidate, ...size, place: 'serving' },
    ...(isKept ? [{ view: stable, ...size, place: 'standby' } as const] : []),
  ];
}

/** Stable can carry all of it at any time. */
function forwardGoals(context: ReleaseContext): readonly Goal[] {
  const { stable, candidate, replicas, observation, status, release, traits } = context;
  const place = isRouted(observation) ? 'standby' : undefined;
  // What its step asks for also where no step is taken; how far it grows beyond that is its strategy's business.
  const reached = { stepIndex: status.stepIndex ?? 0, replicas };
  const atLeast = stable === undefined ? 0 : (traits.leastOfCandidate?.(release.spec.strategy, reached) ?? 0);
  const grown = { view: candidate, atLeast, atMost: replicas, place } as const;
  return stable === undefined ? [grown] : [stableGoal(context, stable), grown];
}

/** Without a route the share is that of the pods in the Service, so who stands there is the strategy's business. */
function stableGoal(context: ReleaseContext, view: VersionView): Goal {
  const { replicas, observation } = context;
  if (shareOf(context) === 0) return { view, atLeast: replicas, atMost: replicas, place: 'serving' };
  return { view, atLeast: replicas, atMost: Infinity, place: isRouted(observation) ? 'serving' : undefined };
}

/** A gateway that has not confirmed the split may still lead to those whose share it takes away. */
function mayLeave(observation: Observation): boolean {
  return !isRouted(observation) || observation.split === undefined || isSplitConfirmed(observation);
}

/** Of the traffic, from 0 to 1: by weight where there is a route, by pods where there is none. */
function shareOf({ observation, candidate, stable }: ReleaseContext): number {
  const serving = candidate.serving.length;
  const inside = serving === 0 ? 0 : serving / (serving + (stable?.serving.length ?? 0));
  return isRouted(observation) ? (splitWeights(observation)[nameOf(candidate.release)] ?? 0) / 100 : inside;
}

function sizeOf({ replicaSet }: VersionView): number {
  return replicaSet?.spec?.replicas ?? 0;
}

function planGoal(context: ReleaseContext, { view, atLeast, atMost, place }: Goal): Sizing {
  const growth = isMade(context, view) ? planGrowth(view, atLeast) : [];
  if (growth.length > 0 || view.replicaSet === undefined) return { actions: growth };
  const shrink = planShrink({
    view,
    goal: atMost,
    drainSeconds: drainSecondsOf(context, view),
    observation: context.observation,
  });
  const { actions, requeueAfter, waitingFor } = shrink;
  const kept = place === undefined ? [] : planPlace(view, place, shrink.leaving);
  return { actions: [...kept, ...actions], requeueAfter, leaving: waitingFor };
}

/** The candidate is its strategy's to make, until it has passed what comes before the traffic. */
function isMade({ candidate, status }: ReleaseContext, view: VersionView): boolean {
  return (
    view !== candidate ||
    view.replicaSet !== undefined ||
    status.phase === 'Guarding' ||
    (status.phase === 'Promoting' && status.healthyAt !== undefined)
  );
}

/** What never had traffic has nothing to end. */
function drainSecondsOf({ candidate, status, release }: ReleaseContext, view: VersionView): number {
  return view === candidate ? candidateDrainSeconds(release, status) : release.spec.drainSeconds;
}

/** A pod that was chosen to go and goes on after all gets its labels back, whatever others are still to go. */
function planPlace(view: VersionView, place: 'serving' | 'standby', leaving: readonly Pod[]): readonly Action[] {
  const release = nameOf(view.release);
  const staying = silentPods(view).filter((pod) => !leaving.includes(pod));
  const silent = staying.filter((pod) => place === 'serving' || !isBackend(pod));
  const serves = place === 'serving';
  const isTemplateRight = !serves || isTemplateServing(view);
  return silent.length === 0 && isTemplateRight
    ? []
    : [{ type: 'setServing', release, pods: names(silent), serves, backend: true, template: serves }];
}

/** The earlier of two times to look again. */
export function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

/** Of a version that has been made: a ReplicaSet that somebody has deleted is made again, from the record. */
export function planGrowth(
  { replicaSet, release }: VersionView,
  replicas: number,
  { alone = false }: { readonly alone?: boolean } = {},
): readonly Action[] {
  const size = replicaSet?.spec?.replicas ?? 0;
  if (size >= replicas) return [];
  if (replicaSet !== undefined)
    return [{ type: 'scale', release: nameOf(release), replicas, reason: `${replicas} pods should serve`, alone }];
  const message = `the ReplicaSet of version ${release.spec.version} is gone, and is made again`;
  return [
    { type: 'createVersion', release, replicas, alone },
    { type: 'event', kind: 'Warning', reason: 'ReplicaSetMissing', message },
  ];
}
