import type { Pod, ReplicaSet, ReplicaSetStatus } from '@slipway/kube/api.generated';
import type { Plan } from '@slipway/kube/controller';
import type { ResourceType } from '@slipway/kube/object';
import { controllerReference } from '@slipway/kube/owner-references';
import { planClaims } from '../ownership/claims.ts';
import { isPodActive } from '../pods.ts';
import { isSemanticallyEqual } from '../semantic-equality.ts';
import { choosePodsToDelete } from './rank-pods.ts';
import { calculateReplicaSetStatus, untilNextAvailable } from './replica-set-status.ts';

/** More pods than these are created or deleted in the next look: one workload must not hold up all others. */
export const burstReplicas = 500;

export interface ReplicaSetObserved {
  readonly replicaSet: ReplicaSet;
  /** What its pods name as their owner. */
  readonly type: ResourceType;
  /** Nothing new may be created where everything is being deleted. */
  readonly isNamespaceLeaving: boolean;
  /** Managed by the ReplicaSet, or by nobody and in its namespace. */
  readonly candidates: readonly Pod[];
  /** Active pods a node of all ReplicaSets with the same owner. */
  readonly podsOnNode: ReadonlyMap<string, number>;
}

export type ReplicaSetAction =
  | { readonly kind: 'adopt' | 'release'; readonly pod: Pod }
  | { readonly kind: 'createPods'; readonly pod: Pod; readonly count: number }
  | { readonly kind: 'deletePods'; readonly pods: readonly Pod[] };

/** Claims come first: what is adopted need not be created, what is released must not be counted. */
export function reconcileReplicaSet(
  observed: ReplicaSetObserved,
  now: number,
): Plan<ReplicaSetAction, ReplicaSetStatus> {
  const { replicaSet, candidates } = observed;
  const selector = replicaSet.spec?.selector ?? {};
  // Finished pods are neither taken nor let go: they are history.
  const claims = planClaims(replicaSet, selector, candidates.filter(isPodActive));
  const status = calculateReplicaSetStatus(replicaSet, claims.owned, now);
  return {
    actions: [
      ...claims.toRelease.map((pod): ReplicaSetAction => ({ kind: 'release', pod })),
      ...claims.toAdopt.map((pod): ReplicaSetAction => ({ kind: 'adopt', pod })),
      ...planReplicas(observed, claims.owned, now),
    ],
    status: isSemanticallyEqual(status, replicaSet.status) ? undefined : status,
    requeueAfter: untilNextAvailable(claims.owned, replicaSet.spec?.minReadySeconds ?? 0, now),
  };
}

function planReplicas(
  { replicaSet, type, isNamespaceLeaving, podsOnNode }: ReplicaSetObserved,
  pods: readonly Pod[],
  now: number,
): readonly ReplicaSetAction[] {
  if (replicaSet.metadata.deletionTimestamp !== undefined) return [];
  const missing = (replicaSet.spec?.replicas ?? 1) - pods.length;
  if (missing > 0 && isNamespaceLeaving) return [];
  if (missing > 0) {
    return [{ kind: 'createPods', pod: podFor(replicaSet, type), count: Math.min(missing, burstReplicas) }];
  }
  if (missing === 0) return [];
  const surplus = Math.min(-missing, burstReplicas);
  return [{ kind: 'deletePods', pods: choosePodsToDelete({ pods, podsOnNode, now }, surplus) }];
}

export function podFor(replicaSet: ReplicaSet, type: ResourceType): Pod {
  const template = replicaSet.spec?.template;
  const { labels, annotations, finalizers } = template?.metadata ?? {};
  return {
    metadata: {
      generateName: `${replicaSet.metadata.name ?? ''}-`,
      namespace: replicaSet.metadata.namespace,
      labels,
      annotations,
      finalizers,
      ownerReferences: [controllerReference(replicaSet, type)],
    },
    spec: template?.spec,
  };
}
