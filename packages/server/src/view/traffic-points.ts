/** Rates and durations out of the running totals of gateways. Pure. */
import { trafficDurationBounds, type SplitInstanceStatus } from '@slipway/kube/split';

export interface VersionTotals {
  readonly requests: number;
  readonly serverErrors: number;
  /** One number for each of `trafficDurationBounds`, and the last for longer ones. */
  readonly durations: readonly number[];
}

/** By instance and version: each instance counts from its own start. */
export type TrafficTotals = ReadonlyMap<string, ReadonlyMap<string, VersionTotals>>;

export function totalsOf(instances: readonly SplitInstanceStatus[]): TrafficTotals {
  return new Map(
    instances.flatMap(({ name, traffic }) =>
      traffic === undefined
        ? []
        : [
            [
              name,
              new Map(traffic.map(({ version, durations = [], ...counts }) => [version, { ...counts, durations }])),
            ] as const,
          ],
    ),
  );
}

/** What came between two looks, by version. An instance that is new since says nothing of that time yet. */
export function calculateGrowth(before: TrafficTotals, after: TrafficTotals): ReadonlyMap<string, VersionTotals> {
  const growth = new Map<string, VersionTotals>();
  for (const [instance, versions] of after) {
    const known = before.get(instance);
    if (known === undefined) continue;
    for (const [version, totals] of versions)
      growth.set(version, add(growth.get(version) ?? nothing, since(totals, known.get(version) ?? nothing)));
  }
  return growth;
}

const nothing: VersionTotals = { requests: 0, serverErrors: 0, durations: [] };

/** One that was started again counts from nothing. */
function since(totals: VersionTotals, before: VersionTotals): VersionTotals {
  if (totals.requests < before.requests) return totals;
  return {
    requests: totals.requests - before.requests,
    serverErrors: totals.serverErrors - before.serverErrors,
    durations: totals.durations.map((count, index) => count - (before.durations[index] ?? 0)),
  };
}

function add(one: VersionTotals, other: VersionTotals): VersionTotals {
  const length = Math.max(one.durations.length, other.durations.length);
  return {
    requests: one.requests + other.requests,
    serverErrors: one.serverErrors + other.serverErrors,
    durations: Array.from({ length }, (_, index) => (one.durations[index] ?? 0) + (other.durations[index] ?? 0)),
  };
}

/**
 * The duration that this share of the requests stays under, in seconds: linear within a bound. What is longer than the last
 * bound counts as that. Undefined without requests.
 *
 *     quantile([10, 0, …], 0.5) = 0.0005     half way to the first bound of 1 ms
 *     quantile([0, 4, …], 0.5)  = 0.00175    half way between 1 ms and 2.5 ms
 */
export function calculateQuantile(durations: readonly number[], share: number): number | undefined {
  const total = durations.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let below = 0;
  for (const [index, count] of durations.entries()) {
    if (count > 0 && below + count >= share * total) {
      const from = trafficDurationBounds[index - 1] ?? 0;
      const to = trafficDurationBounds[index] ?? from;
      return from + ((to - from) * (share * total - below)) / count;
    }
    below += count;
  }
  return trafficDurationBounds.at(-1);
}
