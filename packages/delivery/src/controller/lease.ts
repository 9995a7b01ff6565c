import type { Lease } from '@slipway/kube/api.generated';

const defaultDurationSeconds = 15;

/** Whether the holder renewed in time. */
export function isLeaseLive({ spec }: Lease, now: number): boolean {
  const { renewTime, leaseDurationSeconds = defaultDurationSeconds } = spec ?? {};
  return renewTime !== undefined && Date.parse(renewTime) + leaseDurationSeconds * 1_000 > now;
}
