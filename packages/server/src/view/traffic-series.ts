import type { KubeClient } from '@slipway/kube/client';
import { formatTime, type Clock } from '@slipway/kube/clock';
import type { Informer } from '@slipway/kube/informer';
import type { Logger } from '@slipway/kube/logger';
import { messageOf } from '@slipway/kube/message-of';
import { keyOf } from '@slipway/kube/object';
import { countTrafficUntilAnnotation, splits, type Split } from '@slipway/kube/split';
import Type, { type Static } from 'typebox';
import { optional } from '../optional.ts';
import { calculateGrowth, calculateQuantile, totalsOf, type TrafficTotals } from './traffic-points.ts';

const Seconds = Type.Optional(Type.Number({ description: 'Seconds; absent without requests.' }));
const PointSchema = Type.Object({
  at: Type.String({ format: 'date-time' }),
  rate: Type.Number({ description: 'Requests a second.' }),
  errorRate: Type.Number({ description: 'Answers 5xx a second.' }),
  p50: Seconds,
  p95: Seconds,
  p99: Seconds,
});
type Point = Static<typeof PointSchema>;

export const TrafficSchema = Type.Object({
  namespace: Type.String(),
  name: Type.String(),
  counted: Type.Boolean({ description: 'Whether the gateways count now.' }),
  reason: Type.Optional(Type.String({ description: 'Why they do not.' })),
  versions: Type.Array(Type.Object({ version: Type.String(), points: Type.Array(PointSchema) })),
});
export type Traffic = Static<typeof TrafficSchema>;

export const sampleSeconds = 5;
/** Ten minutes. */
const maximumPoints = 120;
/** Each one that somebody looks at costs the gateways a write or two a second. */
const maximumApplications = 200;
/** For so long after the last question the gateways go on counting. */
const countMilliseconds = 300_000;

export interface TrafficSeriesOptions {
  readonly splits: Informer<Split>;
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Series {
  askedAt: number;
  totals: { readonly at: number; readonly counts: TrafficTotals } | undefined;
  points: Map<string, Point[]>;
  refusal: string | undefined;
}

/** How much each version is asked and how it answers, by the counts of the gateways: of what somebody has looked at lately. */
export class TrafficSeries {
  readonly #options: TrafficSeriesOptions;
  readonly #series = new Map<string, Series>();

  constructor(options: TrafficSeriesOptions) {
    this.#options = options;
  }

  start(signal: AbortSignal): void {
    const { clock } = this.#options;
    let cancel = clock.schedule(sampleSeconds * 1_000, sample);
    signal.addEventListener('abort', () => cancel(), { once: true });
    const take = (): void => this.#sample();
    function sample(): void {
      if (signal.aborted) return;
      take();
      cancel = clock.schedule(sampleSeconds * 1_000, sample);
    }
  }

  /** What is known of the last minutes, after a time if one is given; who asks makes the gateways count on. */
  async read({ namespace, name }: { readonly namespace: string; readonly name: string }, after = ''): Promise<Traffic> {
    const split = this.#options.splits.get({ namespace, name });
    const reason = split === undefined ? 'no gateway has a route to it' : await this.#count(split);
    const points = this.#series.get(`${namespace}/${name}`)?.points ?? new Map<string, Point[]>();
    return {
      namespace,
      name,
      counted: reason === undefined,
      ...optional('reason', reason),
      versions: [...points].map(([version, each]) => ({ version, points: each.filter(({ at }) => at > after) })),
    };
  }

  /** Undefined where the gateways count; otherwise why they do not. */
  async #count(split: Split): Promise<string | undefined> {
    const { clock } = this.#options;
    if (split.spec.through !== undefined)
      return `a router of another project (${split.spec.through}) carries its requests`;
    const key = `${split.metadata.namespace ?? ''}/${split.metadata.name ?? ''}`;
    const series = this.#series.get(key) ?? this.#begin(key);
    if (series === undefined) return `${maximumApplications} applications are looked at already`;
    series.askedAt = clock.now();
    series.totals ??= { at: clock.monotonic(), counts: totalsOf(split.status?.instances ?? []) };
    const until = Date.parse(split.metadata.annotations?.[countTrafficUntilAnnotation] ?? '');
    // Written again when half of the time is over, not at every question.
    if (!(until > clock.now() + countMilliseconds / 2)) await this.#ask(split, series);
    return series.refusal;
  }

  #begin(key: string): Series | undefined {
    if (this.#series.size >= maximumApplications) return undefined;
    const series: Series = { askedAt: 0, totals: undefined, points: new Map(), refusal: undefined };
    this.#series.set(key, series);
    return series;
  }

  async #ask(split: Split, series: Series): Promise<void> {
    const { client, clock, logger } = this.#options;
    const annotations = { [countTrafficUntilAnnotation]: formatTime(clock.now() + countMilliseconds) };
    const { uid } = split.metadata;
    const patch = { type: 'merge', body: { metadata: { uid, annotations } } } as const;
    try {
      await client.patch(splits, keyOf(split), patch, { fieldManager: 'slipway-server' });
      series.refusal = undefined;
    } catch (error) {
      const cause = messageOf(error);
      logger.warn('the gateways could not be asked to count', { ...keyOf(split), error });
      series.refusal = `the gateways could not be asked to count: ${cause}`;
    }
  }

  #sample(): void {
    const { clock, splits } = this.#options;
    const now = clock.monotonic();
    for (const [key, series] of this.#series) {
      const [namespace = '', name = ''] = key.split('/');
      const split = splits.get({ namespace, name });
      if (split === undefined || clock.now() - series.askedAt > countMilliseconds) {
        this.#series.delete(key);
        continue;
      }
      const counts = totalsOf(split.status?.instances ?? []);
      if (series.totals !== undefined) this.#add(series, counts, (now - series.totals.at) / 1_000);
      series.totals = { at: now, counts };
    }
  }

  #add(series: Series, counts: TrafficTotals, seconds: number): void {
    if (series.totals === undefined || seconds <= 0) return;
    const at = new Date(this.#options.clock.now()).toISOString();
    const oldest = new Date(this.#options.clock.now() - maximumPoints * sampleSeconds * 1_000).toISOString();
    for (const [version, { requests, serverErrors, durations }] of calculateGrowth(series.totals.counts, counts)) {
      const points = series.points.get(version) ?? [];
      points.push({
        at,
        rate: requests / seconds,
        errorRate: serverErrors / seconds,
        ...optional('p50', calculateQuantile(durations, 0.5)),
        ...optional('p95', calculateQuantile(durations, 0.95)),
        ...optional('p99', calculateQuantile(durations, 0.99)),
      });
      series.points.set(version, points);
    }
    for (const [version, points] of series.points) {
      const kept = points.filter((point) => point.at > oldest);
      if (kept.length === 0) series.points.delete(version);
      else series.points.set(version, kept);
    }
  }
}
