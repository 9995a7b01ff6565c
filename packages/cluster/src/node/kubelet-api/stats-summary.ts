/** What a node tells of its use, in the form of the kubelet's `/stats/summary` as far as anything is measured. */
import { formatTime } from '@slipway/kube/clock';
import type { PodRecord } from '../agent/pod-record.ts';
import type { ContainerRate, Measurement } from './usage-meter.ts';

export interface StatsSummary {
  readonly node: { readonly nodeName: string };
  /** Absent where nothing is measured. */
  readonly measured?: { readonly time: string; readonly windowMilliseconds: number };
  readonly pods: readonly PodStats[];
}

export interface PodStats {
  readonly podRef: { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly startTime: string;
  /** Those that run. */
  readonly containers: readonly ContainerStats[];
}

export interface ContainerStats {
  readonly name: string;
  readonly startTime: string;
  readonly cpu?: { readonly usageNanoCores: number; readonly usageCoreNanoSeconds: number };
  readonly memory?: { readonly workingSetBytes: number };
}

export function summarise({
  nodeName,
  records,
  measurement,
}: {
  readonly nodeName: string;
  readonly records: readonly PodRecord[];
  readonly measurement: Measurement | undefined;
}): StatsSummary {
  const pods = records.map(({ pod: { metadata }, startTime, containers }) => ({
    podRef: { name: metadata.name ?? '', namespace: metadata.namespace ?? '', uid: metadata.uid ?? '' },
    startTime: formatTime(startTime),
    containers: containers.flatMap(({ name, state }) => {
      if (state.kind !== 'running') return [];
      const rate = measurement?.containers.get(state.containerId);
      return [{ name, startTime: formatTime(state.startedAt), ...statsOf(rate) }];
    }),
  }));
  if (measurement === undefined) return { node: { nodeName }, pods };
  const { time, windowMilliseconds } = measurement;
  return { node: { nodeName }, measured: { time: formatTime(time), windowMilliseconds }, pods };
}

function statsOf(rate: ContainerRate | undefined): Pick<ContainerStats, 'cpu' | 'memory'> {
  if (rate === undefined) return {};
  const { nanoCores, cpuNanoseconds, memoryBytes } = rate;
  return {
    cpu: { usageNanoCores: nanoCores, usageCoreNanoSeconds: cpuNanoseconds },
    memory: { workingSetBytes: memoryBytes },
  };
}
