import { join } from 'node:path';
import type { NodeConnector } from '@slipway/cluster/api/node-connector';
import { launchNodeHelper } from '@slipway/cluster/node/helper/launch';
import { planNode } from '@slipway/cluster/node/helper/plan-node';
import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import { createHttpTransport } from '@slipway/kube/http-transport';
import { createClient } from '@slipway/kube/kube-client';
import type { Logger } from '@slipway/kube/logger';
import type { DataDirectory } from './data-directory.ts';
import type { ServerOptions } from './server-options.ts';

/** The cluster's one node: a helper process that runs containers, or a simulation within the server. */
export interface ClusterNode {
  readonly ranges: { readonly pods: string; readonly services: string };
  readonly connector: NodeConnector;
  start(context: NodeContext): Promise<RunningNode>;
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
  stop(graceSeconds: number): Promise<void>;
}

const nodeName = 'slipway';

export async function planClusterNode(options: ServerOptions, directory: DataDirectory): Promise<ClusterNode> {
  if (options.runtime === 'simulated') return (await import('./simulated-node.ts')).simulatedNode(nodeName, directory);
  const plan = await planNode({
    dataDirectory: directory.path,
    level: options.level,
    searchPath: process.env['PATH'] ?? '',
  });
  const kubelet = createClient(
    createHttpTransport({ server: 'http://node', socketPath: join(directory.run, 'node.sock') }),
  );
  return {
    ranges: plan.ranges,
    connector: { request: (_nodeName, request) => kubelet.request(request) },
    start: async ({ logger, signal }) => {
      const helper = await launchNodeHelper({
        dataDirectory: directory.path,
        nodeName,
        apiSocket: join(directory.run, 'api.sock'),
        ...plan,
        logger,
        signal,
      });
      return {
        runtime: 'process',
        level: helper.level,
        limitations: helper.limitations,
        pid: helper.pid,
        done: helper.done,
        stop: (graceSeconds) => helper.stop(graceSeconds),
      };
    },
  };
}
