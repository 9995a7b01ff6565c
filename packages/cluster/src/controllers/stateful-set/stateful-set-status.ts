import type { Pod, StatefulSetStatus } from '@slipway/kube/api.generated';
import {
  isAvailable,
  isRunningAndReady,
  isTerminating,
  revisionOf,
  type StatefulSetView,
} from './stateful-set-view.ts';

/** Counts of zero are left out where Kubernetes leaves them out. */
export function calculateStatefulSetStatus(view: StatefulSetView): StatefulSetStatus {
  const { set, pods, update, current } = view;
  const count = (counts: (pod: Pod) => boolean): number => pods.filter(counts).length;
  const ofRevision = (revision: string): number => count((pod) => !isTerminating(pod) && revisionOf(pod) === revision);
  const [updated, ready] = [ofRevision(update.revision), count(isRunningAndReady)];
  const isComplete = isUpdateComplete(view, updated, ready);
  return {
    observedGeneration: set.metadata.generation,
    replicas: pods.length,
    readyReplicas: ready || undefined,
    availableReplicas: count((pod) => isAvailable(view, pod)),
    currentReplicas: (isComplete ? updated : ofRevision(current.revision)) || undefined,
    updatedReplicas: updated || undefined,
    currentRevision: isComplete ? update.revision : current.revision,
    updateRevision: update.revision,
    collisionCount: set.status?.collisionCount ?? 0,
    ...(set.status?.conditions === undefined ? {} : { conditions: set.status.conditions }),
  };
}

/** From then on what was the update is what there is. */
function isUpdateComplete({ set, pods }: StatefulSetView, updated: number, ready: number): boolean {
  const wanted = set.spec?.replicas ?? 1;
  return (
    set.spec?.updateStrategy?.type === 'RollingUpdate' &&
    updated === wanted &&
    ready === wanted &&
    pods.length === wanted
  );
}
