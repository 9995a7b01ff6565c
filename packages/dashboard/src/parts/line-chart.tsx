import { drawLine, highestOf, spanOf, type Point } from './line-chart-model.ts';
import { describeDuration } from './time-words.ts';
import { colourClass } from './version-colours.ts';

export interface Line {
  readonly name: string;
  readonly colour: number | undefined;
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
  const span = spanOf(lines);
  const frame = { ...span, high: Math.max(least, highestOf(lines)) || 1, width, height };
  const now = lines.map(({ name, colour, points }) => ({ name, colour, value: points.at(-1)?.value }));
  return (
    <figure className="line-chart">
      <figcaption>
        <span className="soft">{title}</span>
        <span className="row">
          {now.map(({ name, colour, value }) => (
            <span key={name} className={`key ${colourClass(colour)}`} title={name}>
              <span className="unseen">version {name}: </span>
              {value === undefined ? '–' : format(value)}
            </span>
          ))}
        </span>
      </figcaption>
      <div className="plot">
        <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
          <path className="ground" d={`M0 ${height - 0.5}H${width}M0 0.5H${width}`} />
          {lines.map(({ name, colour, points }) => (
            <path key={name} className={`line ${colourClass(colour)}`} d={drawLine(points, frame)} />
          ))}
        </svg>
        <span className="high">{format(frame.high)}</span>
      </div>
      <div className="span">
        <span>{describeDuration(Math.round((span.to - span.from) / 60_000) * 60_000)} ago</span>
        <span>now</span>
      </div>
    </figure>
  );
}
