import type { Namespace, NamespaceCondition, NamespaceStatus } from '@slipway/kube/api.generated';
import type { Plan } from '@slipway/kube/controller';
import { setCondition } from '@slipway/kube/conditions';
import type { ResourceType } from '@slipway/kube/object';
import { isSemanticallyEqual } from '../semantic-equality.ts';

/** How often a namespace is looked at that still holds something: what holds it may be of any kind, and tells nobody. */
const lookAgainMilliseconds = 500;
const namespaceFinalizer = 'kubernetes';

/** What is left of one kind in a namespace that is being deleted. */
export interface RemainingObjects {
  readonly type: ResourceType;
  readonly count: number;
  /** Objects that nobody has begun to delete. */
  readonly untouched: number;
  /** Each finalizer that is waited for, with the number of its objects. */
  readonly finalizers: ReadonlyMap<string, number>;
}

export interface NamespaceObserved {
  readonly namespace: Namespace;
  readonly remaining: readonly RemainingObjects[];
}

export type NamespaceAction =
  | { readonly kind: 'deleteAll'; readonly type: ResourceType }
  /** Takes the namespace's own finalizer away, and so the namespace. */
  | { readonly kind: 'finalize'; readonly finalizers: readonly string[] };

/** Empties a namespace that is being deleted, and lets it go when nothing is left in it. */
export function reconcileNamespace(
  { namespace, remaining }: NamespaceObserved,
  now: number,
): Plan<NamespaceAction, NamespaceStatus> {
  const finalizers = namespace.spec?.finalizers ?? [];
  if (namespace.metadata.deletionTimestamp === undefined || !finalizers.includes(namespaceFinalizer)) {
    return { actions: [] };
  }
  if (remaining.length === 0) {
    return { actions: [{ kind: 'finalize', finalizers: finalizers.filter((each) => each !== namespaceFinalizer) }] };
  }
  const conditions = calculateConditions(namespace.status?.conditions ?? [], remaining, now);
  const status: NamespaceStatus = { phase: 'Terminating', conditions };
  return {
    actions: remaining
      .filter(({ untouched }) => untouched > 0)
      .map(({ type }): NamespaceAction => ({ kind: 'deleteAll', type })),
    status: isSemanticallyEqual(status, namespace.status) ? undefined : status,
    requeueAfter: lookAgainMilliseconds,
  };
}

function calculateConditions(
  conditions: readonly NamespaceCondition[],
  remaining: readonly RemainingObjects[],
  now: number,
): readonly NamespaceCondition[] {
  const isStuck = remaining.some(({ finalizers }) => finalizers.size > 0);
  const statements: readonly NamespaceCondition[] = [
    {
      type: 'NamespaceDeletionDiscoveryFailure',
      status: 'False',
      reason: 'ResourcesDiscovered',
      message: 'All resources successfully discovered',
    },
    {
      type: 'NamespaceDeletionGroupVersionParsingFailure',
      status: 'False',
      reason: 'ParsedGroupVersions',
      message: 'All legacy kube types successfully parsed',
    },
    {
      type: 'NamespaceDeletionContentFailure',
      status: 'False',
      reason: 'ContentDeleted',
      message: 'All content successfully deleted, may be waiting on finalization',
    },
    { type: 'NamespaceContentRemaining', status: 'True', reason: 'SomeResourcesRemain', message: describe(remaining) },
    isStuck
      ? {
          type: 'NamespaceFinalizersRemaining',
          status: 'True',
          reason: 'SomeFinalizersRemain',
          message: describeFinalizers(remaining),
        }
      : {
          type: 'NamespaceFinalizersRemaining',
          status: 'False',
          reason: 'ContentHasNoFinalizers',
          message: 'All content-preserving finalizers finished',
        },
  ];
  return statements.reduce<readonly NamespaceCondition[]>((all, each) => setCondition(all, each, now), conditions);
}

function describe(remaining: readonly RemainingObjects[]): string {
  // The core group leaves a dot, as in Kubernetes: `pods. has 2 resource instances`.
  const parts = remaining.map(({ type, count }) => `${type.plural}.${type.group} has ${count} resource instances`);
  return `Some resources are remaining: ${parts.toSorted().join(', ')}`;
}

function describeFinalizers(remaining: readonly RemainingObjects[]): string {
  const counts = new Map<string, number>();
  for (const { finalizers } of remaining) {
    for (const [name, count] of finalizers) counts.set(name, (counts.get(name) ?? 0) + count);
  }
  const parts = [...counts].map(([name, count]) => `${name} in ${count} resource instances`);
  return `Some content in the namespace has finalizers remaining: ${parts.toSorted().join(', ')}`;
}
