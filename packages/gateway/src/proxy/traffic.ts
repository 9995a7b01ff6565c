/** What is counted of one version's traffic; durations in seconds. */
export const durationBuckets: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

export interface TrafficLabels {
  readonly namespace: string;
  readonly application: string;
  readonly service: string;
  readonly version: string;
}

/** Running totals of one version. */
export class TrafficCounters {
  readonly labels: TrafficLabels;
  requests = 0;
  /** Answers 5xx and requests that got no whole answer. */
  errors = 0;
  /** By the first digit of the status; 0 for none. */
  readonly byClass: number[] = [0, 0, 0, 0, 0, 0];
  /** Per bucket, not cumulative; the last is for everything longer. */
  readonly durations: number[] = durationBuckets.map(() => 0).concat(0);
  durationSum = 0;

  constructor(labels: TrafficLabels) {
    this.labels = labels;
  }

  /** `status` is 0 if the client got no whole answer. */
  record(status: number, seconds: number): void {
    this.requests += 1;
    if (status >= 500 || status === 0) this.errors += 1;
    const statusClass = Math.floor(status / 100);
    this.byClass[statusClass] = (this.byClass[statusClass] ?? 0) + 1;
    this.durationSum += seconds;
    let bucket = 0;
    while (seconds > (durationBuckets[bucket] ?? Number.POSITIVE_INFINITY)) bucket += 1;
    this.durations[bucket] = (this.durations[bucket] ?? 0) + 1;
  }
}

/** The totals of every version that this process has served; the oldest that is no longer served goes first. */
export class TrafficRegistry {
  readonly #counters = new Map<string, TrafficCounters>();
  readonly #maxVersions: number;

  constructor(maxVersions = 2_000) {
    this.#maxVersions = maxVersions;
  }

  /** The counters of a version; made at the first call. */
  of(labels: TrafficLabels): TrafficCounters {
    const key = [labels.namespace, labels.application, labels.service, labels.version].join('\n');
    const known = this.#counters.get(key);
    if (known !== undefined) return known;
    const { namespace, application, service, version } = labels;
    const counters = new TrafficCounters({ namespace, application, service, version });
    this.#counters.set(key, counters);
    const oldest = this.#counters.keys().next().value;
    if (this.#counters.size > this.#maxVersions && oldest !== undefined) this.#counters.delete(oldest);
    return counters;
  }

  all(): readonly TrafficCounters[] {
    return [...this.#counters.values()];
  }
}
