/**
 * What a process has counted, in Prometheus' text format. https://prometheus.io/docs/instrumenting/exposition_formats/
 *
 * Counting costs an addition: prom-client, which is loaded when somebody first asks, is given the totals as those of another
 * process.
 */

export interface Sample {
  readonly labels?: Readonly<Record<string, string | number>> | undefined;
  readonly value: number;
  /** `_bucket`, `_sum` or `_count`, where a metric has several series. */
  readonly suffix?: string | undefined;
}

export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly samples: readonly Sample[];
}

export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

export async function formatExposition(metrics: readonly Metric[]): Promise<Exposition> {
  const { AggregatorRegistry } = await import('prom-client');
  const registry = AggregatorRegistry.aggregate([metrics.map(toPromClient)]);
  return { contentType: registry.contentType, text: await registry.metrics() };
}

function toPromClient({ samples, ...metric }: Metric): object {
  const values = samples.map(({ labels = {}, value, suffix }) => ({
    labels,
    value,
    ...(suffix === undefined ? {} : { metricName: `${metric.name}${suffix}` }),
  }));
  return { ...metric, aggregator: 'sum', values };
}

export interface Observations {
  /** Upper bounds, without the last one, which is infinite. */
  readonly bounds: readonly number[];
  /** One more than there are bounds. */
  readonly counts: readonly number[];
  readonly sum: number;
  readonly labels?: Sample['labels'];
}

/** Buckets are cumulative in the exposition. */
export function histogramSamples({ bounds, counts, sum, labels = {} }: Observations): readonly Sample[] {
  let count = 0;
  const buckets = counts.map((each, index): Sample => {
    count += each;
    return { suffix: '_bucket', labels: { ...labels, le: bounds[index] ?? '+Inf' }, value: count };
  });
  return [...buckets, { suffix: '_sum', labels, value: sum }, { suffix: '_count', labels, value: count }];
}
