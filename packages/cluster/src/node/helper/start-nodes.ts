import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@slipway/kube/clock';
import { createHttpTransport } from '@slipway/kube/http-transport';
import { Informer } from '@slipway/kube/informer';
import type { KubeClient } from '@slipway/kube/client';
import { createClient } from '@slipway/kube/kube-client';
import type { Logger } from '@slipway/kube/logger';
import { endpointSlices, leases, services } from '@slipway/kube/resources';
import { gatewayLeaseLabel, gatewayLeaseNamespace } from '@slipway/kube/split';
import { ServiceProxy } from '../../network/service-proxy.ts';
import { ServiceRouting } from '../../network/service-routing.ts';
import { startNodeAgent, type NodeAgentOptions, type RunningAgent } from '../agent/node-agent.ts';
import { serveKubeletApi } from '../kubelet-api/kubelet-server.ts';
import { diskFiles } from '../platform/disk-files.ts';
import type { Runtime } from '../runtime.ts';
import { createEndpointsGone } from './endpoints-gone.ts';
import { apiSocketOf, nodeSocketOf, type HelperOptions } from './helper-options.ts';
import { describeMachine, measureCapacity } from './machine.ts';
import { shareOf } from './runtime-share.ts';

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
  const endpointsGone = startServiceProxy(parts, client);
  await runtime.start(signal);
  const shared: SharedParts = {
    client,
    clock,
    random: Math.random,
    logger: parts.logger,
    signal,
    files: diskFiles,
    endpointsGone,
    capacity: await measureCapacity(options.dataDirectory),
    machine: await describeMachine(),
    dns: { nameservers: [], domain: 'cluster.local', hostResolvConf: await readFile('/etc/resolv.conf', 'utf8') },
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

/** Gives what the agents ask before they end a pod. */
function startServiceProxy(
  { options, nodeAddresses, logger, clock, signal }: NodeParts,
  client: KubeClient,
): NonNullable<NodeAgentOptions['endpointsGone']> {
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
    nodeAddresses: options.level === 'root' ? nodeAddresses : ['127.0.0.1'],
    apiSocket: join(options.dataDirectory, 'run/api-tls.sock'),
    logger,
  });
  routing.start();
  return createEndpointsGone({ routing, leases: gatewayLeases, clock });
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
