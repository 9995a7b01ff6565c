import { backendName, isOurs } from './names.ts';
import { isSplitConfirmed, leftAt, type Observation } from './observation.ts';
import type { Action, Decision } from './plan.ts';
import { nameOf } from './release-context.ts';

const lookMilliseconds = 100;
const defaultDrainSeconds = 30;

/** An Application that is deleted takes its traffic away first, lets requests end, and only then its pods. */
export function planTeardown(observation: Observation, now: number): Decision {
  const { application, split } = observation;
  if (application.spec.deletionPolicy === 'Orphan') return decide([{ type: 'setFinalizer', present: false }]);
  const route = split !== undefined && isOwn(observation, split) ? split : undefined;
  if (route !== undefined && route.spec.rules.length > 0) return decide([{ type: 'closeRoute' }], lookMilliseconds);
  // A Split that is gone can be confirmed by nobody: it stays, without rules, until every gateway that lives has said so.
  const isClosed = route === undefined || observation.gateways.length === 0 || isSplitConfirmed(observation);
  if (!isClosed) return decide([], lookMilliseconds);
  const left = drainLeft(observation, now);
  if (left > 0) return decide([], left);
  if (route !== undefined) return decide([{ type: 'removeRoute' }], lookMilliseconds);
  const versions = planVersions(observation);
  if (versions.length > 0) return decide(versions, lookMilliseconds);
  return decide([...planRest(observation), { type: 'setFinalizer', present: false }]);
}

function isOwn({ application }: Observation, object: Parameters<typeof isOurs>[0]): boolean {
  return isOurs(object, application.metadata.uid ?? '');
}

/** Milliseconds that requests may still take, where there were any. */
function drainLeft(observation: Observation, now: number): number {
  const { application, pods } = observation;
  const wasServing = pods.some(
    (pod) => pod.metadata.labels?.['slipway.dev/serves'] === 'true' || leftAt(pod) !== undefined,
  );
  const seconds = application.spec.drainSeconds ?? defaultDrainSeconds;
  return wasServing ? Math.max(0, closedAt(observation, now) + seconds * 1_000 - now) : 0;
}

/** Since when no request comes by the route; a gateway's clock that is ahead of ours counts as now. */
function closedAt({ application, split, gateways }: Observation, now: number): number {
  const confirmations = (split?.status?.instances ?? [])
    .filter(({ name }) => gateways.includes(name))
    .map(({ inForceSince }) => Math.min(now, Date.parse(inForceSince)));
  return Math.max(Date.parse(application.metadata.deletionTimestamp ?? ''), ...confirmations);
}

function planVersions({ releases, replicaSets, services }: Observation): readonly Action[] {
  const existing = new Set([...replicaSets, ...services].map(({ metadata }) => metadata.name));
  return releases
    .filter(({ spec }) => existing.has(backendName(spec)))
    .map((release) => ({ type: 'deleteVersion', release: nameOf(release) }));
}

/** What holds no pods: nothing of ours stays behind to be in the way of an Application of the same name. */
function planRest({ releases, copies }: Observation): readonly Action[] {
  return [
    { type: 'deleteService' },
    { type: 'deleteBudget' },
    ...copies.map(({ kind, object }): Action => ({ type: 'deleteCopy', kind, name: object.metadata.name ?? '' })),
    ...releases.map((release): Action => ({ type: 'deleteRelease', release: nameOf(release) })),
  ];
}

function decide(actions: readonly Action[], requeueAfter?: number): Decision {
  return { actions, applicationStatus: undefined, releaseStatuses: new Map(), requeueAfter };
}
