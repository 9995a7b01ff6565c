import { drawLine, highestOf, spanOf, type Point } from './line-chart-model.ts';

export interface Line {
  readonly name: string;
  readonly isCandidate: boolean;
  readonly points: readonly Point[];
}

export interface LineChartProps {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  /** The top of the chart is no lower, so that noise does not look like a mountain. */
  readonly least?: number;
}

const [width, height] = [300, 56];

/** Small lines over the same time, with what they are now in words. */
export function LineChart({ title, lines, format, least = 0 }: LineChartProps) {
  const frame = { ...spanOf(lines), high: Math.max(least, highestOf(lines)) || 1, width, height };
  const now = lines.map(({ name, isCandidate, points }) => ({ name, isCandidate, value: points.at(-1)?.value }));
  return (
    <figure className="line-chart">
      <figcaption>
        <span className="soft">{title}</span>
        <span className="push row">
          {now.map(({ name, isCandidate, value }) => (
            <span key={name} className={isCandidate ? 'key candidate' : 'key'} title={name}>
              {value === undefined ? '–' : format(value)}
            </span>
          ))}
        </span>
      </figcaption>
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
        <path className="ground" d={`M0 ${height - 0.5}H${width}`} />
        {lines.map(({ name, isCandidate, points }) => (
          <path key={name} className={isCandidate ? 'line candidate' : 'line'} d={drawLine(points, frame)} />
        ))}
      </svg>
    </figure>
  );
}
