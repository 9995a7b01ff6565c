/** In which order releases began, and other objects changed. */
import type { KubeObject } from '@slipway/kube/object';
import type { Release } from './api/release.ts';
import { statusOf } from './release-changes.ts';

/** What has not begun comes last: its creation is known to the second only, and by another clock. */
export function byStart(a: Release, b: Release): number {
  return Number(isWaiting(a)) - Number(isWaiting(b)) || startOf(a).localeCompare(startOf(b)) || byRevision(a, b);
}

function isWaiting(release: Release): boolean {
  const { phase, attempts = [] } = statusOf(release);
  return phase === 'Pending' && attempts.length === 0;
}

function startOf({ status, metadata }: Release): string {
  return status?.attempts?.at(-1)?.startedAt ?? (metadata.creationTimestamp ?? '').slice(0, 19);
}

export function byRevision(a: KubeObject, b: KubeObject): number {
  return Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion);
}
