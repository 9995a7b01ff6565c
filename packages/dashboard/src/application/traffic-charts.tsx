import type { Traffic } from '../api/answers.ts';
import { LineChart, type Line } from '../parts/line-chart.tsx';
import { formatPercent } from '../parts/shares.ts';
import { formatLatency, formatRate } from './traffic-picture-model.ts';

export interface TrafficChartsProps {
  readonly traffic: Traffic | undefined;
  readonly candidate: string | undefined;
}

/** Requests, errors and latency of the last ten minutes, of each version. */
export function TrafficCharts({ traffic, candidate }: TrafficChartsProps) {
  if (traffic === undefined) return <div className="charts waiting-charts" />;
  if (!traffic.counted) return <p className="charts-none small soft">No figures: {traffic.reason}.</p>;
  const lines = (
    value: (point: Traffic['versions'][number]['points'][number]) => number | undefined,
  ): readonly Line[] =>
    traffic.versions.map(({ version, points }) => ({
      name: version,
      isCandidate: version === candidate,
      points: points.map((point) => ({ at: Date.parse(point.at), value: value(point) })),
    }));
  return (
    <div className="charts">
      <LineChart title="Requests a second" lines={lines(({ rate }) => rate)} format={formatRate} />
      <LineChart
        title="Errors"
        lines={lines(({ rate, errorRate }) => (rate === 0 ? undefined : errorRate / rate))}
        format={(share) => formatPercent(share * 100)}
        least={0.01}
      />
      <LineChart title="Latency, 95th percentile" lines={lines(({ p95 }) => p95)} format={formatLatency} least={0.01} />
    </div>
  );
}
