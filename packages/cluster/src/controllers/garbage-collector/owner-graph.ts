import type { OwnerReference } from '@slipway/kube/api.generated';
import { keyOf, type KubeObject, type ObjectKey, type ResourceType } from '@slipway/kube/object';

export const foregroundFinalizer = 'foregroundDeletion';
export const orphanFinalizer = 'orphan';

/** What garbage collection needs to know of an object, of any kind. */
export interface GraphNode {
  readonly uid: string;
  readonly type: ResourceType;
  readonly key: ObjectKey;
  readonly resourceVersion: string | undefined;
  readonly owners: readonly OwnerReference[];
  readonly finalizers: readonly string[];
  readonly isDeleting: boolean;
}

const none: readonly never[] = [];

export function toGraphNode(type: ResourceType, object: KubeObject): GraphNode {
  const { uid = '', resourceVersion, ownerReferences = none, finalizers = none, deletionTimestamp } = object.metadata;
  const isDeleting = deletionTimestamp !== undefined;
  return { uid, type, key: keyOf(object), resourceVersion, owners: ownerReferences, finalizers, isDeleting };
}

/** Owned by somebody, or with something to wait for. All others matter as owners alone, and few of them are. */
export function isBound({ metadata }: KubeObject): boolean {
  const { ownerReferences = none, finalizers = none, deletionTimestamp } = metadata;
  return ownerReferences.length > 0 || finalizers.length > 0 || deletionTimestamp !== undefined;
}

/** Waits, while being deleted, until its dependents are gone. */
export function isWaitingForDependents({ isDeleting, finalizers }: GraphNode): boolean {
  return isDeleting && finalizers.includes(foregroundFinalizer);
}

export function isOrphaning({ isDeleting, finalizers }: GraphNode): boolean {
  return isDeleting && finalizers.includes(orphanFinalizer);
}

/** Who owns whom, by uid. */
export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #dependents = new Map<string, Set<string>>();

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  /** Those that name the object as an owner, whether it exists or not. */
  dependentsOf(uid: string): readonly GraphNode[] {
    return [...(this.#dependents.get(uid) ?? none)].flatMap((dependent) => this.#nodes.get(dependent) ?? none);
  }

  put(node: GraphNode): void {
    const before = this.#nodes.get(node.uid);
    if (before !== undefined && before.owners !== node.owners) this.#unlink(before);
    this.#nodes.set(node.uid, node);
    for (const { uid } of node.owners) {
      const dependents = this.#dependents.get(uid);
      if (dependents === undefined) this.#dependents.set(uid, new Set([node.uid]));
      else dependents.add(node.uid);
    }
  }

  remove(uid: string): void {
    const node = this.#nodes.get(uid);
    if (node === undefined) return;
    this.#unlink(node);
    this.#nodes.delete(uid);
  }

  #unlink(node: GraphNode): void {
    for (const { uid } of node.owners) {
      const dependents = this.#dependents.get(uid);
      dependents?.delete(node.uid);
      if (dependents?.size === 0) this.#dependents.delete(uid);
    }
  }
}
