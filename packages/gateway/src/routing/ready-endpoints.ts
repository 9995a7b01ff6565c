import type { Endpoint, EndpointSlice, Service } from '@slipway/kube/api.generated';
import type { EndpointAddress } from './routing-table.ts';

/**
 * Where a Service's port is answered: the ready endpoints of its slices, each address once. A slice names ports as the
 * Service does, so the Service is only asked for the name that belongs to a number.
 */
export function readyEndpoints(
  service: Service | undefined,
  port: string | number,
  slices: readonly EndpointSlice[],
): readonly EndpointAddress[] {
  const servicePort = service?.spec?.ports?.find((candidate) => candidate.port === port || candidate.name === port);
  if (servicePort === undefined) return [];
  const found = new Map<string, EndpointAddress>();
  for (const slice of slices) {
    const slicePort = slice.ports?.find((candidate) => (candidate.name ?? '') === (servicePort.name ?? ''))?.port;
    if (slicePort === undefined || slice.addressType === 'FQDN') continue;
    for (const endpoint of slice.endpoints) {
      const address = endpoint.addresses[0];
      if (address !== undefined && isReady(endpoint))
        found.set(`${address} ${slicePort}`, { address, port: slicePort });
    }
  }
  return [...found.values()];
}

/** An absent condition counts as ready: the API says so. */
function isReady({ conditions }: Endpoint): boolean {
  return conditions?.ready !== false && conditions?.terminating !== true;
}
