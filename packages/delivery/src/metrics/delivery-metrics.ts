/** What a delivery controller knows of itself and, while it leads, of the Applications. */
import type { LookOutcome } from '@slipway/kube/controller-runtime';
import { type Exposition, formatExposition, type Metric } from '@slipway/kube/exposition';
import type { RequestCount, RequestCounts } from '@slipway/kube/metered-transport';
import type { Application } from '../api/application.ts';
import type { Release } from '../api/release.ts';
import { applicationMetrics } from './application-metrics.ts';
import { Histogram } from './histogram.ts';

/** What is there to be read while this process leads. */
export interface Leading {
  readonly applications: () => readonly Application[];
  readonly releases: () => readonly Release[];
  readonly queueLength: () => number;
  readonly hasSynced: () => boolean;
}

/** Seconds: most looks find nothing to do, and some write. */
const lookBounds = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10];

export class DeliveryMetrics {
  readonly #requests: RequestCounts;
  readonly #durations = new Histogram(lookBounds);
  readonly #outcomes = new Map<LookOutcome, number>([
    ['done', 0],
    ['outdated', 0],
    ['failed', 0],
  ]);
  #leading: Leading | undefined;

  constructor(requests: RequestCounts) {
    this.#requests = requests;
  }

  /** From now on until the returned function is called. */
  lead(leading: Leading): () => void {
    this.#leading = leading;
    return () => {
      if (this.#leading === leading) this.#leading = undefined;
    };
  }

  noteLook({ outcome, milliseconds }: { readonly outcome: LookOutcome; readonly milliseconds: number }): void {
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
    this.#durations.note(milliseconds / 1_000);
  }

  /** Standing by, or with everything at hand that decisions are made on. */
  get isReady(): boolean {
    return this.#leading === undefined || this.#leading.hasSynced();
  }

  format(now: number): Promise<Exposition> {
    const leading = this.#leading;
    const of = leading ?? { applications: () => [], releases: () => [], queueLength: () => 0 };
    return formatExposition([
      gauge('slipway_controller_leader', 'Whether this process is the one that acts', leading === undefined ? 0 : 1),
      gauge('slipway_controller_queue_length', 'Applications that wait to be looked at', of.queueLength()),
      {
        name: 'slipway_controller_looks_total',
        help: 'Looks at an Application; outdated: a cache lagged behind and it was looked at again; failed: tried again later',
        type: 'counter',
        samples: [...this.#outcomes].map(([outcome, value]) => ({ labels: { outcome }, value })),
      },
      {
        name: 'slipway_controller_look_duration_seconds',
        help: 'Seconds that a look took, with what it wrote',
        type: 'histogram',
        samples: this.#durations.samples(),
      },
      requestMetric(this.#requests.all()),
      ...applicationMetrics({ applications: of.applications(), releases: of.releases(), now }),
    ]);
  }
}

function gauge(name: string, help: string, value: number): Metric {
  return { name, help, type: 'gauge', samples: [{ value }] };
}

function requestMetric(counts: readonly RequestCount[]): Metric {
  return {
    name: 'slipway_api_requests_total',
    help: 'Requests to the API server by what they asked and the code of the answer; none: there was no answer',
    type: 'counter',
    samples: counts.map(({ verb, group, resource, code, count }) => ({
      labels: { verb, group, resource, code },
      value: count,
    })),
  };
}
