/** The part of JSONPath that leads to one value: `$.data.items[0]['error.rate']`, with or without `$` and braces as kubectl writes them. */

type Step = { readonly field: string } | { readonly index: number };

/** Undefined for a path that is none. */
export function parseJsonPath(text: string): readonly Step[] | undefined {
  const inner = /^\{(.*)\}$/.exec(text)?.[1] ?? text;
  const path = inner.startsWith('$') ? inner.slice(1) : inner;
  const steps: Step[] = [];
  let end = 0;
  for (const match of path.matchAll(/\.([^.[\]'"\s]+)|\[(\d{1,6})\]|\['([^']*)'\]|\["([^"]*)"\]/gy)) {
    end = match.index + match[0].length;
    const [, field, index, single, double] = match;
    steps.push(index === undefined ? { field: field ?? single ?? double ?? '' } : { index: Number(index) });
  }
  return path !== '' && end === path.length ? steps : undefined;
}

export type Found = { readonly value: unknown } | { readonly missing: string };

/** The value, or the path at which there is nothing. */
export function readJsonPath(document: unknown, steps: readonly Step[]): Found {
  let value = document;
  let path = '$';
  for (const step of steps) {
    path += 'index' in step ? `[${step.index}]` : `.${step.field}`;
    const next = readStep(value, step);
    if (next === undefined) return { missing: path };
    value = next;
  }
  return { value };
}

function readStep(value: unknown, step: Step): unknown {
  if ('index' in step) return Array.isArray(value) ? value[step.index] : undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, step.field) ? Reflect.get(value, step.field) : undefined;
}
