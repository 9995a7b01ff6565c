import type { DeploymentCondition } from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import { findCondition } from '@slipway/kube/conditions';

export const progressing = 'Progressing';
export const available = 'Available';
export const replicaFailure = 'ReplicaFailure';

/** Reasons of `Progressing`; kubectl and others branch on them. */
export const progressReasons = {
  newReplicaSetCreated: 'NewReplicaSetCreated',
  foundNewReplicaSet: 'FoundNewReplicaSet',
  replicaSetUpdated: 'ReplicaSetUpdated',
  newReplicaSetAvailable: 'NewReplicaSetAvailable',
  deadlineExceeded: 'ProgressDeadlineExceeded',
  createError: 'ReplicaSetCreateError',
  paused: 'DeploymentPaused',
  resumed: 'DeploymentResumed',
} as const;

type Conditions = readonly DeploymentCondition[];
type Statement = Pick<DeploymentCondition, 'type' | 'status' | 'reason' | 'message'>;

/** Status and reason say whether a condition is new: a message alone changes nothing. */
export function withCondition(conditions: Conditions, statement: Statement, now: number): Conditions {
  const known = findCondition(conditions, statement.type);
  if (known !== undefined && known.status === statement.status && known.reason === statement.reason) return conditions;
  return [...withoutCondition(conditions, statement.type), renewedCondition(known, statement, now)];
}

/** As `withCondition`, but repeating it counts: `lastUpdateTime` says when progress was last seen. */
export function withRenewedCondition(conditions: Conditions, statement: Statement, now: number): Conditions {
  const known = findCondition(conditions, statement.type);
  return [...withoutCondition(conditions, statement.type), renewedCondition(known, statement, now)];
}

export function withoutCondition(conditions: Conditions, type: string): Conditions {
  return conditions.filter((condition) => condition.type !== type);
}

function renewedCondition(
  known: DeploymentCondition | undefined,
  statement: Statement,
  now: number,
): DeploymentCondition {
  const time = formatTime(now);
  const lastTransitionTime = known?.status === statement.status ? known.lastTransitionTime : time;
  return { ...statement, lastUpdateTime: time, lastTransitionTime };
}
