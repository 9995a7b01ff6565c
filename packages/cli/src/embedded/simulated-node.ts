import { availableParallelism, machine, release, totalmem } from 'node:os';
import { startNodeAgent, type RunningAgent } from '@slipway/cluster/node/agent/node-agent';
import { AddressRange } from '@slipway/cluster/node/runtimes/simulated/address-range';
import { discardingFiles } from '@slipway/cluster/node/runtimes/simulated/discarding-files';
import { SimulatedRuntime } from '@slipway/cluster/node/runtimes/simulated/simulated-runtime';
import type { RawRequest } from '@slipway/kube/client';
import { StatusError } from '@slipway/kube/status-error';
import type { ClusterNode } from './cluster-node.ts';
import type { DataDirectory } from './data-directory.ts';

const ranges = { pods: '10.244.0.0/16', services: '10.96.0.0/16' };
const hostIP = '127.0.0.1';

/** A node on which nothing runs: its pods become ready by rule. It lives in the server's process. */
export function simulatedNode(nodeName: string, directory: DataDirectory): ClusterNode {
  let agent: RunningAgent | undefined;
  return {
    ranges,
    connector: {
      request: (_nodeName, request) => {
        if (agent === undefined) throw new StatusError('ServiceUnavailable', 'the node has not started yet');
        return agent.kubelet.handle(kubeletRequest(request));
      },
    },
    start: async (context) => {
      const runtime = new SimulatedRuntime({ clock: context.clock, addresses: new AddressRange(ranges.pods), hostIP });
      const running = startNodeAgent({
        ...context,
        nodeName,
        runtime,
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
      agent = running;
      await running.ready;
      return {
        runtime: 'simulated',
        level: 'simulated',
        limitations: runtime.limitations,
        pid: undefined,
        done: running.done,
      };
    },
    stop: async (graceSeconds) => agent?.shutDown(graceSeconds),
    abandon: async () => agent?.shutDown(0),
  };
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
