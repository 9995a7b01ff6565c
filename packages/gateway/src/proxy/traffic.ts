/** What is counted of one version's traffic; durations in seconds. */
import { trafficDurationBounds } from '@slipway/kube/split';

export interface TrafficLabels {
  readonly namespace: string;
  readonly application: string;
  readonly service: string;
  readonly version: string;
}

/** The client left, or did not take its answer: nginx's number for what no version is to blame for. */
export const clientClosedRequest = 499;

/** Running totals of one version. */
export class TrafficCounters {
  readonly labels: TrafficLabels;
  requests = 0;
  /** Answers 5xx and requests that got no whole answer, though their clients waited for it. */
  errors = 0;
  /** Requests whose clients did not wait for the whole answer. */
  abandoned = 0;
  /** By the first digit of the status; 0 for no whole answer. */
  readonly byClass: number[] = [0, 0, 0, 0, 0, 0];
  /** Per bucket, not cumulative; the last is for everything longer. */
  readonly durations: number[] = trafficDurationBounds.map(() => 0).concat(0);
  durationSum = 0;

  constructor(labels: TrafficLabels) {
    this.labels = labels;
  }

  /** `status` is 0 if the backend gave no whole answer, `clientClosedRequest` if the client did not take it. */
  record(status: number, seconds: number): void {
    this.requests += 1;
    if (status >= 500 || status === 0) this.errors += 1;
    if (status === clientClosedRequest) this.abandoned += 1;
    const statusClass = status === clientClosedRequest ? 0 : Math.floor(status / 100);
    this.byClass[statusClass] = (this.byClass[statusClass] ?? 0) + 1;
    this.durationSum += seconds;
    let bucket = 0;
    while (seconds > (trafficDurationBounds[bucket] ?? Number.POSITIVE_INFINITY)) bucket += 1;
    this.durations[bucket] = (this.durations[bucket] ?? 0) + 1;
  }
}

interface Serving {
  readonly counters: TrafficCounters;
  holders: number;
}

/**
 * The totals of every version that serves, as many as the routes name, and of the last ones that no longer do: beyond a
 * number of those, who stopped first is forgotten.
 */
export class TrafficRegistry {
  readonly #serving = new Map<string, Serving>();
  /** Who stopped first comes first. */
  readonly #past = new Map<string, TrafficCounters>();
  readonly #maxPast: number;

  constructor(maxPast = 2_000) {
    this.#maxPast = maxPast;
  }

  /** The counters of a version, which go on from where they were; kept until everybody who holds them has released them. */
  hold(labels: TrafficLabels): TrafficCounters {
    const key = keyOf(labels);
    const serving = this.#serving.get(key);
    if (serving !== undefined) {
      serving.holders += 1;
      return serving.counters;
    }
    const { namespace, application, service, version } = labels;
    const counters = this.#past.get(key) ?? new TrafficCounters({ namespace, application, service, version });
    this.#past.delete(key);
    this.#serving.set(key, { counters, holders: 1 });
    return counters;
  }

  release({ labels }: TrafficCounters): void {
    const key = keyOf(labels);
    const serving = this.#serving.get(key);
    if (serving === undefined) return;
    serving.holders -= 1;
    if (serving.holders > 0) return;
    this.#serving.delete(key);
    this.#past.set(key, serving.counters);
    const [oldest] = this.#past.keys();
    if (this.#past.size > this.#maxPast && oldest !== undefined) this.#past.delete(oldest);
  }

  all(): readonly TrafficCounters[] {
    return [...[...this.#serving.values()].map(({ counters }) => counters), ...this.#past.values()];
  }
}

function keyOf({ namespace, application, service, version }: TrafficLabels): string {
  return [namespace, application, service, version].join('\n');
}
