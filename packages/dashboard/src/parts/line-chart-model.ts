export interface Point {
  /** Milliseconds. */
  readonly at: number;
  /** Undefined: nothing was known then, and the line has a gap. */
  readonly value: number | undefined;
}

export interface Frame {
  readonly from: number;
  readonly to: number;
  readonly high: number;
  readonly width: number;
  readonly height: number;
}

interface Drawn {
  readonly points: readonly Point[];
}

/** At least so much time is drawn, so that two points do not make a wall. */
const leastMilliseconds = 120_000;

export function spanOf(lines: readonly Drawn[]): { readonly from: number; readonly to: number } {
  const times = lines.flatMap(({ points }) => points.map(({ at }) => at));
  const to = times.reduce((latest, at) => Math.max(latest, at), 0);
  const first = times.reduce((earliest, at) => Math.min(earliest, at), to);
  return { from: Math.min(first, to - leastMilliseconds), to };
}

export function highestOf(lines: readonly Drawn[]): number {
  return lines.flatMap(({ points }) => points.map(({ value = 0 }) => value)).reduce((a, b) => Math.max(a, b), 0);
}

/** A path from point to point, begun anew after each gap; a point alone is a dot. */
export function drawLine(points: readonly Point[], { from, to, high, width, height }: Frame): string {
  const isKnown = (index: number): boolean => points[index]?.value !== undefined;
  return points
    .map(({ at, value }, index) => {
      if (value === undefined) return '';
      const x = Math.round(((at - from) / Math.max(1, to - from)) * width * 10) / 10;
      const y = Math.round((height - 1.5 - (value / high) * (height - 3)) * 10) / 10;
      const isAlone = !isKnown(index - 1) && !isKnown(index + 1);
      return `${isKnown(index - 1) ? 'L' : 'M'}${x} ${y}${isAlone ? 'h0' : ''}`;
    })
    .join('');
}
