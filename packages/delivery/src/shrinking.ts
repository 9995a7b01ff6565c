/** Making a version smaller without taking anything from anybody: leave, confirmed, drained, marked, and only then scaled. */
import type { Pod } from '@slipway/kube/api.generated';
import { names } from './moving-traffic.ts';
import {
  isBackend,
  isReady,
  isServing,
  leftAt,
  readyEndpoints,
  servingServices,
  type Observation,
  type VersionView,
} from './observation.ts';
import { annotations, backendName } from './names.ts';
import { describePods } from './pod-faults.ts';
import type { Action } from './plan.ts';
import { nameOf } from './release-context.ts';

export interface Shrink {
  readonly view: VersionView;
  /** Pods that go on. */
  readonly goal: number;
  readonly drainSeconds: number;
  readonly now: number;
  readonly observation: Observation;
}

export interface ShrinkStep {
  readonly actions: readonly Action[];
  readonly waitingFor: string | undefined;
  readonly requeueAfter?: number | undefined;
}

/** The next step towards `goal` pods. Pods that are not ready go first, then those that left longest ago. */
export function planShrink({ view, goal, drainSeconds, now, observation }: Shrink): ShrinkStep {
  const release = nameOf(view.release);
  const { version } = view.release.spec;
  const size = view.replicaSet?.spec?.replicas ?? 0;
  const excess = Math.max(size, view.pods.length) - goal;
  if (excess <= 0) return { actions: [], waitingFor: undefined };
  const leaving = chooseLeaving(view.pods, excess);
  const serving = leaving.filter((pod) => isServing(pod) || isBackend(pod));
  if (serving.length > 0) {
    return {
      actions: [
        { type: 'setServing', release, pods: names(serving), serves: false, backend: false, template: goal === 0 },
      ],
      waitingFor: `${describePods(serving, version)} to leave the Service`,
    };
  }
  const reaching = [...servingServices(observation), backendName(view.release.spec)];
  const endpoints = reaching.map((service) => readyEndpoints(observation, service));
  const listed = leaving.filter(({ metadata: { name = '' } }) => endpoints.some((one) => one.has(name)));
  if (listed.length > 0)
    return { actions: [], waitingFor: `${describePods(listed, version)} to leave the Service's endpoints` };
  const drained = leaving.filter((pod) => !isReady(pod) || now - (leftAt(pod) ?? 0) >= drainSeconds * 1_000);
  const surplus = Math.max(0, size - view.pods.length);
  if (drained.length + surplus === 0) {
    const next = Math.min(...leaving.map((pod) => (leftAt(pod) ?? now) + drainSeconds * 1_000)) - now;
    return {
      actions: [],
      waitingFor: `${describePods(leaving, version)} to drain`,
      requeueAfter: Math.max(1, next),
    };
  }
  const unmarked = drained.filter(({ metadata }) => metadata.annotations?.[annotations.deletionCost] === undefined);
  if (unmarked.length > 0)
    return {
      actions: [{ type: 'markForDeletion', release, pods: names(unmarked) }],
      waitingFor: `drained pods of version ${version} to go`,
    };
  const target = Math.max(goal, size - drained.length - surplus);
  if (target >= size) return { actions: [], waitingFor: `pods of version ${version} to go` };
  return {
    actions: [{ type: 'scale', release, replicas: target, reason: 'pods that have drained go' }],
    waitingFor: `pods of version ${version} to go`,
  };
}

function chooseLeaving(pods: readonly Pod[], count: number): readonly Pod[] {
  // Those that left the Service before, and stand behind that of their version still, are not the ones that leave now.
  const rank = (pod: Pod): number => (isReady(pod) ? 1 + Number(isServing(pod)) + Number(isBackend(pod)) : 0);
  return pods
    .toSorted(
      (a, b) =>
        rank(a) - rank(b) ||
        (leftAt(a) ?? Infinity) - (leftAt(b) ?? Infinity) ||
        (a.metadata.name ?? '').localeCompare(b.metadata.name ?? ''),
    )
    .slice(0, Math.max(0, count));
}
