import type { Deployment, ReplicaSet } from '@slipway/kube/api.generated';
import { allOf, compareCreation, oldestFirst, resized, type Roles } from './replica-set-roles.ts';
import { desiredReplicasAnnotation, maxReplicasAnnotation } from './revisions.ts';
import { availableOf, calculateRolloutLimits, replicasOf, sumOf } from './rollout-limits.ts';

/** Whether `spec.replicas` has changed since the ReplicaSets were sized, as they remember. */
export function isScalingEvent(deployment: Deployment, roles: Roles): boolean {
  return allOf(roles).some((replicaSet) => {
    const desired = replicaSet.metadata.annotations?.[desiredReplicasAnnotation];
    return replicasOf(replicaSet) > 0 && desired !== undefined && Number(desired) !== replicasOf(deployment);
  });
}

/**
 * Follows a change of `spec.replicas` outside a rollout, or amid one in proportion to the size that each ReplicaSet has, so
 * that a broken new version does not get all that is added.
 */
export function scaleProportionally(deployment: Deployment, roles: Roles): Roles {
  const only = activeOrLatest(roles);
  if (only !== undefined) return replace(deployment, roles, new Map([[only, replicasOf(deployment)]]));
  if (isSaturated(deployment, roles.newest)) {
    return replace(deployment, roles, new Map(roles.old.filter(isActive).map((each) => [each, 0])));
  }
  if (deployment.spec?.strategy?.type === 'Recreate') return roles;
  return replace(deployment, roles, calculateProportions(deployment, allOf(roles).filter(isActive)));
}

/** The one ReplicaSet that has pods, or, if none has, the newest. Undefined in the middle of a rollout. */
function activeOrLatest(roles: Roles): ReplicaSet | undefined {
  const active = allOf(roles).filter(isActive);
  if (active.length > 1) return undefined;
  return active[0] ?? roles.newest ?? oldestFirst(roles.old).at(-1);
}

function isActive(replicaSet: ReplicaSet): boolean {
  return replicasOf(replicaSet) > 0;
}

function isSaturated(deployment: Deployment, newest: ReplicaSet | undefined): boolean {
  if (newest === undefined) return false;
  const replicas = replicasOf(deployment);
  const desired = Number(newest.metadata.annotations?.[desiredReplicasAnnotation]);
  return replicasOf(newest) === replicas && desired === replicas && availableOf(newest) === replicas;
}

/**
 * Shares out `replicas + surge - what there is` over the ReplicaSets, each by its share of the former maximum, largest
 * first; what rounding leaves goes to the largest. `10 -> 15 replicas with surge 3, sizes 5 and 8` gives 7 and 11.
 */
export function calculateProportions(
  deployment: Deployment,
  active: readonly ReplicaSet[],
): ReadonlyMap<ReplicaSet, number> {
  const replicas = replicasOf(deployment);
  const allowed = replicas > 0 ? replicas + calculateRolloutLimits(deployment).maxSurge : 0;
  const change = allowed - sumOf(active, replicasOf);
  // Of two equal ones a growing Deployment prefers the newer and a shrinking one takes from the older.
  const direction = change > 0 ? -1 : 1;
  const bySize = active.toSorted((a, b) => replicasOf(b) - replicasOf(a) || direction * compareCreation(a, b));
  const sizes = new Map<ReplicaSet, number>();
  let added = 0;
  for (const replicaSet of bySize) {
    const share = limitShare(calculateShare(deployment, replicaSet), change, added);
    sizes.set(replicaSet, replicasOf(replicaSet) + share);
    added += share;
  }
  const [largest] = bySize;
  if (largest !== undefined) sizes.set(largest, Math.max(0, (sizes.get(largest) ?? 0) + change - added));
  return sizes;
}

function limitShare(share: number, change: number, added: number): number {
  if (change === 0 || change === added) return 0;
  return change > 0 ? Math.min(share, change - added) : Math.max(share, change - added);
}

function calculateShare(deployment: Deployment, replicaSet: ReplicaSet): number {
  const size = replicasOf(replicaSet);
  if (replicasOf(deployment) === 0) return -size;
  const annotated = Number(replicaSet.metadata.annotations?.[maxReplicasAnnotation] ?? '0');
  const maximumBefore = annotated > 0 ? annotated : (deployment.status?.replicas ?? 0);
  if (maximumBefore === 0) return 0;
  const maximum = replicasOf(deployment) + calculateRolloutLimits(deployment).maxSurge;
  return Math.round((size * maximum) / maximumBefore) - size;
}

function replace(deployment: Deployment, { newest, old }: Roles, sizes: ReadonlyMap<ReplicaSet, number>): Roles {
  const sized = (replicaSet: ReplicaSet): ReplicaSet => {
    const size = sizes.get(replicaSet);
    return size === undefined ? replicaSet : resized(deployment, replicaSet, size);
  };
  return { newest: newest === undefined ? undefined : sized(newest), old: old.map(sized) };
}
