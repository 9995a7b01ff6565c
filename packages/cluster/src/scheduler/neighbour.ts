import type { Pod, PodAffinityTerm } from '@slipway/kube/api.generated';

/** A pod as other pods see it. */
export interface Neighbour {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Pods that it does not want beside it. */
  readonly repels: readonly PodAffinityTerm[];
  readonly isLeaving: boolean;
}

export function neighbourOf({ metadata, spec }: Pod): Neighbour {
  return {
    namespace: metadata.namespace ?? '',
    labels: metadata.labels ?? {},
    repels: spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [],
    isLeaving: metadata.deletionTimestamp !== undefined,
  };
}
