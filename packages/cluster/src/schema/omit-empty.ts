/**
 * What Kubernetes does not write, since it says no more than its absence: its types are structs of Go, whose fields are there
 * always and leave out what is empty. Whoever says `hostNetwork: false`, `name: ""` or `labels: {}` has said nothing, and gets
 * the default where there is one.
 */
import type { SchemaField, SchemaNode } from './definition.ts';
import { isJsonObject, type JsonObject } from './shape.ts';

type ObjectNode = SchemaNode & { readonly kind: 'object' };

/** The object without what is empty in it; the same one where nothing is. Of custom resources only the metadata is a struct. */
export function omitEmpty<T extends object>(object: T, node: SchemaNode): T;
export function omitEmpty(object: JsonObject, node: SchemaNode): JsonObject {
  return node.kind === 'object' ? omitFields(object, node) : object;
}

function omitFields(value: JsonObject, node: ObjectNode): JsonObject {
  let copy: Record<string, unknown> | undefined;
  for (const name in value) {
    const child = value[name];
    const field = node.fields.get(name);
    if (field === undefined) continue;
    const isOmitted = node.name !== undefined && isLeftOut(child, field);
    const kept = isOmitted ? undefined : omitWithin(child, field.node);
    if (kept === child) continue;
    copy ??= { ...value };
    if (kept === undefined) delete copy[name];
    else copy[name] = kept;
  }
  return copy ?? value;
}

/** A field that is a pointer says something when it points at an empty value. */
function isLeftOut(value: unknown, { required, pointer, node }: SchemaField): boolean {
  return !required && pointer !== true && isEmpty(value, node);
}

/** An object is not: as a value it is written however empty it is, and as a pointer it is there. */
function isEmpty(value: unknown, node: SchemaNode): boolean {
  switch (node.kind) {
    case 'scalar':
      return value === zeros[node.type];
    case 'list':
      return Array.isArray(value) && value.length === 0;
    case 'map':
      return isJsonObject(value) && Object.keys(value).length === 0;
    default:
      return false;
  }
}

/** Of what is no scalar in Go there is none. */
const zeros: Readonly<Record<string, unknown>> = {
  string: '',
  bytes: '',
  integer: 0,
  number: 0,
  boolean: false,
};

function omitWithin(value: unknown, node: SchemaNode): unknown {
  switch (node.kind) {
    case 'object':
      return isJsonObject(value) ? omitFields(value, node) : value;
    case 'list':
      return Array.isArray(value) && node.items.kind !== 'scalar' ? omitFromItems(value, node.items) : value;
    case 'map':
      return isJsonObject(value) && node.values.kind !== 'scalar' ? omitFromValues(value, node.values) : value;
    default:
      return value;
  }
}

function omitFromItems(items: readonly unknown[], node: SchemaNode): readonly unknown[] {
  const kept = items.map((item) => omitWithin(item, node));
  return kept.every((item, index) => item === items[index]) ? items : kept;
}

function omitFromValues(values: JsonObject, node: SchemaNode): JsonObject {
  const kept = Object.entries(values).map(([name, value]) => [name, omitWithin(value, node)] as const);
  return kept.every(([name, value]) => value === values[name]) ? values : Object.fromEntries(kept);
}
