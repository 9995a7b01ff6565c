/** Empty labels, annotations, finalizers and owners, which Kubernetes does not write: they say no more than their absence. */
import type { SchemaNode } from './definition.ts';
import { isJsonObject, type JsonObject } from './shape.ts';

type ObjectNode = SchemaNode & { readonly kind: 'object' };

const metadata = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/**
 * The object without the empty lists and maps of its metadata, and of that of templates in it; the same one where there
 * are none. A template whose last annotation is taken away is then the one that it was before, and nothing rolls out.
 */
export function omitEmptyMetadata(value: JsonObject, node: ObjectNode): JsonObject {
  let copy: Record<string, unknown> | undefined;
  for (const name in value) {
    const child = value[name];
    if (typeof child !== 'object' || child === null) continue;
    const field = node.fields.get(name);
    if (field === undefined) continue;
    const isOmitted = node.name === metadata && isEmptyCollection(child, field.node);
    const kept = isOmitted ? undefined : omitWithin(child, field.node);
    if (kept === child) continue;
    copy ??= { ...value };
    if (kept === undefined) delete copy[name];
    else copy[name] = kept;
  }
  return copy ?? value;
}

function isEmptyCollection(value: unknown, { kind }: SchemaNode): boolean {
  if (kind === 'list') return Array.isArray(value) && value.length === 0;
  return kind === 'map' && isJsonObject(value) && Object.keys(value).length === 0;
}

function omitWithin(value: unknown, node: SchemaNode): unknown {
  if (node.kind === 'object') return isJsonObject(value) ? omitEmptyMetadata(value, node) : value;
  if (node.kind !== 'list' || node.items.kind !== 'object' || !Array.isArray(value)) return value;
  const items = value.map((item) => omitWithin(item, node.items));
  return items.every((item, index) => item === value[index]) ? value : items;
}
