import {
  type Exposition,
  formatExposition,
  histogramSamples,
  type Metric,
  type Sample,
} from '@slipway/kube/exposition';
import { trafficDurationBounds } from '@slipway/kube/split';
import type { DataPlane, DataPlaneCounter } from './data-plane.ts';
import type { TrafficCounters } from './proxy/traffic.ts';

/** The traffic of every version, and what the data plane counts of itself. */
export function formatMetrics(dataPlane: Pick<DataPlane, 'traffic' | 'counters'>): Promise<Exposition> {
  return formatExposition([...collectMetrics(dataPlane.traffic.all()), ...counterMetrics(dataPlane.counters())]);
}

function collectMetrics(all: readonly TrafficCounters[]): Metric[] {
  return [
    {
      name: 'slipway_gateway_requests_total',
      help: 'Requests by version and class of status',
      type: 'counter',
      samples: all.flatMap(requestSamples),
    },
    {
      name: 'slipway_gateway_errors_total',
      help: 'Requests that were answered with 5xx or not to the end',
      type: 'counter',
      samples: all.map((counters) => ({ labels: { ...labelsOf(counters) }, value: counters.errors })),
    },
    {
      name: 'slipway_gateway_abandoned_requests_total',
      help: 'Requests whose clients left before the end of the answer, which are no errors',
      type: 'counter',
      samples: all.map((counters) => ({ labels: { ...labelsOf(counters) }, value: counters.abandoned })),
    },
    {
      name: 'slipway_gateway_request_duration_seconds',
      help: 'Seconds from the head of a request to the end of its answer',
      type: 'histogram',
      samples: all.flatMap(durationSamples),
    },
  ];
}

/** Those of one name are one metric. */
function counterMetrics(counters: readonly DataPlaneCounter[]): Metric[] {
  return [...Map.groupBy(counters, ({ name }) => name)].map(([name, series]) => ({
    name,
    help: series[0]?.help ?? '',
    type: 'counter',
    samples: series.map(({ labels = {}, value }) => ({ labels, value })),
  }));
}

function requestSamples(counters: TrafficCounters): Sample[] {
  return counters.byClass.flatMap((value, index) => {
    const codeClass = index === 0 ? 'none' : `${index}xx`;
    return value === 0 ? [] : [{ labels: { ...labelsOf(counters), code_class: codeClass }, value }];
  });
}

function durationSamples(counters: TrafficCounters): readonly Sample[] {
  return histogramSamples({
    bounds: trafficDurationBounds,
    counts: counters.durations,
    sum: counters.durationSum,
    labels: labelsOf(counters),
  });
}

function labelsOf({ labels }: TrafficCounters): Readonly<Record<string, string>> {
  return {
    namespace: labels.namespace,
    application: labels.application,
    service: labels.service,
    version: labels.version,
  };
}
