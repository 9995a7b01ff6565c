import { ownBudgets } from './disruption-budget.ts';
import { isTemplateServing, names } from './moving-traffic.ts';
import { backendName } from './names.ts';
import { drainLeft, isBackend, isDrainUnnoted, isServing, viewOf, type Observation } from './observation.ts';
import type { Action, Decision } from './plan.ts';
import { nameOf } from './release-context.ts';
import { isRouteOpen, planRouteRemoval, routeState } from './route-removal.ts';
import { findLate } from './shrinking.ts';

const lookMilliseconds = 100;
const defaultDrainSeconds = 30;

/**
 * An Application that is deleted takes its traffic away first, lets requests end, and only then its pods. What ran before
 * there was an Application goes on without it: nothing that we did not create is deleted.
 */
export function planTeardown(observation: Observation): Decision {
  const isKept = observation.application.spec.deletionPolicy === 'Orphan' || observation.workload !== undefined;
  if (isKept) return decide([{ type: 'setFinalizer', present: false }]);
  const route = planRouteRemoval(observation);
  // A pod that leaves its Service before the gateways have closed the route would take requests with it.
  if (isRouteOpen(observation)) return decide(route.actions, { ...route, observation });
  const leaving = planLeaving(observation);
  const isListed = observation.releases.some((release) => viewOf(observation, release).listed.length > 0);
  if (leaving.length > 0 || isListed)
    return decide(leaving, {
      requeueAfter: lookMilliseconds,
      waitingFor: "its pods to leave the Service's endpoints",
      observation,
    });
  const late = lateSenders(observation);
  if (late.length > 0)
    return decide([], {
      requeueAfter: lookMilliseconds,
      waitingFor: `${late.join(', ')} to know that its pods left their Services`,
      observation,
    });
  const unnoted = planDrains(observation);
  const draining = { waitingFor: 'its pods to drain', observation };
  if (unnoted.length > 0) return decide(unnoted, { ...draining, requeueAfter: lookMilliseconds });
  const left = longestDrain(observation);
  if (left > 0 || route.waitingFor !== undefined)
    return decide(route.actions, { ...draining, requeueAfter: Math.max(left, route.requeueAfter ?? lookMilliseconds) });
  const versions = planVersions(observation);
  if (versions.length > 0)
    return decide(versions, { requeueAfter: lookMilliseconds, waitingFor: 'its pods to go', observation });
  return decide([...planRest(observation), { type: 'setFinalizer', present: false, isAllSeen: true }]);
}

/** The Service of the Application is a route too. */
function planLeaving(observation: Observation): readonly Action[] {
  return observation.releases.flatMap((release): readonly Action[] => {
    const view = viewOf(observation, release);
    const pods = names(view.pods.filter((pod) => isServing(pod) || isBackend(pod)));
    const template = isTemplateServing(view);
    return pods.length === 0 && !template
      ? []
      : [{ type: 'setServing', release: nameOf(release), pods, serves: false, backend: false, template }];
  });
}

/** Where somebody has deleted the route no gateway confirms that it is closed: those that lag send to whom they know. */
function lateSenders(observation: Observation): readonly string[] {
  if (routeState(observation) !== 'none') return [];
  const late = observation.releases.flatMap((release) => {
    const view = viewOf(observation, release);
    return findLate({ view, observation }, view.pods.filter(isDrainUnnoted)).late;
  });
  return [...new Set(late)];
}

/** From when the drain counts, of pods whose leaving is confirmed. */
function planDrains(observation: Observation): readonly Action[] {
  return observation.releases.flatMap((release): readonly Action[] => {
    const pods = names(viewOf(observation, release).pods.filter(isDrainUnnoted));
    return pods.length === 0 ? [] : [{ type: 'startDrain', release: nameOf(release), pods }];
  });
}

/** Milliseconds that requests to pods that have left may still take. */
function longestDrain(observation: Observation): number {
  const { application, pods } = observation;
  const seconds = application.spec.drainSeconds ?? defaultDrainSeconds;
  return Math.max(0, ...pods.map((pod) => drainLeft(observation, pod, seconds)));
}

function planVersions({ releases, replicaSets, services }: Observation): readonly Action[] {
  const existing = new Set([...replicaSets, ...services].map(({ metadata }) => metadata.name));
  return releases
    .filter(({ spec }) => existing.has(backendName(spec)))
    .map((release) => ({ type: 'deleteVersion', release: nameOf(release) }));
}

/**
 * What holds no pods: nothing stays behind to be in the way of an Application of the same name, nor what was asked of this
 * one to be taken for asked of that.
 */
function planRest(observation: Observation): readonly Action[] {
  const { releases, copies, jobs, sessionKey, commands, approvals } = observation;
  return [
    { type: 'deleteService' },
    ...ownBudgets(observation).map(({ metadata }): Action => ({ type: 'deleteBudget', name: metadata.name ?? '' })),
    ...copies.map(({ kind, object }): Action => ({ type: 'deleteCopy', kind, name: object.metadata.name ?? '' })),
    ...(sessionKey === undefined ? [] : [{ type: 'deleteSessionKey' } as const]),
    ...jobs.map(({ metadata }): Action => ({ type: 'deleteJob', name: metadata.name ?? '' })),
    ...commands.map(({ metadata }): Action => ({ type: 'deleteCommand', name: metadata.name ?? '' })),
    ...approvals.map(({ metadata }): Action => ({ type: 'deleteApproval', name: metadata.name ?? '' })),
    ...releases.map((release): Action => ({ type: 'deleteRelease', release: nameOf(release) })),
  ];
}

interface Wait {
  readonly observation: Observation;
  readonly waitingFor: string | undefined;
  readonly requeueAfter?: number | undefined;
}

/** Nothing is said any more with what lets it go. */
function decide(actions: readonly Action[], wait?: Wait): Decision {
  return {
    actions,
    applicationStatus: wait && { ...wait.observation.application.status, waitingFor: wait.waitingFor },
    releaseStatuses: new Map(),
    requeueAfter: wait?.requeueAfter,
  };
}
