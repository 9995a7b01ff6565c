/**
 * What keeps an applied object from being told apart field by field: items of lists that have the same key, or none.
 * Kubernetes refuses these of applied objects only; in others such lists are judged by the rules of their kind.
 */
import type { SchemaNode } from './definition.ts';
import { describeElement, itemElement } from './field-set.ts';
import { isJsonObject } from './shape.ts';

type ListNode = SchemaNode & { readonly kind: 'list' };

/** In the words of Kubernetes, each with its path. */
export function itemFaults(value: unknown, node: SchemaNode, path = ''): readonly string[] {
  if (node.kind === 'list') return Array.isArray(value) ? listFaults(value, node, path) : [];
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([name, child]) => {
    const below = node.kind === 'object' ? node.fields.get(name)?.node : node.kind === 'map' ? node.values : undefined;
    return below === undefined ? [] : itemFaults(child, below, `${path}.${name}`);
  });
}

function listFaults(items: readonly unknown[], node: ListNode, path: string): readonly string[] {
  const seen = new Set<string>();
  const faults: string[] = [];
  for (const [index, item] of items.entries()) {
    const missing = node.listType === 'map' ? missingKey(item, node) : undefined;
    // Without its key nothing can be said of what is in it.
    if (missing !== undefined) return [...faults, `${path}: element ${index}: ${missing}`];
    const element = itemElement(item, node);
    if (element !== undefined && seen.has(element))
      faults.push(`${path}: duplicate entries for key ${describeElement(element)}`);
    if (element !== undefined) seen.add(element);
    const place = element === undefined ? `[${index}]` : describeElement(element);
    faults.push(...itemFaults(item, node.items, path + place));
  }
  return faults;
}

function missingKey(item: unknown, { items, listMapKeys }: ListNode): string | undefined {
  if (!isJsonObject(item))
    return `associative list with keys may not have ${item === null ? 'a null element' : 'non-map elements'}`;
  const fields = items.kind === 'object' ? items.fields : undefined;
  const has = (key: string): boolean => item[key] !== undefined || fields?.get(key)?.default !== undefined;
  if (listMapKeys.every(has)) return undefined;
  const [key = ''] = listMapKeys.filter((each) => !has(each));
  return `associative list with keys has an element that omits key field ${JSON.stringify(key)} (and doesn't have default value)`;
}
