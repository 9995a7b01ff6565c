/** One figure, beside what it is measured against in the same run. */
export interface BenchRow {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  /** What the figure must stay under (`atMost`) or reach (`atLeast`); absent: only reported. */
  readonly target?: { readonly atMost: number } | { readonly atLeast: number } | undefined;
  /** The reference of the same run, in words with its own figure. */
  readonly reference: string;
}

export type Verdict = 'met' | 'missed' | 'reported';

export function judge(row: BenchRow): Verdict {
  if (row.target === undefined) return 'reported';
  const isMet = 'atMost' in row.target ? row.value <= row.target.atMost : row.value >= row.target.atLeast;
  return isMet ? 'met' : 'missed';
}

export function describeTarget(row: BenchRow): string {
  if (row.target === undefined) return '';
  return 'atMost' in row.target ? `≤ ${row.target.atMost} ${row.unit}` : `≥ ${row.target.atLeast} ${row.unit}`;
}

/** The middle of an odd number of measurements, the mean of the two middle ones of an even number. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new Error('a median needs at least one value');
  return (low + high) / 2;
}

/** The smallest value that so many are not above; `percentile(values, 0.99)`, `percentile(values, 1)` is the largest. */
export function percentile(values: readonly number[], share: number): number {
  const value = values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(share * values.length) - 1)];
  if (value === undefined) throw new Error('a percentile needs at least one value');
  return value;
}

export function rounded(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}
