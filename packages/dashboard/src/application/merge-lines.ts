/** Lines of several programs, by their times. Pure. */
export interface TimedLine {
  readonly at: string;
}

/** What has come, among what is there; the oldest go where there are more than so many. */
export function mergeLines<Line extends TimedLine>(
  there: readonly Line[],
  come: readonly Line[],
  maximum: number,
): readonly Line[] {
  const all = [...there, ...come].map((line) => ({ line, at: Date.parse(line.at) }));
  // Those of one program stay as it wrote them: they come in their order, and the order of equals is kept.
  return all
    .toSorted((one, other) => one.at - other.at)
    .slice(-maximum)
    .map(({ line }) => line);
}
