import type { PodStatus } from '@slipway/kube/api.generated';

/**
 * A status as a strategic merge patch that says also what is no more. Conditions are merged by type, so that those of
 * other writers stay; their fields, and addresses by `ip`, would stay too if nobody said that they go.
 */
export function calculateStatusPatch(status: PodStatus, before: PodStatus | undefined): object {
  return {
    reason: null,
    message: null,
    ...status,
    conditions: status.conditions?.map((condition) => ({ reason: null, message: null, ...condition })),
    ...replaced('podIPs', status.podIPs, before?.podIPs),
    ...replaced('hostIPs', status.hostIPs, before?.hostIPs),
  };
}

type Addresses = ReadonlyArray<{ readonly ip: string }> | undefined;

function replaced(field: string, addresses: Addresses, before: Addresses): object {
  const kept = before === undefined || before.every(({ ip }) => addresses?.some((address) => address.ip === ip));
  return addresses === undefined || kept ? {} : { [field]: [{ $patch: 'replace' }, ...addresses] };
}
