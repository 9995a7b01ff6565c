import { join } from 'node:path';
import type { NodeConnector } from '@slipway/cluster/api/node-connector';
import { launchNodeHelper, type NodeHelper } from '@slipway/cluster/node/helper/launch';
import { planNode } from '@slipway/cluster/node/helper/plan-node';
import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import type { DataDirectory } from './data-directory.ts';
import type { ServerOptions } from './server-options.ts';

/** The cluster's one node: a helper process that runs containers, or a simulation within the server. */
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

export interface NodeLaunch {
  readonly options: ServerOptions;
  readonly directory: DataDirectory;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/**
 * Chooses the node and, if it is a process of its own, starts it: it makes its network and reads its modules while this
 * process reads its own, and then waits for the API server.
 */
export async function launchClusterNode(launch: NodeLaunch): Promise<ClusterNode> {
  const { options, directory, logger, signal } = launch;
  if (options.runtime === 'simulated') return (await import('./simulated-node.ts')).simulatedNode(nodeName, directory);
  const plan = await planNode({
    dataDirectory: directory.path,
    level: options.level,
    searchPath: process.env['PATH'] ?? '',
  });
  const { ready, isTakenOver } = await launchNodeHelper({
    dataDirectory: directory.path,
    nodeName,
    apiSocket: join(directory.run, 'api.sock'),
    ...plan,
    logger,
    signal,
  });
  const stop = async (graceSeconds: number): Promise<void> => (await ready.catch(() => undefined))?.stop(graceSeconds);
  return {
    ranges: plan.ranges,
    connector: kubeletConnector(join(directory.run, 'node.sock')),
    start: async () => describeHelper(await ready),
    stop,
    abandon: () => (isTakenOver ? Promise.resolve() : stop(0)),
  };
}

function describeHelper({ level, limitations, pid, done }: NodeHelper): RunningNode {
  return { runtime: 'process', level, limitations, pid, done };
}

/** The client is read when the first request needs it. */
function kubeletConnector(socketPath: string): NodeConnector {
  let kubelet: Promise<KubeClient> | undefined;
  return {
    request: async (_nodeName, request) => {
      kubelet ??= connectTo(socketPath);
      return (await kubelet).request(request);
    },
  };
}

async function connectTo(socketPath: string): Promise<KubeClient> {
  const [{ createClient }, { createHttpTransport }] = await Promise.all([
    import('@slipway/kube/kube-client'),
    import('@slipway/kube/http-transport'),
  ]);
  return createClient(createHttpTransport({ server: 'http://node', socketPath }));
}
