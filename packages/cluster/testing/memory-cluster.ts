import type { KubeClient, RawRequest, RawResponse } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import { createClient } from '@slipway/kube/kube-client';
import { silentLogger, type Logger } from '@slipway/kube/logger';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { createApiServer, type ApiServer } from '../src/api/api-server.ts';
import { adminIdentity, componentIdentity } from '../src/api/authorization.ts';
import { bootstrap } from '../src/api/bootstrap.ts';
import { serveCustomResources } from '../src/api/custom-resource-kinds.ts';
import type { NodeConnector } from '../src/api/node-connector.ts';
import { createCatalog } from '../src/schema/catalog.ts';
import { MemoryStore } from '../src/store/memory-store.ts';
import type { Store } from '../src/store/store.ts';

export interface MemoryClusterOptions {
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly store?: Store;
  /** Where services get their addresses; 10.96.0.0/16 unless said otherwise. */
  readonly serviceCidr?: string;
  /** 30000 to 32767 unless said otherwise. */
  readonly nodePorts?: { readonly first: number; readonly last: number };
  /** Answers what the API server asks of nodes: logs and proxied requests. */
  readonly onNodeRequest?: (nodeName: string, request: RawRequest) => Promise<RawResponse>;
  /** Answers what it asks of them for connections of streams. */
  readonly onNodeUpgrade?: NodeConnector['upgrade'];
}

export interface MemoryCluster {
  /** As an administrator. */
  readonly client: KubeClient;
  readonly api: ApiServer;
  readonly store: Store;
  clientFor(component: string): KubeClient;
  close(): Promise<void>;
}

/** The API with a store in memory, without sockets, controllers or nodes: what everything else is tested against. */
export async function createMemoryCluster(options: MemoryClusterOptions = {}): Promise<MemoryCluster> {
  const clock = options.clock ?? systemClock;
  const logger = options.logger ?? silentLogger;
  const store = options.store ?? new MemoryStore({ logger });
  const catalog = createCatalog();
  let seed = 1;
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const { onNodeRequest, onNodeUpgrade } = options;
  const nodes = {
    request: onNodeRequest ?? (() => Promise.reject(new Error('this cluster has no nodes'))),
    ...(onNodeUpgrade === undefined ? {} : { upgrade: onNodeUpgrade }),
  };
  const api = createApiServer({
    store,
    catalog,
    clock,
    random,
    logger,
    nodes,
    freezesObjects: true,
    ranges: {
      serviceCidr: options.serviceCidr ?? '10.96.0.0/16',
      nodePorts: options.nodePorts ?? { first: 30_000, last: 32_767 },
    },
  });
  const clientFor = (component: string): KubeClient => createClient(api.transportFor(componentIdentity(component)));
  const stop = serveCustomResources({ store, catalog, client: clientFor('apiserver'), clock, logger });
  await bootstrap({
    client: clientFor('apiserver'),
    apiServiceAddress: (options.serviceCidr ?? '10.96.0.0/16').replace(/\.0\/\d+$/, '.1'),
    apiAddress: { ip: '127.0.0.1', port: 6443 },
  });
  return {
    client: createClient(api.transportFor(adminIdentity)),
    api,
    store,
    clientFor,
    close: async () => {
      stop();
      await store.close();
    },
  };
}
