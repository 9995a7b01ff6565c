import type { MoveStep } from '../moving-traffic.ts';
import { afterHooks } from '../hooks/run-hooks.ts';
import { unrecordedSets } from '../lost-versions.ts';
import { labels, replicaSetName } from '../names.ts';
import { describeConfirmation } from '../describe-confirmation.ts';
import {
  isRouted,
  isSplitConfirmed,
  splitWeights,
  viewOf,
  type Observation,
  type VersionView,
} from '../observation.ts';
import { afterCompanions } from '../order/await-companions.ts';
import type { Step } from '../plan.ts';
import { namePods } from '../pod-faults.ts';
import { nameOf, type ReleaseContext } from '../release-context.ts';
import { inPhase, waiting } from '../release-status.ts';
import { earlier } from '../scaling.ts';
import { planShrink, type ShrinkStep } from '../shrinking.ts';
import { complete, promote, withSizes } from './promotion.ts';
import type { Strategy } from './strategy.ts';

/**
 * For versions that must not meet: the old one stops before the new one starts. Requests from outside wait at the gateway
 * meanwhile, for `holdSeconds` at most.
 */
export const recreate: Strategy = { type: 'recreate', plan, planClearing, isApart: true };

function plan(context: ReleaseContext): Step {
  return withSizes(context, () => {
    const { candidate, status, now } = context;
    const isMoving = status.phase === 'Promoting';
    // Where its ReplicaSet was deleted by hand, it is made again first.
    const isMade = candidate.replicaSet !== undefined && status.healthyAt !== undefined;
    if (isMoving && isMade) return promote(context, status);
    const { actions, waitingFor, requeueAfter } = planClearing(context, candidate);
    const isAlone = context.stable === undefined && waitingFor === undefined;
    if (!isMoving && !isAlone)
      return afterCompanions(context, (due) =>
        afterHooks({ ...context, status: due }, 'beforePromotion', (ready) => begin({ ...context, status: ready })),
      );
    return waitingFor === undefined
      ? complete(context, status)
      : { actions, requeueAfter, status: waiting(status, waitingFor, now) };
  });
}

/** Written down before anything is taken from anybody: from here on there is no standing still. */
function begin({ status, now }: ReleaseContext): Step {
  const reason = 'the other version stops before this one starts';
  return { actions: [], status: inPhase(status, 'Promoting', { now, reason }), requeueAfter: 0 };
}

/** Nothing of any other version is left, pods that still end included; requests from outside wait until somebody serves. */
function planClearing(context: ReleaseContext, staying: VersionView): MoveStep {
  const { observation, release } = context;
  const { drainSeconds } = release.spec;
  const others = observation.releases
    .filter((each) => nameOf(each) !== nameOf(staying.release))
    .map((each) => viewOf(observation, each))
    .filter((view) => view.pods.length > 0 || (view.replicaSet?.spec?.replicas ?? 0) > 0);
  if (others.length === 0) return { actions: [], waitingFor: describeRest(observation, staying) };
  return (
    planHold(context) ??
    others.map((view) => withSentence(view, planShrink({ view, goal: 0, drainSeconds, observation }))).reduce(together)
  );
}

/** A version without a record may have no pod for a moment: its ReplicaSet makes the next one. */
function describeRest(observation: Observation, staying: VersionView): string | undefined {
  const ending = endingPods(observation, staying);
  if (ending.length > 0) return `${namePods(ending)} of other versions to end`;
  const own = replicaSetName(staying.release.spec);
  const set = unrecordedSets(observation).find(
    ({ metadata, spec }) => metadata.name !== own && (spec?.replicas ?? 0) > 0,
  );
  return set === undefined ? undefined : `the ReplicaSet ${set.metadata.name ?? ''} of another version to go`;
}

/** Pods whose end is not confirmed may still hold what the next version needs. */
function endingPods({ pods }: Observation, staying: VersionView): Observation['pods'] {
  return pods.filter(({ metadata }) => metadata.labels?.[labels.release] !== nameOf(staying.release));
}

/** Undefined when every gateway holds what comes: no version has a weight. */
function planHold({ observation, release }: ReleaseContext): MoveStep | undefined {
  if (!isRouted(observation) || observation.split === undefined) return undefined;
  const weights = splitWeights(observation);
  const isHeld = Object.values(weights).every((weight) => weight === 0);
  if (isHeld && isSplitConfirmed(observation)) return undefined;
  const handling = { hold: { seconds: release.spec.strategy.recreate?.holdSeconds ?? 0 } };
  const nobody = Object.fromEntries(Object.keys(weights).map((name) => [name, 0]));
  return {
    actions: isHeld ? [] : [{ type: 'setSplit', weights: nobody, handling }],
    waitingFor: describeConfirmation(observation, 'that requests wait'),
  };
}

function withSentence({ release }: VersionView, step: ShrinkStep): MoveStep {
  return { ...step, waitingFor: step.waitingFor ?? `pods of version ${release.spec.version} to go` };
}

function together(first: MoveStep, second: MoveStep): MoveStep {
  return {
    actions: [...first.actions, ...second.actions],
    waitingFor: first.waitingFor ?? second.waitingFor,
    requeueAfter: earlier(first.requeueAfter, second.requeueAfter),
  };
}
