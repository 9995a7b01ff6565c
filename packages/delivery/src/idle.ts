/** Nothing is being released: the stable version has its size, others go. */
import type { Release } from './api/release.ts';
import { contextOf, worldOf } from './context-of.ts';
import { previousStable, stableRelease } from './current-releases.ts';
import { check } from './interlock/interlock.ts';
import { names, silentPods } from './moving-traffic.ts';
import { isRouted, replicasOf, viewOf, type Observation, type VersionView } from './observation.ts';
import type { Action, Step } from './plan.ts';
import { statusOf } from './release-changes.ts';
import { nameOf } from './release-context.ts';
import { initialStatus } from './release-status.ts';
import { planShrink } from './shrinking.ts';

type Sizing = Pick<Step, 'actions' | 'requeueAfter'>;

export function planIdle(observation: Observation, now: number): Step {
  const stable = stableRelease(observation);
  if (stable === undefined) return { actions: [], status: initialStatus };
  const steps = [
    planStableSize(observation, stable, now),
    ...observation.releases
      .filter((release) => release !== stable && !isKeptRunning(observation, release, now))
      .map((release) =>
        planShrink({
          view: viewOf(observation, release),
          goal: 0,
          drainSeconds: stable.spec.drainSeconds,
          now,
          observation,
        }),
      ),
  ];
  const requeues = steps.flatMap(({ requeueAfter }) => requeueAfter ?? []);
  const { safe } = check(
    steps.flatMap(({ actions }) => actions),
    {
      ...worldOf(contextOf(observation, stable, now)),
      maxUnavailable: replicasOf(observation) === 0 ? Infinity : 0,
    },
  );
  return {
    actions: safe,
    status: statusOf(stable),
    requeueAfter: requeues.length === 0 ? undefined : Math.min(...requeues),
  };
}

/** The version before may be wanted back in no time. */
function isKeptRunning(observation: Observation, release: Release, now: number): boolean {
  const { application } = observation;
  const seconds = application.spec.history?.keepRunningSeconds ?? 0;
  const movedAt = application.status?.serving === undefined ? undefined : keptSince(observation);
  return release === previousStable(observation) && movedAt !== undefined && now < movedAt + seconds * 1_000;
}

/** All times begin when the traffic had moved away. */
function keptSince(observation: Observation): number | undefined {
  const stable = stableRelease(observation);
  const text = stable === undefined ? undefined : statusOf(stable).trafficMovedAt;
  return text === undefined ? undefined : Date.parse(text);
}

function planStableSize(observation: Observation, stable: Release, now: number): Sizing {
  const replicas = replicasOf(observation);
  const view = viewOf(observation, stable);
  const size = view.replicaSet?.spec?.replicas ?? 0;
  if (size < replicas)
    return { actions: [{ type: 'scale', release: nameOf(stable), replicas, reason: 'spec.replicas' }] };
  const isUnrouted = isRouted(observation) && observation.split === undefined && view.backends.length > 0;
  if (isUnrouted) return { actions: [{ type: 'setSplit', weights: { [nameOf(stable)]: 100 } }] };
  return size > replicas
    ? planShrink({ view, goal: replicas, drainSeconds: stable.spec.drainSeconds, now, observation })
    : { actions: planMissingLabels(view) };
}

/** A pod that was chosen to go and survived serves again. */
function planMissingLabels(view: VersionView): readonly Action[] {
  const silent = names(silentPods(view));
  const release = nameOf(view.release);
  return silent.length === 0
    ? []
    : [{ type: 'setServing', release, pods: silent, serves: true, backend: true, template: true }];
}
