/** What a source says of one version when it is asked once. */
export type Sample =
  | {
      readonly type: 'value';
      /** Never NaN. */
      readonly value: number;
      readonly warnings?: readonly string[] | undefined;
    }
  | { readonly type: 'noData' | 'error'; readonly reason: string };

export function value(number: number, warnings: readonly string[] = []): Sample {
  return Number.isNaN(number)
    ? noData('the value is not a number (NaN)')
    : { type: 'value', value: number, ...(warnings.length === 0 ? {} : { warnings }) };
}

export function noData(reason: string): Sample {
  return { type: 'noData', reason };
}

export function failure(reason: string): Sample {
  return { type: 'error', reason };
}

/** As text, because a status is JSON: `0.013`, `+Inf`. */
export function formatValue(number: number): string {
  if (number === Infinity) return '+Inf';
  return number === -Infinity ? '-Inf' : String(Number(number.toPrecision(12)));
}

/** A number as it is written in JSON or as text; undefined for what is none. */
export function parseValue(found: unknown): number | undefined {
  if (typeof found === 'number') return found;
  if (typeof found !== 'string' || found.trim() === '') return undefined;
  if (found === 'NaN') return NaN;
  if (/^[+-]?Inf$/.test(found)) return found.startsWith('-') ? -Infinity : Infinity;
  const number = Number(found);
  return Number.isNaN(number) ? undefined : number;
}
