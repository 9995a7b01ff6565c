import type { Deployment, DeploymentCondition, DeploymentStatus } from '@slipway/kube/api.generated';
import { findCondition } from '@slipway/kube/conditions';
import {
  progressing,
  progressReasons,
  withCondition,
  withoutCondition,
  withRenewedCondition,
} from './deployment-conditions.ts';
import { isComplete } from './deployment-status.ts';
import type { Roles } from './replica-set-roles.ts';

/** In Kubernetes this number means that there is no deadline. */
const noDeadline = 2_147_483_647;
type Conditions = readonly DeploymentCondition[];

function deadlineMilliseconds({ spec }: Deployment): number | undefined {
  const seconds = spec?.progressDeadlineSeconds;
  return seconds === undefined || seconds === noDeadline ? undefined : seconds * 1_000;
}

/** A pause stops the clock of the progress deadline, and resuming starts it anew; a rollout that has failed stays failed. */
export function withPauseCondition(deployment: Deployment, now: number): Conditions {
  const conditions = deployment.status?.conditions ?? [];
  if (deadlineMilliseconds(deployment) === undefined) return conditions;
  const known = findCondition(conditions, progressing);
  if (known?.reason === progressReasons.deadlineExceeded) return conditions;
  const isPaused = deployment.spec?.paused === true;
  const saysPaused = known?.reason === progressReasons.paused;
  if (isPaused === saysPaused) return conditions;
  const [reason, message] = isPaused
    ? [progressReasons.paused, 'Deployment is paused']
    : [progressReasons.resumed, 'Deployment is resumed'];
  return withCondition(conditions, { type: progressing, status: 'Unknown', reason, message }, now);
}

/** Says that there is a newest ReplicaSet: planned just now, or found although no rollout was known. */
export function withNewestCondition(
  deployment: Deployment,
  { newest }: Roles,
  { conditions, now }: { readonly conditions: Conditions; readonly now: number },
): Conditions {
  if (newest === undefined || deadlineMilliseconds(deployment) === undefined) return conditions;
  const name = newest.metadata.name ?? '';
  if (newest.metadata.uid === undefined) {
    const [reason, message] = [progressReasons.newReplicaSetCreated, `Created new replica set "${name}"`];
    return withCondition(conditions, { type: progressing, status: 'True', reason, message }, now);
  }
  if (findCondition(conditions, progressing) !== undefined) return conditions;
  const [reason, message] = [progressReasons.foundNewReplicaSet, `Found new replica set "${name}"`];
  return withCondition(conditions, { type: progressing, status: 'True', reason, message }, now);
}

/** The condition `Progressing` of a rollout: it has ended well, it moves, or it has stood still for too long. */
export function withProgress(
  deployment: Deployment,
  { status, roles }: { readonly status: DeploymentStatus; readonly roles: Roles },
  now: number,
): DeploymentStatus {
  const conditions = status.conditions ?? [];
  if (deadlineMilliseconds(deployment) === undefined) {
    return { ...status, conditions: withoutCondition(conditions, progressing) };
  }
  // Once complete, changes of single pods are no rollout.
  if (isSettled(status)) return status;
  const subject = nameOf(deployment, roles);
  if (isComplete(deployment, status)) {
    const [reason, message] = [progressReasons.newReplicaSetAvailable, `${subject} has successfully progressed.`];
    return {
      ...status,
      conditions: withCondition(conditions, { type: progressing, status: 'True', reason, message }, now),
    };
  }
  if (hasProgressed(deployment.status ?? {}, status)) {
    const [reason, message] = [progressReasons.replicaSetUpdated, `${subject} is progressing.`];
    return {
      ...status,
      conditions: withRenewedCondition(conditions, { type: progressing, status: 'True', reason, message }, now),
    };
  }
  if (!hasTimedOut(deployment, conditions, now)) return status;
  const [reason, message] = [progressReasons.deadlineExceeded, `${subject} has timed out progressing.`];
  return {
    ...status,
    conditions: withCondition(conditions, { type: progressing, status: 'False', reason, message }, now),
  };
}

function nameOf(deployment: Deployment, { newest }: Roles): string {
  return newest === undefined
    ? `Deployment "${deployment.metadata.name ?? ''}"`
    : `ReplicaSet "${newest.metadata.name ?? ''}"`;
}

function isSettled(status: DeploymentStatus): boolean {
  const reason = findCondition(status.conditions, progressing)?.reason;
  return reason === progressReasons.newReplicaSetAvailable && status.replicas === status.updatedReplicas;
}

function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const more = (count: (status: DeploymentStatus) => number | undefined): boolean =>
    (count(after) ?? 0) > (count(before) ?? 0);
  return (
    more(({ updatedReplicas }) => updatedReplicas) ||
    oldReplicas(after) < oldReplicas(before) ||
    more(({ readyReplicas }) => readyReplicas) ||
    more(({ availableReplicas }) => availableReplicas)
  );
}

function oldReplicas({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus): number {
  return replicas - updatedReplicas;
}

function hasTimedOut(deployment: Deployment, conditions: Conditions, now: number): boolean {
  const condition = findCondition(conditions, progressing);
  if (condition === undefined || condition.reason === progressReasons.newReplicaSetAvailable) return false;
  return condition.reason === progressReasons.deadlineExceeded || now > deadlineOf(deployment, condition);
}

function deadlineOf(deployment: Deployment, { lastUpdateTime }: DeploymentCondition): number {
  return Date.parse(lastUpdateTime ?? '') + (deadlineMilliseconds(deployment) ?? Infinity);
}

/** Milliseconds until the deadline has surely passed; undefined when there is nothing to wait for. */
export function untilDeadline(deployment: Deployment, status: DeploymentStatus, now: number): number | undefined {
  const condition = findCondition(status.conditions, progressing);
  if (condition === undefined || deadlineMilliseconds(deployment) === undefined) return undefined;
  const isOver =
    isComplete(deployment, status) ||
    condition.reason === progressReasons.newReplicaSetAvailable ||
    condition.reason === progressReasons.deadlineExceeded ||
    condition.reason === progressReasons.paused;
  // Times are written in whole seconds, so the deadline is one second later at most.
  return isOver ? undefined : Math.max(1_000, deadlineOf(deployment, condition) + 1_000 - now);
}
