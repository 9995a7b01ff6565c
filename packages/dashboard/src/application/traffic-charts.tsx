import type { Traffic, TrafficPoint } from '../api/answers.ts';
import { LineChart, type Line } from '../parts/line-chart.tsx';
import { formatPercent } from '../parts/shares.ts';
import { Version } from '../parts/small.tsx';
import { colourClass, type Colours } from '../parts/version-colours.ts';
import { formatLatency, formatRate } from './traffic-picture-model.ts';

export interface TrafficChartsProps {
  readonly traffic: Traffic | undefined;
  readonly colours: Colours;
  /** Whether gateways of ours can ever count: then there is room for it, also while they do not. */
  readonly canCount: boolean;
}

/** Requests, errors and latency of the last ten minutes, of each version. */
export function TrafficCharts({ traffic, colours, canCount }: TrafficChartsProps) {
  if (traffic?.counted === false)
    return <p className={`charts-none small soft ${canCount ? 'tall' : ''}`}>No figures: {traffic.reason}.</p>;
  const versions = (traffic?.versions ?? []).filter(({ points }) => points.length > 0);
  if (versions.length === 0)
    return <p className="charts-none tall small soft">The gateways begin to count: figures come in a few seconds.</p>;
  const lines = (value: (point: TrafficPoint) => number | undefined): readonly Line[] =>
    versions.map(({ version, points }) => ({
      name: version,
      colour: colours.get(version),
      points: points.map((point) => ({ at: Date.parse(point.at), value: value(point) })),
    }));
  return (
    <div className="charts">
      <ul className="legend" aria-label="Versions">
        {versions.map(({ version }) => (
          <li key={version} className={`key ${colourClass(colours.get(version))}`}>
            <Version>{version}</Version>
          </li>
        ))}
      </ul>
      <LineChart title="Requests a second" lines={lines(({ rate }) => rate)} format={formatRate} />
      <LineChart
        title="Errors"
        lines={lines(({ rate, errorRate }) => (rate === 0 ? undefined : errorRate / rate))}
        format={(share) => formatPercent(share * 100)}
        least={0.01}
      />
      <LineChart title="Latency, p95" lines={lines(({ p95 }) => p95)} format={formatLatency} least={0.01} />
    </div>
  );
}
