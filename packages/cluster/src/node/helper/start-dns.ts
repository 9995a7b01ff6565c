import type { EndpointSlice, Service } from '@slipway/kube/api.generated';
import { serviceKeysOf, serviceNameOf } from '@slipway/kube/endpoint-slices';
import type { Informer } from '@slipway/kube/informer';
import type { Logger } from '@slipway/kube/logger';
import { askStream } from '../../network/dns/ask-stream.ts';
import { DnsServer } from '../../network/dns/dns-server.ts';
import type { ZoneObjects } from '../../network/dns/zone.ts';

export interface DnsParts {
  readonly services: Informer<Service>;
  readonly slices: Informer<EndpointSlice>;
  readonly address: string;
  readonly domain: string;
  /** Where the server forwards to the resolvers of the machine: the network of the cluster has no way to them. */
  readonly forwardSocket: string;
  readonly logger: Logger;
}

const port = 53;

/** What the informers keep beside the objects, for those who look names and addresses up. */
export const serviceIndexes = {
  namespace: ({ metadata }: Service) => [metadata.namespace ?? ''],
  address: ({ spec }: Service) => [spec?.clusterIP ?? ''],
};
export const sliceIndexes = {
  service: serviceKeysOf,
  address: ({ endpoints }: EndpointSlice) => endpoints.flatMap(({ addresses }) => addresses),
};

export async function startDns(parts: DnsParts): Promise<DnsServer> {
  const { address, domain, forwardSocket, logger } = parts;
  const server = new DnsServer({
    domain,
    objects: zoneObjects(parts),
    forward: (message) => askStream({ path: forwardSocket }, message),
    logger,
  });
  await server.listen(address, port);
  return server;
}

function zoneObjects({ services, slices }: Pick<DnsParts, 'services' | 'slices'>): ZoneObjects {
  return {
    service: (namespace, name) => services.get({ namespace, name }),
    slices: (namespace, name) => slices.byIndex('service', `${namespace}/${name}`),
    hasServices: (namespace) => services.countByIndex('namespace', namespace) > 0,
    servicesAt: (address) => [
      ...services.byIndex('address', address),
      ...slices.byIndex('address', address).flatMap((slice) => {
        const name = serviceNameOf(slice) ?? '';
        return services.get({ namespace: slice.metadata.namespace, name }) ?? [];
      }),
    ],
  };
}
