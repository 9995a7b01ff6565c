/** Which rows of a long list are in sight. */
export interface Sight {
  /** Pixels from the top of the list to the top of what is in sight; negative while the list begins below. */
  readonly top: number;
  readonly height: number;
}

export interface RowRange {
  readonly first: number;
  /** The row after the last one. */
  readonly end: number;
}

/** Beside those in sight, so that a keyboard finds the next one and a quick wheel no gap; each costs time in every frame. */
const beyond = 4;

/** `calculateRange({top: 560, height: 560}, 100, 56)` is the rows from 6 to 24. */
export function calculateRange({ top, height }: Sight, count: number, rowHeight: number): RowRange {
  const first = Math.floor(top / rowHeight) - beyond;
  const end = Math.ceil((top + height) / rowHeight) + beyond;
  return { first: Math.max(0, Math.min(first, count)), end: Math.max(0, Math.min(end, count)) };
}

export interface DrawnRows {
  readonly count: number;
  readonly range: RowRange;
  /** The row that has the keyboard; below 0: none has. */
  readonly held: number;
}

/** Those of the range, in order, and the one that has the keyboard wherever it is: drawn no more, it would lose it. */
export function listRows({ count, range: { first, end }, held }: DrawnRows): readonly number[] {
  const rows = Array.from({ length: Math.max(0, Math.min(end, count) - first) }, (_, index) => first + index);
  if (held < 0 || held >= count || (held >= first && held < end)) return rows;
  return held < first ? [held, ...rows] : [...rows, held];
}
