import { trafficDurationBounds } from '@slipway/kube/split';
import type { DataPlane, DataPlaneCounter } from './data-plane.ts';
import type { TrafficCounters } from './proxy/traffic.ts';

interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** Where a metric has several series: `<name>_bucket`, `<name>_sum`, `<name>_count`. */
  readonly metricName?: string | undefined;
}

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'histogram';
  readonly aggregator: 'sum';
  readonly values: readonly Sample[];
}

/**
 * The traffic of every version in Prometheus' text format. A request only adds to `TrafficCounters`, which costs next to
 * nothing; prom-client, which is loaded when somebody first asks, is given the totals as those of another process.
 */
export async function formatMetrics(
  dataPlane: Pick<DataPlane, 'traffic' | 'counters'>,
): Promise<{ readonly contentType: string; readonly text: string }> {
  const { AggregatorRegistry } = await import('prom-client');
  const registry = AggregatorRegistry.aggregate([
    [...collectMetrics(dataPlane.traffic.all()), ...counterMetrics(dataPlane.counters())],
  ]);
  return { contentType: registry.contentType, text: await registry.metrics() };
}

function collectMetrics(all: readonly TrafficCounters[]): Metric[] {
  const duration = 'slipway_gateway_request_duration_seconds';
  return [
    {
      name: 'slipway_gateway_requests_total',
      help: 'Requests by version and class of status',
      type: 'counter',
      aggregator: 'sum',
      values: all.flatMap(requestSamples),
    },
    {
      name: 'slipway_gateway_errors_total',
      help: 'Requests that were answered with 5xx or not to the end',
      type: 'counter',
      aggregator: 'sum',
      values: all.map((counters) => ({ labels: { ...labelsOf(counters) }, value: counters.errors })),
    },
    {
      name: 'slipway_gateway_abandoned_requests_total',
      help: 'Requests whose clients left before the end of the answer, which are no errors',
      type: 'counter',
      aggregator: 'sum',
      values: all.map((counters) => ({ labels: { ...labelsOf(counters) }, value: counters.abandoned })),
    },
    {
      name: duration,
      help: 'Seconds from the head of a request to the end of its answer',
      type: 'histogram',
      aggregator: 'sum',
      values: all.flatMap((counters) => durationSamples(duration, counters)),
    },
  ];
}

/** Those of one name are one metric. */
function counterMetrics(counters: readonly DataPlaneCounter[]): Metric[] {
  return [...Map.groupBy(counters, ({ name }) => name)].map(([name, series]) => ({
    name,
    help: series[0]?.help ?? '',
    type: 'counter',
    aggregator: 'sum',
    values: series.map(({ labels = {}, value }) => ({ labels, value })),
  }));
}

function requestSamples(counters: TrafficCounters): Sample[] {
  return counters.byClass.flatMap((value, index) => {
    const codeClass = index === 0 ? 'none' : `${index}xx`;
    return value === 0 ? [] : [{ labels: { ...labelsOf(counters), code_class: codeClass }, value }];
  });
}

/** Buckets are cumulative in the exposition. */
function durationSamples(name: string, counters: TrafficCounters): Sample[] {
  let sum = 0;
  const buckets = counters.durations.map((count, index) => {
    sum += count;
    return {
      metricName: `${name}_bucket`,
      labels: { ...labelsOf(counters), le: trafficDurationBounds[index] ?? '+Inf' },
      value: sum,
    };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels: labelsOf(counters), value: counters.durationSum },
    { metricName: `${name}_count`, labels: labelsOf(counters), value: counters.requests },
  ];
}

function labelsOf({ labels }: TrafficCounters): Readonly<Record<string, string>> {
  return {
    namespace: labels.namespace,
    application: labels.application,
    service: labels.service,
    version: labels.version,
  };
}
