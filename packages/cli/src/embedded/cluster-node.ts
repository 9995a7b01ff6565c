import { join } from 'node:path';
import type { NodeConnector } from '@slipway/cluster/api/node-connector';
import { launchNodeHelper, type NodeHelper } from '@slipway/cluster/node/helper/launch';
import { dnsAddressOf, nodeAddressOf } from '@slipway/cluster/network/ranges';
import { apiSocketOf, dnsSocketOf, nodeSocketOf } from '@slipway/cluster/node/helper/helper-options';
import { planNode } from '@slipway/cluster/node/helper/plan-node';
import { firstPortOf } from '@slipway/cluster/node/runtimes/process/first-port';
import type { IsolationLevel } from '@slipway/cluster/node/runtimes/process/isolation';
import type { KubeClient } from '@slipway/kube/client';
import type { Logger } from '@slipway/kube/logger';
import type { DataDirectory } from './data-directory.ts';
import { unknownNode, type ClusterNode, type RunningNode } from './node-port.ts';
import type { ServerOptions } from './server-options.ts';

export const nodeName = 'slipway';

/** `slipway`, `slipway-2`, `slipway-3` and so on. */
function nodeNamesOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => (index === 0 ? nodeName : `${nodeName}-${index + 1}`));
}

/** Where the API server answers each node over plain HTTP. */
export function nodeDoors(count: number, directory: DataDirectory): readonly NodeDoor[] {
  const nodeNames = nodeNamesOf(count);
  return nodeNames.map((name) => ({
    name,
    socketPath: apiSocketOf({ apiSocket: apiSocket(directory), nodeNames }, name),
  }));
}

export interface NodeDoor {
  readonly name: string;
  readonly socketPath: string;
}

function apiSocket({ run }: DataDirectory): string {
  return join(run, 'api.sock');
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
    apiSocket: apiSocket(directory),
    ...plan,
    logger,
    signal,
  });
  const stop = async (graceSeconds: number): Promise<void> => (await ready.catch(() => undefined))?.stop(graceSeconds);
  return {
    ranges: plan.ranges,
    ...(plan.level === 'root'
      ? {
          dns: { address: dnsAddressOf(plan.ranges), forwardSocket: dnsSocketOf(directory.path) },
          address: nodeAddressOf(plan.ranges),
        }
      : {}),
    apiServicePort: apiServicePortOf(plan.level),
    connector: kubeletConnector(directory, nodeNames),
    hasDoors: true,
    start: async () => describeHelper(await ready),
    stop,
    abandon: () => (isTakenOver ? Promise.resolve() : stop(0)),
  };
}

/** Nobody serves the usual one to pods where this user may not listen on it. */
function apiServicePortOf(level: IsolationLevel): number {
  const [usual, other] = [443, 6443];
  return (firstPortOf(level) ?? 0) > usual ? other : usual;
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
    upgrade: async (name, request) => {
      if (!nodeNames.includes(name)) throw unknownNode(name);
      const { upgradeAt } = await import('./node-streams.ts');
      return upgradeAt(nodeSocketOf(path, name), request);
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
