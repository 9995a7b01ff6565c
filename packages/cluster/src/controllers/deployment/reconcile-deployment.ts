import type { Deployment, DeploymentCondition, DeploymentStatus, Pod, ReplicaSet } from '@slipway/kube/api.generated';
import type { Plan } from '@slipway/kube/controller';
import { planClaims } from '../ownership/claims.ts';
import { isPodFinished } from '../pods.ts';
import { isSemanticallyEqual } from '../semantic-equality.ts';
import { calculateDeploymentStatus, isComplete, withReplicaFailure } from './deployment-status.ts';
import { untilDeadline, withNewestCondition, withPauseCondition, withProgress } from './progress.ts';
import { isScalingEvent, scaleProportionally } from './proportional-scaling.ts';
import { allOf, assignRoles, resized, withNewest, withRevision, type Roles } from './replica-set-roles.ts';
import { revisionAnnotation, revisionOf } from './revisions.ts';
import { stepRollingUpdate } from './rolling-update.ts';
import { replicasOf, sumOf } from './rollout-limits.ts';

export interface DeploymentObserved {
  readonly deployment: Deployment;
  /** Managed by the Deployment, or by nobody and in its namespace. */
  readonly candidates: readonly ReplicaSet[];
  /** Pods of a ReplicaSet, by its uid. */
  podsOf(replicaSetUid: string): readonly Pod[];
}

export type DeploymentAction =
  | { readonly kind: 'adopt' | 'release' | 'create' | 'delete'; readonly replicaSet: ReplicaSet }
  /** `before` becomes `after` in its size, annotations and minReadySeconds. */
  | { readonly kind: 'update'; readonly before: ReplicaSet; readonly after: ReplicaSet }
  | { readonly kind: 'setRevision'; readonly revision: string };

/**
 * Decides on copies of the ReplicaSets how they should be, and makes actions of the differences. The newest is created and
 * grows before old ones shrink; only ReplicaSets without pods are deleted.
 */
export function reconcileDeployment(
  observed: DeploymentObserved,
  now: number,
): Plan<DeploymentAction, DeploymentStatus> {
  const { deployment, candidates } = observed;
  const claims = planClaims(deployment, deployment.spec?.selector ?? {}, candidates);
  const before = assignRoles(deployment, claims.owned);
  const decision = decide(observed, before, now);
  const status = isSemanticallyEqual(decision.status, deployment.status) ? undefined : decision.status;
  return {
    actions: [
      ...claims.toRelease.map((replicaSet): DeploymentAction => ({ kind: 'release', replicaSet })),
      ...claims.toAdopt.map((replicaSet): DeploymentAction => ({ kind: 'adopt', replicaSet })),
      ...planDifferences(before, decision.roles),
      ...planRevision(deployment, decision.roles),
      ...decision.superfluous.map((replicaSet): DeploymentAction => ({ kind: 'delete', replicaSet })),
    ],
    status,
    requeueAfter: untilDeadline(deployment, decision.status, now),
  };
}

interface Decision {
  readonly roles: Roles;
  readonly status: DeploymentStatus;
  readonly superfluous: readonly ReplicaSet[];
}

function decide(observed: DeploymentObserved, before: Roles, now: number): Decision {
  const { deployment } = observed;
  const conditions = deployment.metadata.deletionTimestamp === undefined ? withPauseCondition(deployment, now) : [];
  if (deployment.metadata.deletionTimestamp !== undefined) {
    const kept = deployment.status?.conditions ?? [];
    const status = calculateDeploymentStatus(deployment, before, { conditions: kept, now });
    return { roles: before, status, superfluous: [] };
  }
  if (deployment.spec?.paused === true || isScalingEvent(deployment, before)) {
    return decideSize(deployment, before, { conditions, now });
  }
  return decideRollout(observed, before, { conditions, now });
}

interface Moment {
  readonly conditions: readonly DeploymentCondition[];
  readonly now: number;
}

