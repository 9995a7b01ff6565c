import { availableParallelism, machine, release, totalmem } from 'node:os';
import { startNodeAgent, type RunningAgent } from '@slipway/cluster/node/agent/node-agent';
import { shareSources, type AgentSources } from '@slipway/cluster/node/agent/agent-sources';
import { AddressRange } from '@slipway/cluster/node/runtimes/simulated/address-range';
import { discardingFiles } from '@slipway/cluster/node/runtimes/simulated/discarding-files';
import { SimulatedRuntime } from '@slipway/cluster/node/runtimes/simulated/simulated-runtime';
import type { RawRequest } from '@slipway/kube/client';
import { unknownNode, type ClusterNode, type NodeContext } from './node-port.ts';
import type { DataDirectory } from './data-directory.ts';

/** Of so many nodes, each tells of every image that it has not pulled; of more, only what went wrong is worth an Event. */
const tellingNodes = 16;

const ranges = { pods: '10.244.0.0/16', services: '10.96.0.0/16' };

/** Nodes on which nothing runs: their pods become ready by rule. They live in the server's process. */
export function simulatedNodes(nodeNames: readonly string[], directory: DataDirectory): ClusterNode {
  const agents = new Map<string, RunningAgent>();
  const stop = async (graceSeconds: number): Promise<void> => {
    await Promise.all([...agents.values()].map((agent) => agent.shutDown(graceSeconds)));
  };
  return {
    ranges,
    hasDoors: false,
    connector: {
      request: (nodeName, request) => {
        const agent = agents.get(nodeName);
        if (agent === undefined) throw unknownNode(nodeName);
        return agent.kubelet.handle(kubeletRequest(request));
      },
    },
    start: async (context) => {
      const addresses = new AddressRange(ranges.pods);
      // A node may read all pods: one of them asks for the others too.
      const events = nodeNames.length > tellingNodes ? 'warnings' : 'all';
      const sourcesOf = shareSources({ ...context, client: context.clientFor(nodeNames[0] ?? '') });
      for (const [index, nodeName] of nodeNames.entries()) {
        const sources = sourcesOf(nodeName);
        agents.set(
          nodeName,
          startAgent({
            ...context,
            nodeName,
            directory,
            addresses,
            sources,
            events,
            hostIP: loopbackAddress(index + 1),
          }),
        );
      }
      const all = [...agents.values()];
      await Promise.all(all.map(({ ready }) => ready));
      return {
        runtime: 'simulated',
        level: 'simulated',
        limitations: [],
        pid: undefined,
        done: Promise.race(all.map(({ done }) => done)),
      };
    },
    stop,
    abandon: () => stop(0),
  };
}

interface SimulatedNode extends NodeContext {
  readonly nodeName: string;
  readonly directory: DataDirectory;
  readonly addresses: AddressRange;
  readonly hostIP: string;
  readonly sources: AgentSources;
  readonly events: 'all' | 'warnings';
}

/** `127.0.0.1` of 1, `127.0.1.44` of 300. */
function loopbackAddress(number: number): string {
  return `127.0.${Math.floor(number / 256)}.${number % 256}`;
}

function startAgent({ nodeName, directory, addresses, hostIP, clientFor, ...context }: SimulatedNode): RunningAgent {
  return startNodeAgent({
    ...context,
    client: clientFor(nodeName),
    nodeName,
    runtime: new SimulatedRuntime({ clock: context.clock, addresses, hostIP }),
    dataDirectory: directory.path,
    files: discardingFiles,
    capacity: {
      cpu: String(availableParallelism()),
      memory: `${Math.floor(totalmem() / 1_024)}Ki`,
      pods: '10000',
      ephemeralStorage: '100Gi',
    },
    addresses: [
      { type: 'InternalIP', address: hostIP },
      { type: 'Hostname', address: nodeName },
    ],
    machine: {
      operatingSystem: 'linux',
      architecture: machine() === 'aarch64' ? 'arm64' : 'amd64',
      kernelVersion: release(),
      osImage: 'simulated',
    },
  });
}

function kubeletRequest(request: RawRequest): Parameters<RunningAgent['kubelet']['handle']>[0] {
  const body =
    request.body === undefined
      ? undefined
      : typeof request.body === 'string'
        ? Buffer.from(request.body)
        : request.body;
  return {
    method: request.method,
    path: request.path,
    headers: request.headers ?? {},
    signal: request.signal ?? new AbortController().signal,
    ...(body === undefined
      ? {}
      : {
          body: (async function* () {
            yield body;
          })(),
        }),
  };
}
