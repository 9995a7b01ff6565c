import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@slipway/kube/clock';
import { createHttpTransport } from '@slipway/kube/http-transport';
import { Informer } from '@slipway/kube/informer';
import { createClient } from '@slipway/kube/kube-client';
import type { Logger } from '@slipway/kube/logger';
import { endpointSlices, leases, services } from '@slipway/kube/resources';
import { gatewayLeaseLabel, gatewayLeaseNamespace } from '@slipway/kube/split';
import { ServiceProxy } from '../../network/service-proxy.ts';
import { ServiceRouting } from '../../network/service-routing.ts';
import { startNodeAgent } from '../agent/node-agent.ts';
import { serveKubeletApi } from '../kubelet-api/kubelet-server.ts';
import { diskFiles } from '../platform/disk-files.ts';
import type { Runtime } from '../runtime.ts';
import { createEndpointsGone } from './endpoints-gone.ts';
import type { HelperOptions } from './helper-options.ts';
import { describeMachine, measureCapacity } from './machine.ts';

export interface NodeParts {
  readonly options: HelperOptions;
  readonly runtime: Runtime;
  readonly nodeAddress: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Aborted when pods have been stopped. */
  readonly signal: AbortSignal;
}

export interface RunningNode {
  /** Rejects when the agent could not go on. */
  readonly done: Promise<void>;
  shutDown(graceSeconds: number): Promise<void>;
}

/** Agent and service proxy against the server's socket. Resolves when the node is registered and serves. */
export async function startNode(parts: NodeParts): Promise<RunningNode> {
  const { options, runtime, nodeAddress, logger, clock, signal } = parts;
  const client = createClient(createHttpTransport({ server: 'http://localhost', socketPath: options.apiSocket }));
  const informed = { client, clock, logger, random: Math.random };
  const serviceInformer = new Informer({ ...informed, type: services });
  const sliceInformer = new Informer({ ...informed, type: endpointSlices });
  const gatewayLeases = new Informer({
    ...informed,
    type: leases,
    namespace: gatewayLeaseNamespace,
    labelSelector: gatewayLeaseLabel,
  });
  for (const informer of [serviceInformer, sliceInformer, gatewayLeases]) informer.start(signal);
  const proxy = new ServiceProxy({ logger });
  signal.addEventListener('abort', () => proxy.close(), { once: true });
  const routing = new ServiceRouting({
    services: serviceInformer,
    slices: sliceInformer,
    proxy,
    nodeAddresses: options.level === 'root' ? [nodeAddress] : ['127.0.0.1'],
    apiSocket: join(options.dataDirectory, 'run/api-tls.sock'),
    logger,
  });
  routing.start();
  await runtime.start(signal);
  const agent = startNodeAgent({
    client,
    clock,
    random: Math.random,
    logger,
    nodeName: options.nodeName,
    runtime,
    dataDirectory: options.dataDirectory,
    files: diskFiles,
    endpointsGone: createEndpointsGone({ routing, leases: gatewayLeases, clock }),
    capacity: await measureCapacity(options.dataDirectory),
    addresses: [
      { type: 'InternalIP', address: nodeAddress },
      { type: 'Hostname', address: options.nodeName },
    ],
    machine: await describeMachine(),
    dns: { nameservers: [], domain: 'cluster.local', hostResolvConf: await readFile('/etc/resolv.conf', 'utf8') },
    signal,
  });
  const socketPath = join(options.dataDirectory, 'run/node.sock');
  await rm(socketPath, { force: true });
  const server = await serveKubeletApi(agent.kubelet, { socketPath, logger });
  signal.addEventListener('abort', () => void server.close(), { once: true });
  await agent.ready;
  return { done: agent.done, shutDown: (graceSeconds) => agent.shutDown(graceSeconds) };
}
