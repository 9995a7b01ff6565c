import type { Pod } from '@slipway/kube/api.generated';

/** Names of the pods that are ready behind the Services of their versions, and the change up to which they are known. */
export interface KnownEndpoints {
  readonly pods: ReadonlySet<string>;
  readonly revision: number;
}

export const noEndpoints: KnownEndpoints = { pods: new Set(), revision: 0 };

/** Of the newest of them: whatever happens to a pod is a change of the slice that names it, or has named it. */
export function revisionOf(objects: ReadonlyArray<Pick<Pod, 'metadata'>>): number {
  return objects.reduce((newest, { metadata }) => Math.max(newest, Number(metadata.resourceVersion ?? 0)), 0);
}
