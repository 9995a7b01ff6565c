import { leftAt, type Observation } from './observation.ts';
import type { Action, Decision } from './plan.ts';
import { nameOf } from './release-context.ts';

/** An Application that is deleted takes its traffic away first, lets requests end, and only then its pods. */
export function planTeardown(observation: Observation, now: number): Decision {
  const { application, releases, split, replicaSets, pods } = observation;
  if (application.spec.deletionPolicy === 'Orphan') return decide([{ type: 'setFinalizer', present: false }]);
  const deletedAt = Date.parse(application.metadata.deletionTimestamp ?? '');
  const drainedAt = deletedAt + (application.spec.drainSeconds ?? 30) * 1_000;
  const wasServing = pods.some(
    (pod) => pod.metadata.labels?.['slipway.dev/serves'] === 'true' || leftAt(pod) !== undefined,
  );
  if (split !== undefined) return decide([{ type: 'removeRoute' }], 100);
  if (wasServing && now < drainedAt) return decide([], drainedAt - now);
  if (replicaSets.length > 0)
    return decide(
      releases.map((release) => ({ type: 'deleteVersion', release: nameOf(release) })),
      100,
    );
  const records = releases.map((release): Action => ({ type: 'deleteRelease', release: nameOf(release) }));
  return decide([...records, { type: 'setFinalizer', present: false }]);
}

function decide(actions: readonly Action[], requeueAfter?: number): Decision {
  return { actions, applicationStatus: undefined, releaseStatuses: new Map(), requeueAfter };
}
