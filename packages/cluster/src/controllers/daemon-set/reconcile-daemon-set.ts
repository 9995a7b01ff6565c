import type { ControllerRevision, DaemonSet, DaemonSetStatus, Node, Pod } from '@slipway/kube/api.generated';
import type { Plan } from '@slipway/kube/controller';
import { daemonSets } from '@slipway/kube/resources';
import { planClaims } from '../ownership/claims.ts';
import { untilNextAvailable } from '../replica-set/replica-set-status.ts';
import { planHistory, planRevisions, revisionHashLabel, type RevisionAction } from '../revisions/plan-revisions.ts';
import { isSemanticallyEqual } from '../semantic-equality.ts';
import { calculateDaemonSetStatus } from './daemon-set-status.ts';
import { viewDaemonSet } from './daemon-set-view.ts';
import { planDaemonPods, untilRetry, type DaemonPodAction } from './plan-daemon-pods.ts';

export interface DaemonSetObserved {
  readonly set: DaemonSet;
  /** Managed by the set, or by nobody and in its namespace. */
  readonly candidates: readonly Pod[];
  readonly revisions: readonly ControllerRevision[];
  readonly nodes: readonly Node[];
}

export type DaemonSetAction =
  | RevisionAction
  | DaemonPodAction
  | { readonly kind: 'adopt' | 'release'; readonly pod: Pod };

/** The revision comes before pods that name it. */
export function reconcileDaemonSet(observed: DaemonSetObserved, now: number): Plan<DaemonSetAction, DaemonSetStatus> {
  const { set, candidates, revisions, nodes } = observed;
  const claims = planClaims(set, set.spec?.selector ?? {}, candidates);
  const { newest, actions } = planRevisions(
    {
      type: daemonSets,
      object: set,
      template: set.spec?.template ?? {},
      collisionCount: set.status?.collisionCount ?? 0,
    },
    revisions,
  );
  const view = viewDaemonSet({ set, pods: claims.owned, nodes, newest, now });
  const status = calculateDaemonSetStatus(view);
  const isLeaving = set.metadata.deletionTimestamp !== undefined;
  const waits = [untilNextAvailable(claims.owned, set.spec?.minReadySeconds ?? 0, now), untilRetry(view)];
  const next = Math.min(...waits.map((wait) => wait ?? Infinity));
  return {
    actions: [
      ...claims.toRelease.map((pod): DaemonSetAction => ({ kind: 'release', pod })),
      ...claims.toAdopt.map((pod): DaemonSetAction => ({ kind: 'adopt', pod })),
      ...(isLeaving ? [] : actions),
      ...planDaemonPods(view),
      ...(isLeaving ? [] : planHistory(revisions, historyOf(observed, newest))),
    ],
    status: isSemanticallyEqual(status, set.status) ? undefined : status,
    requeueAfter: next === Infinity ? undefined : next,
  };
}

function historyOf({ set, candidates, revisions }: DaemonSetObserved, newest: ControllerRevision) {
  const hashes = new Set(candidates.map(({ metadata }) => metadata.labels?.[revisionHashLabel]));
  const inUse = revisions.filter(({ metadata }) => hashes.has(metadata.labels?.[revisionHashLabel]));
  const live = new Set([newest, ...inUse].map(({ metadata }) => metadata.name ?? ''));
  return { live, limit: set.spec?.revisionHistoryLimit ?? 10 };
}
