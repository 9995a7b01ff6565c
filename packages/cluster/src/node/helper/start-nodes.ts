import { readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { EndpointSlice, Service } from '@slipway/kube/api.generated';
import type { Clock } from '@slipway/kube/clock';
import { EventRecorder } from '@slipway/kube/event-recorder';
import { createHttpTransport } from '@slipway/kube/http-transport';
import { Informer } from '@slipway/kube/informer';
import type { KubeClient } from '@slipway/kube/client';
import { createClient } from '@slipway/kube/kube-client';
import type { Logger } from '@slipway/kube/logger';
import { endpointSlices, leases, services } from '@slipway/kube/resources';
import { gatewayLeaseLabel, gatewayLeaseNamespace } from '@slipway/kube/split';
import { dnsAddressOf } from '../../network/ranges.ts';
import { ServiceProxy } from '../../network/service-proxy.ts';
import { ServiceRouting } from '../../network/service-routing.ts';
import { tellFaults } from '../../network/tell-faults.ts';
import { startNodeAgent, type NodeAgentOptions, type RunningAgent } from '../agent/node-agent.ts';
import { serveKubeletApi } from '../kubelet-api/kubelet-server.ts';
import { diskFiles } from '../platform/disk-files.ts';
import { memoryFiles } from '../platform/memory-files.ts';
import type { Runtime } from '../runtime.ts';
import { createEndpointsGone } from './endpoints-gone.ts';
import { apiSocketOf, dnsSocketOf, nodeSocketOf, type HelperOptions } from './helper-options.ts';
import { describeMachine, measureCapacity } from './machine.ts';
import { shareOf } from './runtime-share.ts';
import { serviceIndexes, sliceIndexes, startDns } from './start-dns.ts';

const domain = 'cluster.local';

export interface NodeParts {
  readonly options: HelperOptions;
  readonly runtime: Runtime;
  /** Of each node in turn. */
  readonly nodeAddresses: readonly [string, ...string[]];
  readonly logger: Logger;
  readonly clock: Clock;
  /** Aborted when pods have been stopped. */
  readonly signal: AbortSignal;
}

export interface RunningNodes {
  /** Rejects when an agent could not go on. */
  readonly done: Promise<void>;
  shutDown(graceSeconds: number): Promise<void>;
}

/** Agents and one service proxy against the server's socket. Resolves when the nodes are registered and serve. */
export async function startNodes(parts: NodeParts): Promise<RunningNodes> {
  const { options, runtime, clock, signal } = parts;
  const client = clientAt(options.apiSocket);
  const { endpointsGone, services: known, slices } = startServiceProxy(parts, client);
  const nameservers = options.level === 'root' ? [dnsAddressOf(options.ranges)] : [];
  const forwardSocket = dnsSocketOf(options.dataDirectory);
  const [, ...dns] = await Promise.all([
    runtime.start(signal),
    ...nameservers.map((address) =>
      startDns({ services: known, slices, address, domain, forwardSocket, logger: parts.logger }),
    ),
  ]);
  signal.addEventListener('abort', () => dns.forEach((server) => server.close()), { once: true });
  const shared: SharedParts = {
    client,
    clock,
    random: Math.random,
    logger: parts.logger,
    signal,
    files: diskFiles,
    memoryFiles,
    endpointsGone,
    capacity: await measureCapacity(options.dataDirectory),
    machine: await describeMachine(),
    dns: { nameservers, domain, hostResolvConf: await readFile('/etc/resolv.conf', 'utf8'), hostname: hostname() },
  };
  const agents = await Promise.all(options.nodeNames.map((_, index) => startAgent(parts, index, shared)));
  await Promise.all(agents.map(({ ready }) => ready));
  return {
    done: Promise.all(agents.map(({ done }) => done)).then(() => undefined),
    shutDown: async (graceSeconds) => {
      await Promise.all(agents.map((agent) => agent.shutDown(graceSeconds)));
    },
  };
}

function clientAt(socketPath: string): KubeClient {
  return createClient(createHttpTransport({ server: 'http://localhost', socketPath }));
}

interface NetworkParts {
  readonly endpointsGone: NonNullable<NodeAgentOptions['endpointsGone']>;
  readonly services: Informer<Service>;
  readonly slices: Informer<EndpointSlice>;
}

/** Gives what the agents ask before they end a pod. */
function startServiceProxy(
  { options, nodeAddresses, logger, clock, signal }: NodeParts,
  client: KubeClient,
): NetworkParts {
  const informed = { client, clock, logger, random: Math.random };
  const serviceInformer = new Informer({ ...informed, type: services, indexes: serviceIndexes });
  const sliceInformer = new Informer({ ...informed, type: endpointSlices, indexes: sliceIndexes });
  const gatewayLeases = new Informer({
    ...informed,
    type: leases,
    namespace: gatewayLeaseNamespace,
    labelSelector: gatewayLeaseLabel,
  });
  for (const informer of [serviceInformer, sliceInformer, gatewayLeases]) informer.start(signal);
  const events = new EventRecorder({ client, clock, logger, component: 'kube-proxy', host: options.nodeNames[0] });
  const proxy = new ServiceProxy({ clock, logger, onFault: tellFaults(serviceInformer, events) });
  signal.addEventListener('abort', () => proxy.close(), { once: true });
  const routing = new ServiceRouting({
    services: serviceInformer,
    slices: sliceInformer,
    proxy,
    nodeAddresses: options.level === 'root' ? nodeAddresses : ['127.0.0.1'],
    apiSocket: join(options.dataDirectory, 'run/api-tls.sock'),
    clock,
    logger,
    signal,
  });
  routing.start();
  const endpointsGone = createEndpointsGone({ routing, leases: gatewayLeases, clock });
  return { endpointsGone, services: serviceInformer, slices: sliceInformer };
}

type SharedParts = Omit<NodeAgentOptions, 'nodeName' | 'runtime' | 'dataDirectory' | 'addresses'>;

async function startAgent(
  { options, runtime, nodeAddresses, logger, signal }: NodeParts,
  index: number,
  shared: SharedParts,
): Promise<RunningAgent> {
  const { dataDirectory, nodeNames } = options;
  const nodeName = nodeNames[index] ?? '';
  const agent = startNodeAgent({
    ...shared,
    client: index === 0 ? shared.client : clientAt(apiSocketOf(options, nodeName)),
    nodeName,
    runtime: nodeNames.length === 1 ? runtime : shareOf(runtime),
    // What an agent does not know in its directory it removes.
    dataDirectory: index === 0 ? dataDirectory : join(dataDirectory, 'nodes', nodeName),
    addresses: [
      { type: 'InternalIP', address: nodeAddresses[index] ?? nodeAddresses[0] },
      { type: 'Hostname', address: nodeName },
    ],
  });
  const socketPath = nodeSocketOf(dataDirectory, nodeName);
  await rm(socketPath, { force: true });
  const server = await serveKubeletApi(agent.kubelet, { socketPath, logger });
  signal.addEventListener('abort', () => void server.close(), { once: true });
  return agent;
}
