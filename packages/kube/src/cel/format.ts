import { Duration } from '@marcbachmann/cel-js/evaluator';
import { CelEvaluationError } from './types.ts';

/** `'%s has %d'.format([self.name, self.size])`: `%s %d %f %e %b %o %x %X` and `%%`, with `.N` for digits after the point. */
export function formatText(text: string, values: Iterable<unknown>): string {
  const pending = [...values];
  let used = 0;
  const formatted = text.replaceAll(/%(?:\.(\d{1,2}))?(.)/g, (clause, digits: string | undefined, verb: string) => {
    if (verb === '%') return '%';
    if (used >= pending.length)
      throw new CelEvaluationError(`index ${used} out of range: format has more clauses than values`);
    const value = pending[used];
    used += 1;
    return formatValue(value, { verb, digits: digits === undefined ? 6 : Number(digits), clause });
  });
  return formatted;
}

interface Clause {
  readonly verb: string;
  readonly digits: number;
  readonly clause: string;
}

function formatValue(value: unknown, { verb, digits, clause }: Clause): string {
  switch (verb) {
    case 's':
      return textOf(value);
    case 'd':
      return String(integerOf(value, clause));
    case 'f':
      return numberOf(value, clause).toFixed(digits);
    case 'e':
      return numberOf(value, clause).toExponential(digits);
    case 'b':
      return typeof value === 'boolean' ? String(Number(value)) : integerOf(value, clause).toString(2);
    case 'o':
      return integerOf(value, clause).toString(8);
    case 'x':
    case 'X': {
      const digits =
        typeof value === 'string' ? Buffer.from(value).toString('hex') : integerOf(value, clause).toString(16);
      return verb === 'x' ? digits : digits.toUpperCase();
    }
    default:
      throw new CelEvaluationError(`could not parse formatting clause: unrecognized formatting clause "${verb}"`);
  }
}

function integerOf(value: unknown, clause: string): bigint {
  if (typeof value === 'bigint') return value;
  throw new CelEvaluationError(`error during formatting: ${clause} needs an integer, was given ${textOf(value)}`);
}

function numberOf(value: unknown, clause: string): number {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  throw new CelEvaluationError(`error during formatting: ${clause} needs a number, was given ${textOf(value)}`);
}

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString().replace(/\.?0*Z$/, 'Z');
  if (value instanceof Duration) return value.toString();
  if (value instanceof Map) {
    const entries = [...value].map(([key, item]) => `${textOf(key)}: ${textOf(item)}`);
    return `{${entries.toSorted().join(', ')}}`;
  }
  if (Array.isArray(value) || value instanceof Set) return `[${[...value].map(textOf).join(', ')}]`;
  return String(value);
}
