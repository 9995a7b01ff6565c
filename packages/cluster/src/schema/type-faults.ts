/** Values of an applied object that are of another type than the schema says, in the words of structured-merge-diff. */
import type { SchemaNode } from './definition.ts';
import { describeElement, itemElement } from './field-set.ts';
import { isJsonObject } from './shape.ts';

type ListNode = SchemaNode & { readonly kind: 'list' };
type ScalarNode = SchemaNode & { readonly kind: 'scalar' };

/** Each with its path; null is of every type. */
export function typeFaults(value: unknown, node: SchemaNode, path = ''): readonly string[] {
  if (value === null || value === undefined) return [];
  switch (node.kind) {
    case 'any':
      return [];
    case 'scalar':
      return scalarFaults(value, node).map((fault) => `${path}: ${fault}`);
    case 'list':
      return Array.isArray(value) ? listFaults(value, node, path) : [`${path}: expected list, got ${shown(value)}`];
    case 'map':
    case 'object':
      if (!isJsonObject(value)) return [`${path}: expected map, got ${shown(value)}`];
      return Object.entries(value).flatMap(([name, child]) => {
        const below = node.kind === 'map' ? node.values : node.fields.get(name)?.node;
        return below === undefined ? [] : typeFaults(child, below, `${path}.${name}`);
      });
  }
}

function scalarFaults(value: unknown, { type }: ScalarNode): readonly string[] {
  switch (type) {
    case 'integer':
    case 'number':
      return typeof value === 'number' ? [] : [`expected numeric (int or float), got ${goType(value)}`];
    case 'boolean':
      return typeof value === 'boolean' ? [] : [`expected boolean, got ${shown(value)}`];
    case 'string':
    case 'bytes':
    case 'duration':
      return typeof value === 'string'
        ? []
        : [`expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`];
    case 'time':
    case 'microTime':
    case 'quantity':
    case 'intOrString':
      return typeof value === 'object' ? [`expected any scalar, got ${shown(value)}`] : [];
  }
}

function listFaults(items: readonly unknown[], node: ListNode, path: string): readonly string[] {
  return items.flatMap((item, index) => {
    // Without keys it has no place; that is told of with items that lack one of theirs.
    if (node.listType === 'map' && !isJsonObject(item)) return [];
    const element = itemElement(item, node);
    const place = element === undefined ? `[${index}]` : describeElement(element);
    return typeFaults(item, node.items, path + place);
  });
}

/** As Go's `%v` prints what holds a value. */
function shown(value: unknown): string {
  return `&{${goText(value)}}`;
}

function goText(value: unknown): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (!isJsonObject(value)) return String(value);
  const entries = Object.keys(value)
    .toSorted()
    .map((name) => `${name}:${goText(value[name])}`);
  return `map[${entries.join(' ')}]`;
}

/** `%T`. */
function goType(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}';
  return typeof value === 'object' ? 'map[string]interface {}' : typeof value === 'boolean' ? 'bool' : typeof value;
}

/** `%#v`. */
function goSyntax(value: unknown): string {
  if (value === null) return 'interface {}(nil)';
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const entries = Object.keys(value)
    .toSorted()
    .map((name) => `${JSON.stringify(name)}:${goSyntax(value[name])}`);
  return `map[string]interface {}{${entries.join(', ')}}`;
}
