import type { ControllerRevision, Pod, StatefulSet } from '@slipway/kube/api.generated';
import { availableAt, isPodReady } from '../pods.ts';
import { revisionHashLabel, templateOf } from '../revisions/plan-revisions.ts';
import { ordinalOf, type VersionedTemplate } from './ordinal-pod.ts';

/** A StatefulSet with its pods by ordinal. */
export interface StatefulSetView {
  readonly set: StatefulSet;
  /** Every ordinal that it should have, in order. */
  readonly members: readonly Member[];
  /** Pods beyond these, highest ordinal first. */
  readonly condemned: readonly Pod[];
  readonly pods: readonly Pod[];
  /** What updated pods are made of. */
  readonly update: VersionedTemplate;
  /** What the others are made of, until all are updated. */
  readonly current: VersionedTemplate;
  readonly now: number;
}

export interface Member {
  readonly ordinal: number;
  /** Absent while there is none. */
  readonly pod: Pod | undefined;
}

export interface Viewed {
  readonly set: StatefulSet;
  readonly pods: readonly Pod[];
  readonly revisions: readonly ControllerRevision[];
  readonly newest: ControllerRevision;
  readonly now: number;
}

export function viewStatefulSet({ set, pods, revisions, newest, now }: Viewed): StatefulSetView {
  const first = set.spec?.ordinals?.start ?? 0;
  const count = set.spec?.replicas ?? 1;
  const ordinals = Array.from({ length: count }, (_, index) => first + index);
  const byOrdinal = new Map(
    pods.flatMap((pod) => (ordinalOf(set, pod) === undefined ? [] : [[ordinalOf(set, pod), pod]])),
  );
  const order = (pod: Pod): number => ordinalOf(set, pod) ?? 0;
  const update = versioned(set, newest);
  const known = revisions.find(({ metadata }) => metadata.name === set.status?.currentRevision);
  return {
    set,
    members: ordinals.map((ordinal) => ({ ordinal, pod: byOrdinal.get(ordinal) })),
    condemned: pods
      .filter((pod) => order(pod) < first || order(pod) >= first + count)
      .toSorted((a, b) => order(b) - order(a)),
    pods,
    update,
    current: known === undefined ? update : versioned(set, known),
    now,
  };
}

function versioned(set: StatefulSet, revision: ControllerRevision): VersionedTemplate {
  const template = templateOf(revision) ?? set.spec?.template ?? {};
  return { template, revision: revision.metadata.name ?? '' };
}

export function revisionOf({ metadata }: Pod): string {
  return metadata.labels?.[revisionHashLabel] ?? '';
}

export function isTerminating({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined;
}

export function isRunningAndReady(pod: Pod): boolean {
  return pod.status?.phase === 'Running' && isPodReady(pod);
}

export function isHealthy(pod: Pod | undefined): boolean {
  return pod !== undefined && isRunningAndReady(pod) && !isTerminating(pod);
}

export function isAvailable({ set, now }: StatefulSetView, pod: Pod): boolean {
  return isRunningAndReady(pod) && (availableAt(pod, set.spec?.minReadySeconds ?? 0) ?? Infinity) <= now;
}
