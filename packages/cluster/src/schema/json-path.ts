/**
 * The JSONPath of printer columns and scale subresources: `.spec.replicas`, `.metadata.labels.a\.b`, `.spec['x.y']`,
 * `.items[0]`, `.items[-1]`, `.items[1:3]`, `.items[*].name`, `.status.conditions[?(@.type=="Ready")].status`, `..name`.
 */
import { isJsonObject } from './shape.ts';

type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'slice'; readonly slice: Slice }
  | { readonly kind: 'every' | 'descendants' }
  | { readonly kind: 'filter'; readonly condition: Condition }
  | { readonly kind: 'union'; readonly steps: readonly Step[] };

/** As in Python: from the end where negative. A single index is a slice of one. */
interface Slice {
  readonly from: number;
  readonly to: number;
  readonly by: number;
}

interface Condition {
  readonly path: Path;
  /** Absent: whatever has the path. */
  readonly comparison?: { readonly operator: string; readonly literal: string | number | boolean } | undefined;
}

export type Path = readonly Step[];

const field = String.raw`\.(?<field>(?:\\.|[^\s.,[\]$@{}\\])+)`;
const literal = String.raw`"[^"]*"|'[^']*'|[^\s()"']+`;
const filter = String.raw`\[\?\(\s*@(?<path>[^\s=!<>()]*)\s*(?:(?<operator>[=!<>]=|<|>)\s*(?<literal>${literal})\s*)?\)\]`;
const element = String.raw`\s*(?:'[^']*'|"[^"]*"|\*|-?\d{1,9}|(?:-?\d{0,9})(?::(?:-?\d{0,9})){1,2})\s*`;
const brackets = String.raw`\[(?<elements>${element}(?:,${element})*)\]`;
const token = new RegExp(String.raw`(?<descendants>\.(?=\.))|${field}|${filter}|${brackets}`, 'gy');

/** Undefined for a path that is none. */
export function parsePath(text: string): Path | undefined {
  if (text === '' || text === '.') return [];
  const steps: Step[] = [];
  let end = 0;
  for (const match of text.matchAll(token)) {
    const step = toStep(match.groups ?? {});
    if (step === undefined) return undefined;
    steps.push(step);
    end = match.index + match[0].length;
  }
  // Each descent multiplies what is looked at.
  const descents = steps.filter(({ kind }) => kind === 'descendants').length;
  return end === text.length && descents <= 1 ? steps : undefined;
}

function toStep(found: Readonly<Record<string, string | undefined>>): Step | undefined {
  if (found['descendants'] !== undefined) return { kind: 'descendants' };
  if (found['field'] === '*') return { kind: 'every' };
  if (found['field'] !== undefined) return { kind: 'field', name: found['field'].replaceAll(/\\(.)/g, '$1') };
  if (found['path'] !== undefined) return toFilter(found['path'], found['operator'], found['literal'] ?? '');
  const steps = [...(found['elements'] ?? '').matchAll(new RegExp(element, 'g'))].map(([each]) =>
    toElement(each.trim()),
  );
  const [only] = steps;
  return steps.length === 1 ? only : { kind: 'union', steps };
}

function toElement(text: string): Step {
  if (text === '*') return { kind: 'every' };
  if (/^['"]/.test(text)) return { kind: 'field', name: text.slice(1, -1) };
  if (!text.includes(':')) {
    const from = Number(text);
    return { kind: 'slice', slice: { from, to: from === -1 ? Infinity : from + 1, by: 1 } };
  }
  const [from = '', to = '', by = ''] = text.split(':');
  const number = (part: string, absent: number): number => (part === '' ? absent : Number(part));
  return { kind: 'slice', slice: { from: number(from, 0), to: number(to, Infinity), by: number(by, 1) } };
}

function toFilter(text: string, operator: string | undefined, value: string): Step | undefined {
  const path = parsePath(text);
  const parsed = toLiteral(value);
  if (path === undefined || (operator !== undefined && parsed === undefined)) return undefined;
  const comparison = operator === undefined || parsed === undefined ? undefined : { operator, literal: parsed };
  return { kind: 'filter', condition: { path, comparison } };
}

function toLiteral(text: string): string | number | boolean | undefined {
  if (/^['"]/.test(text)) return text.slice(1, -1);
  if (text === 'true' || text === 'false') return text === 'true';
  return text === '' || Number.isNaN(Number(text)) ? undefined : Number(text);
}

/** The first value at the path, which is all that Kubernetes shows of several; undefined where there is none. */
export function readPath(object: unknown, path: Path): unknown {
  const [first] = valuesAt(object, path);
  return first;
}

/** The same for a path that is used once. */
export function readText(object: unknown, text: string): unknown {
  const path = parsePath(text);
  return path === undefined ? undefined : readPath(object, path);
}

function* valuesAt(value: unknown, [step, ...rest]: Path): Generator {
  if (step === undefined) yield value;
  else for (const next of follow(value, step)) yield* valuesAt(next, rest);
}

function* follow(value: unknown, step: Step): Generator {
  switch (step.kind) {
    case 'field':
      if (isJsonObject(value) && Object.hasOwn(value, step.name)) yield value[step.name];
      break;
    case 'slice':
      if (Array.isArray(value)) yield* cut(value, step.slice);
      break;
    case 'every':
      yield* childrenOf(value);
      break;
    case 'descendants':
      yield value;
      for (const child of childrenOf(value)) yield* follow(child, step);
      break;
    case 'filter':
      for (const child of childrenOf(value)) if (isMet(child, step.condition)) yield child;
      break;
    case 'union':
      for (const each of step.steps) yield* follow(value, each);
      break;
  }
}

function childrenOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isJsonObject(value) ? Object.values(value) : [];
}

function cut(values: readonly unknown[], { from, to, by }: Slice): readonly unknown[] {
  if (by < 1) return [];
  return values.slice(from, to).filter((_, index) => index % by === 0);
}

/** Values of different types are in no relation to each other. */
function isMet(value: unknown, { path, comparison }: Condition): boolean {
  const found = readPath(value, path);
  if (comparison === undefined) return found !== undefined;
  const { operator, literal: wanted } = comparison;
  if (typeof found === 'string' && typeof wanted === 'string') return isOrdered(compare(found, wanted), operator);
  if (typeof found === 'number' && typeof wanted === 'number') return isOrdered(compare(found, wanted), operator);
  return typeof found === 'boolean' && typeof wanted === 'boolean' && isOrdered(compare(found, wanted), operator);
}

function compare<T extends string | number | boolean>(a: T, b: T): number {
  return a < b ? -1 : Number(a > b);
}

function isOrdered(order: number, operator: string): boolean {
  switch (operator) {
    case '==':
      return order === 0;
    case '!=':
      return order !== 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    default:
      return order >= 0;
  }
}

/** The object with a value at a path of plain fields; parents are made where they are missing. */
export function writePath<T>(object: T, text: string, value: unknown): T {
  const path = parsePath(text);
  if (path === undefined || path.length === 0) throw new Error(`nothing can be written at ${text}: it names no field`);
  return write(object, path, value) as T;
}

function write(target: unknown, [step, ...rest]: Path, value: unknown): unknown {
  if (step === undefined) return value;
  if (step.kind !== 'field') throw new Error('only fields can be written by path');
  const base = isJsonObject(target) ? target : {};
  return { ...base, [step.name]: write(base[step.name], rest, value) };
}
