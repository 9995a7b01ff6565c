/** The limits that a check holds its measurements against, as far as they are numbers. Pure. */
export interface Limit {
  readonly value: number;
  /** On which side of it the measurement passes. */
  readonly passes: 'below' | 'above';
}

/** `readLimits('value < 0.05 && value >= 0')` is below 0.05 and above 0; what depends on more is drawn without. */
export function readLimits(successWhen: string): readonly Limit[] {
  const number = String.raw`(-?\d+(?:\.\d+)?(?:e-?\d+)?)`;
  const straight = new RegExp(String.raw`\bvalue\s*(<=?|>=?)\s*${number}(?!\s*\*)`, 'gi');
  const turned = new RegExp(String.raw`${number}\s*(<=?|>=?)\s*value\b(?!\s*[*/+-])`, 'gi');
  return [
    ...[...successWhen.matchAll(straight)].map(([, sign = '', value]) => limit(value, sign.startsWith('<'))),
    ...[...successWhen.matchAll(turned)].map(([, value, sign = '']) => limit(value, sign.startsWith('>'))),
  ];
}

function limit(value: string | undefined, isUpper: boolean): Limit {
  return { value: Number(value), passes: isUpper ? 'below' : 'above' };
}

export interface Sample {
  /** Milliseconds. */
  readonly at: number;
  readonly value: number;
  readonly baseline?: number | undefined;
  readonly outcome: string;
}

export interface Measured {
  readonly finishedAt: string;
  readonly value?: string | undefined;
  readonly baseline?: string | undefined;
  readonly outcome: string;
}

/** Those that came to a number that can be drawn. */
export function readSamples(measurements: readonly Measured[]): readonly Sample[] {
  return measurements.flatMap(({ finishedAt, value, baseline, outcome }) => {
    const number = Number(value ?? 'none');
    if (!Number.isFinite(number)) return [];
    const other = Number(baseline ?? 'none');
    const sample = { at: Date.parse(finishedAt), value: number, outcome };
    return [Number.isFinite(other) ? { ...sample, baseline: other } : sample];
  });
}

export interface Scale {
  readonly low: number;
  readonly high: number;
}

/** From nought where that is near, with the limits in sight and some air above. */
export function calculateScale(samples: readonly Sample[], limits: readonly Limit[]): Scale {
  const values = [
    ...samples.flatMap(({ value, baseline }) => (baseline === undefined ? [value] : [value, baseline])),
    ...limits.map(({ value }) => value),
  ];
  if (values.length === 0) return { low: 0, high: 1 };
  const [low, high] = [Math.min(0, ...values), Math.max(...values)];
  return high === low ? { low, high: low + 1 } : { low, high: high + (high - low) * 0.15 };
}

/** Three digits that say something: `0.0124`, `4.5`, `12 300`. */
export function formatMeasure(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1_000) return Math.round(value).toLocaleString('en').replaceAll(',', ' ');
  return String(Number(value.toPrecision(3)));
}
