import type { OwnerReference } from '@slipway/kube/api.generated';
import type { Plan } from '@slipway/kube/controller';
import {
  foregroundFinalizer,
  isOrphaning,
  isWaitingForDependents,
  orphanFinalizer,
  type GraphNode,
} from './owner-graph.ts';

export interface Ownership {
  readonly reference: OwnerReference;
  /** Absent: the API server says that no object of that name and uid exists. */
  readonly state: 'present' | 'absent' | 'waitingForDependents';
}

export interface GarbageObserved {
  readonly node: GraphNode;
  readonly owners: readonly Ownership[];
  readonly dependents: readonly GraphNode[];
}

export type GarbageAction =
  | { readonly kind: 'setOwners'; readonly node: GraphNode; readonly owners: readonly OwnerReference[] }
  | { readonly kind: 'removeFinalizer'; readonly node: GraphNode; readonly finalizer: string }
  | {
      readonly kind: 'delete';
      readonly node: GraphNode;
      readonly propagationPolicy: 'Background' | 'Foreground' | 'Orphan';
    }
  /** Their turn has come: their owner waits for them. */
  | { readonly kind: 'look'; readonly uids: readonly string[] };

/** https://kubernetes.io/docs/concepts/architecture/garbage-collection/ */
export function reconcileGarbage(observed: GarbageObserved): Plan<GarbageAction> {
  const { node } = observed;
  if (isOrphaning(node)) return { actions: planOrphaning(observed) };
  if (isWaitingForDependents(node)) return { actions: planForegroundDeletion(observed) };
  if (node.isDeleting || observed.owners.length === 0) return { actions: [] };
  return { actions: planOwned(observed) };
}

/** The dependents forget their owner before it goes, or they would be collected. */
function planOrphaning({ node, dependents }: GarbageObserved): readonly GarbageAction[] {
  return [
    ...dependents.map((dependent): GarbageAction => ({
      kind: 'setOwners',
      node: dependent,
      owners: dependent.owners.filter(({ uid }) => uid !== node.uid),
    })),
    { kind: 'removeFinalizer', node, finalizer: orphanFinalizer },
  ];
}

function planForegroundDeletion({ node, dependents }: GarbageObserved): readonly GarbageAction[] {
  const blocking = dependents.filter(({ owners }) =>
    owners.some(({ uid, blockOwnerDeletion }) => uid === node.uid && blockOwnerDeletion === true),
  );
  if (blocking.length === 0) return [{ kind: 'removeFinalizer', node, finalizer: foregroundFinalizer }];
  const untouched = dependents.filter(({ isDeleting }) => !isDeleting).map(({ uid }) => uid);
  return untouched.length === 0 ? [] : [{ kind: 'look', uids: untouched }];
}

function planOwned({ node, owners, dependents }: GarbageObserved): readonly GarbageAction[] {
  const present = owners.filter(({ state }) => state === 'present').map(({ reference }) => reference);
  // One owner is enough to stay; the others are forgotten.
  if (present.length === owners.length) return [];
  if (present.length > 0) return [{ kind: 'setOwners', node, owners: present }];
  const isAwaited = owners.some(({ state }) => state === 'waitingForDependents');
  if (!isAwaited || dependents.length === 0) {
    return [{ kind: 'delete', node, propagationPolicy: policyOf(node) }];
  }
  return [...planUnblocking(node, dependents), { kind: 'delete', node, propagationPolicy: 'Foreground' }];
}

/** Two objects that own each other and are both deleted in the foreground would wait for each other forever. */
function planUnblocking(node: GraphNode, dependents: readonly GraphNode[]): readonly GarbageAction[] {
  const isCycle = dependents.some(isWaitingForDependents) && node.owners.some((owner) => owner.blockOwnerDeletion);
  if (!isCycle) return [];
  const owners = node.owners.map((owner) => ({ ...owner, blockOwnerDeletion: false }));
  return [{ kind: 'setOwners', node, owners }];
}

function policyOf({ finalizers }: GraphNode): 'Background' | 'Foreground' | 'Orphan' {
  if (finalizers.includes(orphanFinalizer)) return 'Orphan';
  return finalizers.includes(foregroundFinalizer) ? 'Foreground' : 'Background';
}
