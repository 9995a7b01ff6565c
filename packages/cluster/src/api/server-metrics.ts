/** What `/metrics` says of this server, in names that dashboards for Kubernetes' API servers know. */
import { formatExposition, type Metric } from '@slipway/kube/exposition';
import { readProcessUsage, type ProcessUsage } from '@slipway/kube/platform/process-usage';
import type { TransportResponse } from '@slipway/kube/transport';
import type { Catalog } from '../schema/definition.ts';
import type { Store } from '../store/store.ts';
import { kubernetesVersion } from './meta-paths.ts';
import { storePrefix } from './object-key.ts';
import type { RequestCounts } from './request-counts.ts';

export interface Measured {
  readonly requests: RequestCounts;
  readonly catalog: Catalog;
  readonly store: Pick<Store, 'count'>;
}

export async function answerMetrics(measured: Measured): Promise<TransportResponse> {
  const usage = await readProcessUsage();
  const { contentType, text } = await formatExposition([...metricsOf(measured), ...processMetrics(usage)]);
  return { status: 200, headers: { 'content-type': contentType }, body: { kind: 'bytes', chunks: chunks(text) } };
}

function metricsOf({ requests, catalog, store }: Measured): readonly Metric[] {
  // Versions of one kind share what is stored, and metrics of nodes and pods are not.
  const stored = new Map(catalog.all().map(({ type }) => [nameOf(type), storePrefix(type, undefined)]));
  return [
    {
      name: 'apiserver_request_total',
      help: 'Requests from outside this process, by what they asked for and how they were answered. A watch counts when it begins.',
      type: 'counter',
      samples: requests.samples(),
    },
    {
      name: 'apiserver_storage_objects',
      help: 'Stored objects by kind',
      type: 'gauge',
      samples: [...stored].map(([resource, prefix]) => ({ labels: { resource }, value: store.count(prefix) })),
    },
    {
      name: 'kubernetes_build_info',
      help: 'The version whose API this is',
      type: 'gauge',
      samples: [{ labels: { git_version: kubernetesVersion }, value: 1 }],
    },
  ];
}

function nameOf({ group, plural }: { readonly group: string; readonly plural: string }): string {
  return group === '' ? plural : `${plural}.${group}`;
}

function processMetrics({ cpuSeconds, residentBytes, startedSeconds, openFiles }: ProcessUsage): readonly Metric[] {
  const one = (value: number): Metric['samples'] => [{ value }];
  return [
    {
      name: 'process_cpu_seconds_total',
      help: 'CPU time that the server has used',
      type: 'counter',
      samples: one(cpuSeconds),
    },
    {
      name: 'process_resident_memory_bytes',
      help: 'Memory that the server has',
      type: 'gauge',
      samples: one(residentBytes),
    },
    {
      name: 'process_start_time_seconds',
      help: 'When the server started, since 1970',
      type: 'gauge',
      samples: one(startedSeconds),
    },
    {
      name: 'process_open_fds',
      help: 'Open files and connections of the server',
      type: 'gauge',
      samples: openFiles === undefined ? [] : one(openFiles),
    },
  ];
}

async function* chunks(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text);
}