/** While paused, and right after a change of size, no template is rolled out. */
function decideSize(deployment: Deployment, before: Roles, { conditions, now }: Moment): Decision {
  const roles = scaleProportionally(deployment, withRevision(deployment, before));
  const stated = withNewestCondition(deployment, roles, { conditions, now });
  const status = calculateDeploymentStatus(deployment, roles, { conditions: stated, now });
  const superfluous = deployment.spec?.paused === true ? chooseSuperfluous(deployment, roles.old) : [];
  return { roles, status, superfluous };
}

function decideRollout(observed: DeploymentObserved, before: Roles, { conditions, now }: Moment): Decision {
  const { deployment } = observed;
  const roles =
    deployment.spec?.strategy?.type === 'Recreate'
      ? stepRecreate(observed, before)
      : stepRollingUpdate(deployment, withNewest(deployment, before));
  const stated = withNewestCondition(deployment, roles, { conditions, now });
  const counted = calculateDeploymentStatus(deployment, roles, { conditions: stated, now });
  const status = withReplicaFailure(withProgress(deployment, { status: counted, roles }, now), roles, now);
  return { roles, status, superfluous: isComplete(deployment, status) ? chooseSuperfluous(deployment, roles.old) : [] };
}

/** The old ones go first, to the last pod, those included that are still ending; then the newest comes. */
function stepRecreate(observed: DeploymentObserved, before: Roles): Roles {
  const { deployment } = observed;
  const roles = withRevision(deployment, before);
  if (sumOf(roles.old, replicasOf) > 0) {
    return {
      newest: roles.newest,
      old: roles.old.map((each) => (replicasOf(each) > 0 ? resized(deployment, each, 0) : each)),
    };
  }
  if (hasOldPods(observed, roles.old)) return roles;
  const { newest, old } = withNewest(deployment, before);
  const isSized = newest === undefined || replicasOf(newest) === replicasOf(deployment);
  return { newest: isSized ? newest : resized(deployment, newest, replicasOf(deployment)), old };
}

function hasOldPods({ podsOf }: DeploymentObserved, old: readonly ReplicaSet[]): boolean {
  return old.some(
    ({ metadata, status }) =>
      (status?.replicas ?? 0) > 0 || podsOf(metadata.uid ?? '').some((pod) => !isPodFinished(pod)),
  );
}

/** Old ReplicaSets beyond the history limit, lowest revision first; one that has or may yet make pods stays. */
function chooseSuperfluous(deployment: Deployment, old: readonly ReplicaSet[]): readonly ReplicaSet[] {
  const living = old.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const surplus = living.length - (deployment.spec?.revisionHistoryLimit ?? 10);
  if (surplus <= 0) return [];
  return living
    .toSorted((a, b) => revisionOf(a) - revisionOf(b))
    .slice(0, surplus)
    .filter(isSpent);
}

function isSpent(replicaSet: ReplicaSet): boolean {
  const { metadata, status } = replicaSet;
  const isObserved = (metadata.generation ?? 0) <= (status?.observedGeneration ?? 0);
  return replicasOf(replicaSet) === 0 && (status?.replicas ?? 0) === 0 && isObserved;
}

function planDifferences(before: Roles, after: Roles): readonly DeploymentAction[] {
  const known = new Map(allOf(before).map((replicaSet) => [replicaSet.metadata.uid, replicaSet]));
  const inOrder = after.newest === undefined ? after.old : [after.newest, ...after.old];
  return inOrder.flatMap((replicaSet): readonly DeploymentAction[] => {
    const was = replicaSet.metadata.uid === undefined ? undefined : known.get(replicaSet.metadata.uid);
    if (was === undefined) return [{ kind: 'create', replicaSet }];
    return isSemanticallyEqual(was, replicaSet) ? [] : [{ kind: 'update', before: was, after: replicaSet }];
  });
}

/** kubectl reads the revision of a rollout from the Deployment itself. */
function planRevision(deployment: Deployment, { newest }: Roles): readonly DeploymentAction[] {
  const revision = newest?.metadata.annotations?.[revisionAnnotation];
  const isKnown = revision === undefined || deployment.metadata.annotations?.[revisionAnnotation] === revision;
  return isKnown || deployment.metadata.deletionTimestamp !== undefined ? [] : [{ kind: 'setRevision', revision }];
}
