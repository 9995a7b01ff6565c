import type { Deployment, ReplicaSet } from '@slipway/kube/api.generated';
import { allOf, oldestFirst, resized, type Roles } from './replica-set-roles.ts';
import {
  availableOf,
  calculateNewestSize,
  calculateRolloutLimits,
  presentOf,
  replicasOf,
  stayingAvailableOf,
  sumOf,
} from './rollout-limits.ts';

/**
 * One step of a rolling update: the newest ReplicaSet grows as far as the surge allows; when it cannot, the old ones
 * shrink as far as availability allows. Never both in one step, so that what shrinks was decided on what is there.
 */
export function stepRollingUpdate(deployment: Deployment, roles: Roles): Roles {
  const grown = sizeNewest(deployment, roles);
  return grown === roles ? shrinkOld(deployment, roles) : grown;
}

function sizeNewest(deployment: Deployment, roles: Roles): Roles {
  const { newest, old } = roles;
  if (newest === undefined || newest.metadata.uid === undefined) return roles;
  const size = replicasOf(newest);
  const wanted = replicasOf(deployment);
  const next =
    size > wanted ? wanted : calculateNewestSize(deployment, { newest: size, all: sumOf(allOf(roles), presentOf) });
  return next === size ? roles : { newest: resized(deployment, newest, next), old };
}

/**
 * Pods that are not available go first: they carry nothing. Then available ones, down to `replicas - maxUnavailable` over
 * all ReplicaSets. Pods of the newest that are not available yet count as missing, or a new version that never becomes
 * available would eat the old one.
 */
function shrinkOld(deployment: Deployment, roles: Roles): Roles {
  const { newest, old } = roles;
  const minimum = replicasOf(deployment) - calculateRolloutLimits(deployment).maxUnavailable;
  const newestUnavailable = newest === undefined ? 0 : replicasOf(newest) - availableOf(newest);
  const removable = sumOf(allOf(roles), replicasOf) - minimum - newestUnavailable;
  if (removable <= 0 || sumOf(old, replicasOf) === 0) return roles;
  const cleaned = shrink(deployment, old, {
    atMost: removable,
    from: (each) => replicasOf(each) - availableOf(each),
  });
  const surplus = sumOf(allOf(roles), stayingAvailableOf) - minimum;
  const shrunk = surplus <= 0 ? cleaned : shrink(deployment, cleaned, { atMost: surplus, from: replicasOf });
  return { newest, old: shrunk };
}

interface Shrinking {
  readonly atMost: number;
  /** How many replicas a ReplicaSet may lose. */
  from(replicaSet: ReplicaSet): number;
}

/** Takes replicas away, from the oldest ReplicaSet first. */
function shrink(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  { atMost, from }: Shrinking,
): readonly ReplicaSet[] {
  let remaining = atMost;
  return oldestFirst(sets).map((replicaSet) => {
    const loss = Math.min(remaining, Math.max(0, from(replicaSet)));
    remaining -= loss;
    return loss === 0 ? replicaSet : resized(deployment, replicaSet, replicasOf(replicaSet) - loss);
  });
}
