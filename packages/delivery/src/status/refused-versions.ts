/** Versions that were rolled back, and are not tried again by themselves. */
import { formatTime } from '@slipway/kube/clock';
import type { RefusedVersion } from '../api/application.ts';
import type { Release, ReleaseStatus } from '../api/release.ts';
import type { Observation } from '../observation.ts';

const maximumRefused = 10;

/** The list with the release under way, where that is on its way back for a reason of its own. */
export function calculateRefused(
  { application }: Observation,
  active: { readonly release: Release; readonly status: ReleaseStatus } | undefined,
  now: number,
): readonly RefusedVersion[] | undefined {
  const old = application.status?.refused;
  if (active === undefined || !isRefusal(active.status)) return old;
  const { version, identity } = active.release.spec;
  if (old?.some((each) => each.version === version && each.hash === identity.template) === true) return old;
  const refused = {
    version,
    hash: identity.template,
    by: active.status.ending?.by ?? '',
    at: formatTime(now),
    reason: active.status.ending?.reason ?? '',
    generation: application.metadata.generation ?? 0,
  };
  return [...(old ?? []), refused].slice(-maximumRefused);
}

function isRefusal({ phase, ending }: ReleaseStatus): boolean {
  const isGoingBack = phase === 'RollingBack' || phase === 'RolledBack' || phase === 'Failed';
  return isGoingBack && ending !== undefined && ending.phase !== 'Superseded';
}
