import type {
  ControllerRevision,
  PersistentVolumeClaim,
  Pod,
  StatefulSet,
  StatefulSetStatus,
} from '@slipway/kube/api.generated';
import type { Plan } from '@slipway/kube/controller';
import { statefulSets } from '@slipway/kube/resources';
import { planClaims } from '../ownership/claims.ts';
import { untilNextAvailable } from '../replica-set/replica-set-status.ts';
import { planHistory, planRevisions, type RevisionAction } from '../revisions/plan-revisions.ts';
import { isSemanticallyEqual } from '../semantic-equality.ts';
import { claimsFor, ordinalOf } from './ordinal-pod.ts';
import { planPods, type PodAction } from './plan-pods.ts';
import { calculateStatefulSetStatus } from './stateful-set-status.ts';
import { revisionOf, viewStatefulSet, type StatefulSetView } from './stateful-set-view.ts';

export interface StatefulSetObserved {
  readonly set: StatefulSet;
  /** Managed by the set, or by nobody and in its namespace. */
  readonly candidates: readonly Pod[];
  readonly revisions: readonly ControllerRevision[];
  /** Whether there is a PersistentVolumeClaim of that name in its namespace. */
  hasClaim(name: string): boolean;
}

export type StatefulSetAction =
  | RevisionAction
  | PodAction
  | { readonly kind: 'adopt' | 'release'; readonly pod: Pod }
  | { readonly kind: 'createClaim'; readonly claim: PersistentVolumeClaim }
  /** `whenScaled: Delete`, and its pod has gone. */
  | { readonly kind: 'deleteClaim'; readonly claim: PersistentVolumeClaim };

/** The revision comes before pods that name it, and claims before the pods that need them. */
export function reconcileStatefulSet(
  observed: StatefulSetObserved,
  now: number,
): Plan<StatefulSetAction, StatefulSetStatus> {
  const { set, revisions } = observed;
  const claims = planClaims(set, set.spec?.selector ?? {}, namedAsMembers(observed));
  const { newest, actions } = planRevisions(
    {
      type: statefulSets,
      object: set,
      template: set.spec?.template ?? {},
      collisionCount: set.status?.collisionCount ?? 0,
    },
    revisions,
  );
  const view = viewStatefulSet({ set, pods: claims.owned, revisions, newest, now });
  const status = calculateStatefulSetStatus(view);
  const isLeaving = set.metadata.deletionTimestamp !== undefined;
  return {
    actions: [
      ...claims.toRelease.map((pod): StatefulSetAction => ({ kind: 'release', pod })),
      ...claims.toAdopt.map((pod): StatefulSetAction => ({ kind: 'adopt', pod })),
      ...(isLeaving ? [] : actions),
      ...planPods(view).flatMap((action) => [...planMissingClaims(action, observed), action]),
      ...(isLeaving ? [] : planSurplusClaims(view, observed)),
      ...(isLeaving ? [] : planHistory(revisions, historyOf(view))),
    ],
    status: isSemanticallyEqual(status, set.status) ? undefined : status,
    requeueAfter: untilNextAvailable(claims.owned, set.spec?.minReadySeconds ?? 0, now),
  };
}

/** Others that the selector matches are nobody's: a StatefulSet has no use for them. */
function namedAsMembers({ set, candidates }: StatefulSetObserved): readonly Pod[] {
  return candidates.filter((pod) => ordinalOf(set, pod) !== undefined);
}

function planMissingClaims(action: PodAction, { set, hasClaim }: StatefulSetObserved): readonly StatefulSetAction[] {
  if (action.kind !== 'createPod') return [];
  return claimsFor(set, action.ordinal)
    .filter(({ metadata }) => !hasClaim(metadata.name ?? ''))
    .map((claim): StatefulSetAction => ({ kind: 'createClaim', claim }));
}

/** Claims have the ordinals of their pods, and are made in order: above the highest that is there nothing need be looked for. */
function planSurplusClaims({ set, members, pods }: StatefulSetView, { hasClaim }: StatefulSetObserved) {
  if (set.spec?.persistentVolumeClaimRetentionPolicy?.whenScaled !== 'Delete') return [];
  const taken = new Set(pods.map((pod) => ordinalOf(set, pod)));
  const surplus: StatefulSetAction[] = [];
  for (let ordinal = (set.spec.ordinals?.start ?? 0) + members.length; ; ordinal++) {
    const claims = claimsFor(set, ordinal).filter(({ metadata }) => hasClaim(metadata.name ?? ''));
    if (claims.length === 0) return surplus;
    if (!taken.has(ordinal))
      surplus.push(...claims.map((claim): StatefulSetAction => ({ kind: 'deleteClaim', claim })));
  }
}

function historyOf({ set, pods, update, current }: StatefulSetView) {
  const live = new Set([update.revision, current.revision, ...pods.map(revisionOf)]);
  return { live, limit: set.spec?.revisionHistoryLimit ?? 10 };
}
