import type { Deployment, ReplicaSet } from '@slipway/kube/api.generated';

export interface RolloutLimits {
  /** How many pods there may be beyond `spec.replicas`. */
  readonly maxSurge: number;
  /** How many of `spec.replicas` may be missing. */
  readonly maxUnavailable: number;
}

/**
 * Percentages of `spec.replicas`, the surge rounded up and the unavailable rounded down; both zero would never end, so then
 * one pod may be missing. `10 replicas, 25 % and 25 %` give a surge of 3 and 2 unavailable; `3 replicas, 1 and 50 %` give 1
 * and 1. Only a rolling update has limits.
 */
export function calculateRolloutLimits(deployment: Deployment): RolloutLimits {
  const replicas = replicasOf(deployment);
  const { type, rollingUpdate } = deployment.spec?.strategy ?? {};
  if (type === 'Recreate') return { maxSurge: 0, maxUnavailable: 0 };
  const maxSurge = Math.ceil(resolve(rollingUpdate?.maxSurge ?? '25%', replicas));
  const unavailable = Math.floor(resolve(rollingUpdate?.maxUnavailable ?? '25%', replicas));
  const maxUnavailable = maxSurge === 0 && unavailable === 0 ? 1 : unavailable;
  return { maxSurge, maxUnavailable: Math.min(maxUnavailable, replicas) };
}

function resolve(value: string | number, total: number): number {
  return typeof value === 'string' && value.endsWith('%') ? (Number(value.slice(0, -1)) * total) / 100 : Number(value);
}

export function replicasOf(object: Deployment | ReplicaSet): number {
  return object.spec?.replicas ?? 1;
}

export function sumOf(sets: readonly ReplicaSet[], count: (replicaSet: ReplicaSet) => number): number {
  return sets.reduce((sum, replicaSet) => sum + count(replicaSet), 0);
}

export function availableOf(replicaSet: ReplicaSet): number {
  return replicaSet.status?.availableReplicas ?? 0;
}

/**
 * A ReplicaSet that was told to shrink reports for a moment what it had before. Those pods are as good as gone where
 * availability counts, and are still there where the surge does.
 */
export function stayingAvailableOf(replicaSet: ReplicaSet): number {
  return Math.min(availableOf(replicaSet), replicasOf(replicaSet));
}

export function presentOf(replicaSet: ReplicaSet): number {
  return Math.max(replicaSet.status?.replicas ?? 0, replicasOf(replicaSet));
}

/**
 * The next size of the newest ReplicaSet: as large as `spec.replicas` asks and the surge over all ReplicaSets leaves room
 * for. `10 replicas, surge 3, old 10, new 0` gives 3; `old 8, new 3` gives 5.
 */
export function calculateNewestSize(
  deployment: Deployment,
  { newest, all }: { readonly newest: number; readonly all: number },
): number {
  const replicas = replicasOf(deployment);
  if (deployment.spec?.strategy?.type === 'Recreate') return replicas;
  const room = replicas + calculateRolloutLimits(deployment).maxSurge - all;
  return room <= 0 ? newest : newest + Math.min(room, replicas - newest);
}
