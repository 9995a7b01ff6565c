import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '@slipway/kube/api.generated';
import { findCondition } from '@slipway/kube/conditions';
import { available, replicaFailure, withCondition, withoutCondition } from './deployment-conditions.ts';
import { allOf, type Roles } from './replica-set-roles.ts';
import { availableOf, calculateRolloutLimits, replicasOf, sumOf } from './rollout-limits.ts';

/** Counts over all ReplicaSets, and whether enough pods are available. Counts of zero are left out, as Kubernetes leaves them out. */
export function calculateDeploymentStatus(
  deployment: Deployment,
  roles: Roles,
  { conditions, now }: { readonly conditions: readonly DeploymentCondition[]; readonly now: number },
): DeploymentStatus {
  const all = allOf(roles);
  const availableReplicas = sumOf(all, availableOf);
  return {
    observedGeneration: deployment.metadata.generation,
    replicas: sumOf(all, actualOf) || undefined,
    updatedReplicas: (roles.newest === undefined ? 0 : actualOf(roles.newest)) || undefined,
    readyReplicas: sumOf(all, ({ status }) => status?.readyReplicas ?? 0) || undefined,
    availableReplicas: availableReplicas || undefined,
    unavailableReplicas: Math.max(0, sumOf(all, replicasOf) - availableReplicas) || undefined,
    collisionCount: deployment.status?.collisionCount,
    conditions: withCondition(conditions, availability(deployment, availableReplicas), now),
  };
}

function actualOf({ status }: ReplicaSet): number {
  return status?.replicas ?? 0;
}

function availability(
  deployment: Deployment,
  availableReplicas: number,
): Pick<DeploymentCondition, 'type' | 'status' | 'reason' | 'message'> {
  const minimum = replicasOf(deployment) - calculateRolloutLimits(deployment).maxUnavailable;
  return availableReplicas >= minimum
    ? {
        type: available,
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      }
    : {
        type: available,
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      };
}

/** Everything that was asked for runs, is available, and nothing else does. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const replicas = replicasOf(deployment);
  return (
    (status.updatedReplicas ?? 0) === replicas &&
    (status.replicas ?? 0) === replicas &&
    (status.availableReplicas ?? 0) === replicas &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** Why pods cannot be made, as the newest ReplicaSet says it, or else any other. */
export function withReplicaFailure(status: DeploymentStatus, roles: Roles, now: number): DeploymentStatus {
  const sets = roles.newest === undefined ? roles.old : [roles.newest, ...roles.old];
  const failure = sets
    .map((replicaSet) => findCondition(replicaSet.status?.conditions, replicaFailure))
    .find((condition) => condition !== undefined);
  const conditions = status.conditions ?? [];
  if (failure === undefined) return { ...status, conditions: withoutCondition(conditions, replicaFailure) };
  const { status: value, reason, message } = failure;
  return {
    ...status,
    conditions: withCondition(conditions, { type: replicaFailure, status: value, reason, message }, now),
  };
}
