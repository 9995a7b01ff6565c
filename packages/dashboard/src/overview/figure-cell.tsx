import { drawLine, highestOf, spanOf, type Point } from '../parts/line-chart-model.ts';

export interface FigureCellProps {
  readonly name: string;
  /** The same where there is little room, and no head above it. */
  readonly head: string;
  readonly points: readonly Point[] | undefined;
  readonly format: (value: number) => string;
  /** The top of the chart is no lower. */
  readonly least: number;
  readonly isBad?: boolean;
}

const [width, height] = [64, 14];

/** What it is now, and how it was. */
export function FigureCell({ name, head, points = [], format, least, isBad = false }: FigureCellProps) {
  const value = points.at(-1)?.value;
  const frame = { ...spanOf([{ points }]), high: Math.max(least, highestOf([{ points }])), width, height };
  return (
    <div className={isBad ? 'cell metric bad' : 'cell metric'} role="cell" data-head={head}>
      <span className="unseen">{name} </span>
      {value === undefined ? <span className="faint">–</span> : format(value)}
      {points.length > 1 && (
        <svg className="spark" width={width} height={height} aria-hidden="true">
          <path className="line" d={drawLine(points, frame)} />
        </svg>
      )}
    </div>
  );
}
