import type { VersionView } from './observation.ts';

/** Pods that the ReplicaSet is yet to make. It tells of those that it has made before they are seen, and those may serve. */
export function countUncreated({ replicaSet, pods }: VersionView): number {
  const made = Math.max(pods.length, replicaSet?.status?.replicas ?? 0);
  return Math.max(0, (replicaSet?.spec?.replicas ?? 0) - made);
}
