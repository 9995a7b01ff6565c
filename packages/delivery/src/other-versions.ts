import type { Pod, ReplicaSet } from '@slipway/kube/api.generated';
import { isOurPod, isOurs, labels } from './names.ts';

export interface Running {
  readonly replicaSets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
}

/**
 * What of other versions of an Application than that of a release has pods or may make some: pods that still end are pods. Not
 * what an Application of the same name has left that is gone.
 */
export function otherVersions(
  { replicaSets, pods }: Running,
  { release, uid }: { readonly release: string; readonly uid: string },
): readonly string[] {
  const isOther = ({ metadata }: Pod | ReplicaSet): boolean => metadata.labels?.[labels.release] !== release;
  const making = replicaSets.filter((set) => isOurs(set, uid) && isOther(set) && (set.spec?.replicas ?? 0) > 0);
  return [...making, ...pods.filter((pod) => isOurPod(pod, uid) && isOther(pod))].map(
    ({ metadata }) => metadata.name ?? '',
  );
}
