import { join } from 'node:path';
import type { NodeConnector } from '@slipway/cluster/api/node-connector';
import { launchNodeHelper, type NodeHelper } from '@slipway/cluster/node/helper/launch';
import { nodeSocketOf } from '@slipway/cluster/node/helper/helper-options';
import { planNode } from '@slipway/cluster/node/helper/plan-node';
import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import { StatusError } from '@slipway/kube/status-error';
import type { Logger } from '@slipway/kube/logger';
import type { DataDirectory } from './data-directory.ts';
import type { ServerOptions } from './server-options.ts';

/** The cluster's nodes: agents in one helper process that runs containers, or simulations within the server. */
export interface ClusterNode {
  readonly ranges: { readonly pods: string; readonly services: string };
  readonly connector: NodeConnector;
  /** Resolves when the node is ready to run pods. */
  start(context: NodeContext): Promise<RunningNode>;
  /** Stops its pods and then the node, however far its start has come. */
  stop(graceSeconds: number): Promise<void>;
  /** After a start that failed: ends what was started for it. What an earlier server left goes on, for the next one. */
  abandon(): Promise<void>;
}

export interface NodeContext {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

export interface RunningNode {
  readonly runtime: string;
  readonly level: string;
  readonly limitations: readonly string[];
  readonly pid: number | undefined;
  readonly done: Promise<void>;
}

export const nodeName = 'slipway';

/** `slipway`, `slipway-2`, `slipway-3` and so on. */
function nodeNamesOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => (index === 0 ? nodeName : `${nodeName}-${index + 1}`));
}

export interface NodeLaunch {
  readonly options: ServerOptions;
  readonly directory: DataDirectory;
  readonly storeIdentity: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/**
 * Chooses the node and, if it is a process of its own, starts it: it makes its network and reads its modules while this
 * process reads its own, and then waits for the API server.
 */
export async function launchClusterNode(launch: NodeLaunch): Promise<ClusterNode> {
  const { options, directory, storeIdentity, logger, signal } = launch;
  const nodeNames = nodeNamesOf(options.nodes);
  if (options.runtime === 'simulated')
    return (await import('./simulated-node.ts')).simulatedNodes(nodeNames, directory);
  const plan = await planNode({
    dataDirectory: directory.path,
    level: options.level,
    searchPath: process.env['PATH'] ?? '',
  });
  const { ready, isTakenOver } = await launchNodeHelper({
    dataDirectory: directory.path,
    nodeNames,
    storeIdentity,
    apiSocket: join(directory.run, 'api.sock'),
    ...plan,
    logger,
    signal,
  });
  const stop = async (graceSeconds: number): Promise<void> => (await ready.catch(() => undefined))?.stop(graceSeconds);
  return {
    ranges: plan.ranges,
    connector: kubeletConnector(directory, nodeNames),
    start: async () => describeHelper(await ready),
    stop,
    abandon: () => (isTakenOver ? Promise.resolve() : stop(0)),
  };
}

function describeHelper({ level, limitations, pid, done }: NodeHelper): RunningNode {
  return { runtime: 'process', level, limitations, pid, done };
}

/** The client is read when the first request needs it. */
function kubeletConnector({ path }: DataDirectory, nodeNames: readonly string[]): NodeConnector {
  const kubelets = new Map<string, Promise<KubeClient>>();
  return {
    request: async (name, request) => {
      if (!nodeNames.includes(name)) throw unknownNode(name);
      const kubelet = kubelets.get(name) ?? connectTo(nodeSocketOf(path, name));
      kubelets.set(name, kubelet);
      return (await kubelet).request(request);
    },
  };
}

/** Of an earlier start with more nodes, or one that a pod names and nobody has. */
export function unknownNode(name: string): StatusError {
  return new StatusError('ServiceUnavailable', `node "${name}" does not run: this cluster was started without it`);
}

async function connectTo(socketPath: string): Promise<KubeClient> {
  const [{ createClient }, { createHttpTransport }] = await Promise.all([
    import('@slipway/kube/kube-client'),
    import('@slipway/kube/http-transport'),
  ]);
  return createClient(createHttpTransport({ server: 'http://node', socketPath }));
}
