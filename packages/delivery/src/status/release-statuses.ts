/** What is written to the status of each Release. */
import { formatMicroTime } from '@slipway/kube/clock';
import type { Release, ReleaseStatus } from '../api/release.ts';
import { replicasOf, splitWeights, viewOf, type Observation, type VersionView } from '../observation.ts';
import type { Step } from '../plan.ts';
import { nameOf } from '../release-context.ts';

export interface Changes {
  readonly before: Observation;
  readonly after: Observation;
  readonly active: Release | undefined;
  readonly step: Step;
  readonly now: number;
}

/** By name: only those that differ from what is written already. */
export function planReleaseStatuses({ before, after, active, step, now }: Changes): ReadonlyMap<string, ReleaseStatus> {
  const written = new Map(before.releases.map((release) => [nameOf(release), JSON.stringify(release.status)]));
  const changed = new Map<string, ReleaseStatus>();
  for (const release of after.releases) {
    if (release !== active && before.releases.includes(release)) continue;
    const status =
      release === active
        ? withCounts(step.status, viewOf(after, release), { observation: after, now })
        : release.status;
    if (status !== undefined && JSON.stringify(status) !== written.get(nameOf(release)))
      changed.set(nameOf(release), status);
  }
  return changed;
}

function withCounts(
  status: ReleaseStatus,
  view: VersionView,
  { observation, now }: { readonly observation: Observation; readonly now: number },
): ReleaseStatus {
  const weight = splitWeights(observation)[nameOf(view.release)] ?? 0;
  const hasTraffic = weight > 0 || view.listed.length > 0;
  return {
    ...status,
    ...(hasTraffic && status.firstTrafficAt === undefined ? { firstTrafficAt: formatMicroTime(now) } : {}),
    replicas: { desired: replicasOf(observation), ready: view.ready.length, serving: view.serving.length },
    split: {
      weights: splitWeights(observation),
      confirmed: status.phase === 'Guarding' || status.trafficMovedAt !== undefined,
    },
  };
}
