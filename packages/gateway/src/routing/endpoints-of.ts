import type { Endpoint, EndpointSlice, Service } from '@slipway/kube/api.generated';
import type { EndpointAddress, RouteBackend } from './routing-table.ts';

/**
 * Where a Service's port is answered, by its slices, each address once: where endpoints are ready, and where they serve still
 * though their pods were told to end. A slice names ports as the Service does, so the Service is only asked for the name that
 * belongs to a number.
 */
export function endpointsOf(
  service: Service | undefined,
  port: string | number,
  slices: readonly EndpointSlice[],
): Pick<RouteBackend, 'endpoints' | 'leaving'> {
  const servicePort = service?.spec?.ports?.find((candidate) => candidate.port === port || candidate.name === port);
  if (servicePort === undefined) return { endpoints: [] };
  const ready = new Map<string, EndpointAddress>();
  const leaving = new Map<string, EndpointAddress>();
  for (const slice of slices) {
    const slicePort = slice.ports?.find((candidate) => (candidate.name ?? '') === (servicePort.name ?? ''))?.port;
    if (slicePort === undefined || slice.addressType === 'FQDN') continue;
    for (const endpoint of slice.endpoints) {
      const address = endpoint.addresses[0];
      if (address === undefined) continue;
      const found = isReady(endpoint) ? ready : isLeaving(endpoint) ? leaving : undefined;
      found?.set(`${address} ${slicePort}`, { address, port: slicePort });
    }
  }
  return { endpoints: [...ready.values()], ...(leaving.size === 0 ? {} : { leaving: [...leaving.values()] }) };
}

/** An absent condition counts as ready: the API says so. */
function isReady({ conditions }: Endpoint): boolean {
  return conditions?.ready !== false && conditions?.terminating !== true;
}

/** Where nobody says whether it serves, being ready decides. */
function isLeaving({ conditions }: Endpoint): boolean {
  return conditions?.terminating === true && (conditions.serving ?? conditions.ready) !== false;
}
