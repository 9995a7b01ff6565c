import type { Release, ReleaseStatus } from './api/release.ts';

/** How long requests to pods of a candidate may still take; 0 where none can have come, from users or by a preview host. */
export function candidateDrainSeconds({ spec }: Release, { firstTrafficAt }: ReleaseStatus): number {
  const isPreviewed = (spec.strategy.blueGreen?.previewHosts ?? []).length > 0;
  return firstTrafficAt === undefined && !isPreviewed ? 0 : spec.drainSeconds;
}
