/** The simple JSONPath of printer columns and scale subresources: `.spec.replicas`, `.status.conditions[?(@.type=="Ready")].status`, `.items[0]`, `.metadata.labels.a\.b`. */
import { isJsonObject } from './shape.ts';

type Step =
  | { readonly field: string }
  | { readonly index: number }
  | { readonly where: string; readonly equals: string };

const token = /\.((?:\\.|[^.[\\])+)|\[(\d+)\]|\['([^']*)'\]|\[\?\(@\.([\w.]+)\s*==\s*["']([^"']*)["']\)\]/gy;

/** Undefined for a path that is none. */
export function parsePath(path: string): readonly Step[] | undefined {
  const text = path.startsWith('.') || path.startsWith('[') ? path : `.${path}`;
  const steps: Step[] = [];
  let end = 0;
  for (const match of text.matchAll(token)) {
    end = match.index + match[0].length;
    const [, field, index, quoted, where, equals] = match;
    if (field !== undefined) steps.push({ field: field.replaceAll(/\\(.)/g, '$1') });
    else if (index !== undefined) steps.push({ index: Number(index) });
    else if (quoted !== undefined) steps.push({ field: quoted });
    else steps.push({ where: where ?? '', equals: equals ?? '' });
  }
  return end === text.length ? steps : undefined;
}

/** The value at the path, or undefined where there is none. */
export function readPath(object: unknown, path: string): unknown {
  return parsePath(path)?.reduce(readStep, object);
}

function readStep(value: unknown, step: Step): unknown {
  if ('index' in step) return Array.isArray(value) ? value[step.index] : undefined;
  if ('where' in step)
    return Array.isArray(value)
      ? value.find((item) => String(readPath(item, `.${step.where}`)) === step.equals)
      : undefined;
  return isJsonObject(value) && Object.hasOwn(value, step.field) ? value[step.field] : undefined;
}

/** The object with a value at a path of plain fields; parents are made where they are missing. */
export function writePath<T>(object: T, path: string, value: unknown): T {
  const steps = parsePath(path) ?? [];
  return write(object, steps, value) as T;
}

function write(target: unknown, steps: readonly Step[], value: unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (!('field' in step)) throw new Error('only fields can be written by path');
  const base = isJsonObject(target) ? target : {};
  return { ...base, [step.field]: write(base[step.field], rest, value) };
}
