import type { Pod, ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import { findCondition } from '@slipway/kube/conditions';
import { availableAt, isPodReady } from '../pods.ts';

const replicaFailure = 'ReplicaFailure';

/** What the ReplicaSet says of its active pods. Counts of zero are left out, as Kubernetes leaves them out. */
export function calculateReplicaSetStatus(replicaSet: ReplicaSet, pods: readonly Pod[], now: number): ReplicaSetStatus {
  const templateLabels = Object.entries(replicaSet.spec?.template?.metadata?.labels ?? {});
  const minReadySeconds = replicaSet.spec?.minReadySeconds ?? 0;
  const count = (counts: (pod: Pod) => boolean): number | undefined => pods.filter(counts).length || undefined;
  const conditions = (replicaSet.status?.conditions ?? []).filter(({ type }) => type !== replicaFailure);
  return {
    replicas: pods.length,
    fullyLabeledReplicas: count(({ metadata }) =>
      templateLabels.every(([key, value]) => metadata.labels?.[key] === value),
    ),
    readyReplicas: count(isPodReady),
    availableReplicas: count((pod) => (availableAt(pod, minReadySeconds) ?? Infinity) <= now),
    observedGeneration: replicaSet.metadata.generation,
    conditions: conditions.length === 0 ? undefined : conditions,
  };
}

export interface Failure {
  readonly reason: 'FailedCreate' | 'FailedDelete';
  readonly message: string;
  readonly now: number;
}

/** The same status with the reason why pods could not be created or deleted. A failure that is known already keeps its time. */
export function withReplicaFailure(
  status: ReplicaSetStatus,
  before: ReplicaSetStatus | undefined,
  { reason, message, now }: Failure,
): ReplicaSetStatus {
  const known = findCondition(before?.conditions, replicaFailure);
  const condition: ReplicaSetCondition = known ?? {
    type: replicaFailure,
    status: 'True',
    lastTransitionTime: formatTime(now),
    reason,
    message,
  };
  return { ...status, conditions: [...(status.conditions ?? []), condition] };
}

/** Milliseconds until the next ready pod becomes available; undefined when none is on its way. */
export function untilNextAvailable(pods: readonly Pod[], minReadySeconds: number, now: number): number | undefined {
  const waits = pods.flatMap((pod) => {
    const at = availableAt(pod, minReadySeconds);
    return at === undefined || at <= now ? [] : [at - now];
  });
  return waits.length === 0 ? undefined : Math.min(...waits);
}
