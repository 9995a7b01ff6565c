/** What the overview draws of an application's traffic. Pure. */
import type { Traffic, TrafficPoint } from '../api/answers.ts';
import type { Point } from '../parts/line-chart-model.ts';

/** Of each version: five minutes. */
const maximumPoints = 60;

/** What is known, with what is new in an answer; the same value where nothing is. */
export function mergeTraffic(known: Traffic | undefined, answer: Traffic): Traffic {
  if (known === undefined) return answer;
  const isNew = answer.versions.some(({ points }) => points.length > 0);
  if (!isNew && known.counted === answer.counted) return known;
  const before = new Map(known.versions.map(({ version, points }) => [version, points]));
  const versions = answer.versions.map(({ version, points }) => {
    const old = before.get(version) ?? [];
    const last = old.at(-1)?.at ?? '';
    return { version, points: [...old, ...points.filter(({ at }) => at > last)].slice(-maximumPoints) };
  });
  return { ...answer, versions };
}

/** The time of the newest point of all; undefined where one of them is not known yet. */
export function newestPoint(known: ReadonlyMap<string, Traffic>, keys: readonly string[]): string | undefined {
  const times = keys.map((key) =>
    known
      .get(key)
      ?.versions.flatMap(({ points }) => points.at(-1)?.at ?? [])
      .toSorted()
      .at(-1),
  );
  return times.every((time) => time !== undefined) ? times.toSorted().at(0) : undefined;
}

export interface Figures {
  readonly rate: readonly Point[];
  /** Shares from 0 to 1. */
  readonly errors: readonly Point[];
  /** Seconds at the 95th percentile, of the version that is asked most. */
  readonly latency: readonly Point[];
}

/** All versions together. */
export function calculateFigures({ versions }: Traffic): Figures {
  const byTime = Map.groupBy(
    versions.flatMap(({ points }) => points),
    ({ at }) => at,
  );
  const moments = [...byTime].toSorted(([one], [other]) => (one < other ? -1 : 1));
  const draw = (value: (points: readonly TrafficPoint[]) => number | undefined): readonly Point[] =>
    moments.map(([at, points]) => ({ at: Date.parse(at), value: value(points) }));
  return {
    rate: draw((points) => sum(points, 'rate')),
    errors: draw((points) => (sum(points, 'rate') === 0 ? undefined : sum(points, 'errorRate') / sum(points, 'rate'))),
    latency: draw((points) => points.toSorted((one, other) => other.rate - one.rate)[0]?.p95),
  };
}

function sum(points: readonly TrafficPoint[], field: 'rate' | 'errorRate'): number {
  return points.reduce((total, point) => total + point[field], 0);
}
