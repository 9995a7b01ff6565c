/**
 * Patterns of people's schemas. Go's take time in proportion to the text; the engine's own can go back and forth for ever,
 * `(a+)+$` for one, and would stop the whole server.
 */
import { mayRunAway, requireWatch, watchedAtNeed } from '@slipway/kube/cel/budget';
import { CelLimitError } from '@slipway/kube/cel/types';
import type { Fault } from './definition.ts';
import { invalid } from './faults.ts';
import { isJsonObject } from './shape.ts';

/** Longer texts are not matched. */
const maximumPatternText = 10_000;
/** For all values of one object, and of an expression that seldom repeats anything far more than it takes. */
const maximumMilliseconds = 100;

/** What stands there is an example of the user's and no schema. */
const values = new Set(['default', 'enum', 'example']);

/** Most patterns mean the same here. Undefined for one that cannot be had. */
function compilePattern(pattern: string): RegExp | undefined {
  for (const flags of ['u', '']) {
    try {
      return new RegExp(pattern, flags);
    } catch {
      // Without the flag more escapes are allowed, as in Go; what fails then too is named when the schema is created.
    }
  }
  return undefined;
}

export function matchesPattern(text: string, pattern: string): boolean {
  if (text.length > maximumPatternText) return false;
  if (mayRunAway(pattern)) requireWatch();
  return compilePattern(pattern)?.test(text) === true;
}

/** Every pattern in a schema that no text could be held against. */
export function validatePatterns(schema: unknown, path: string): readonly Fault[] {
  return patternsOf(schema, path).flatMap(({ pattern, at }) =>
    compilePattern(pattern) === undefined ? [invalid(at, pattern, 'must be a valid regular expression')] : [],
  );
}

function patternsOf(schema: unknown, path: string): ReadonlyArray<{ readonly pattern: string; readonly at: string }> {
  if (Array.isArray(schema)) return schema.flatMap((each, index) => patternsOf(each, `${path}[${index}]`));
  if (!isJsonObject(schema)) return [];
  const { pattern } = schema;
  const own = typeof pattern === 'string' ? [{ pattern, at: `${path}.pattern` }] : [];
  const inner = Object.entries(schema).filter(([name]) => !values.has(name));
  return [...own, ...inner.flatMap(([name, child]) => patternsOf(child, `${path}.${name}`))];
}

/** What `validate` finds, unless the patterns of the schema take so long that it is given up. */
export function withinPatternTime(validate: () => readonly Fault[]): readonly Fault[] {
  try {
    return watchedAtNeed(validate, maximumMilliseconds);
  } catch (error) {
    if (!(error instanceof CelLimitError)) throw error;
    const why = `its values could not be held against the patterns of its schema within ${maximumMilliseconds} ms; shorten them, or mend a pattern that repeats a repetition`;
    return [invalid('<nil>', 'object', why)];
  }
}
