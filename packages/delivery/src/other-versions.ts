import type { Pod, ReplicaSet } from '@slipway/kube/api.generated';
import { labels } from './names.ts';

export interface Running {
  readonly replicaSets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
}

/** What of other versions than that of a release has pods or may make some: pods that still end are pods. */
export function otherVersions({ replicaSets, pods }: Running, release: string): readonly string[] {
  const isOther = ({ metadata }: Pod | ReplicaSet): boolean => metadata.labels?.[labels.release] !== release;
  const making = replicaSets.filter((set) => isOther(set) && (set.spec?.replicas ?? 0) > 0);
  return [...making, ...pods.filter(isOther)].map(({ metadata }) => metadata.name ?? '');
}
