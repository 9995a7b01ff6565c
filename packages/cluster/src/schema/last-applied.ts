/**
 * The annotation in which `kubectl apply` keeps what it applied. Server-side apply under kubectl's own name keeps it up to
 * date where it is, so that a person can go from one to the other and back.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#migration-between-client-side-and-server-side-apply
 */
import { canonicalJson } from '@slipway/kube/hash';
import type { KubeObject } from '@slipway/kube/object';
import type { SchemaNode } from './definition.ts';
import { compareFields, difference, emptySet, fieldsOf, type FieldSet } from './field-set.ts';
import { isJsonObject } from './shape.ts';

const annotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** As much as all annotations of an object may hold together. */
const maximumBytes = 256 * 1024;

/** The fields that were applied and still have the value that they were applied with. */
export function lastAppliedFields(live: KubeObject, node: SchemaNode): FieldSet {
  const applied = parse(live.metadata.annotations?.[annotation]);
  if (!isJsonObject(applied)) return emptySet;
  return difference(fieldsOf(applied, node), compareFields(live, applied, node).changed);
}

function parse(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Anybody can write anything into an annotation; this is none of kubectl's.
    return undefined;
  }
}

/** The object with what was applied now, if it carries the annotation; without it, where there is no room for that. */
export function withLastApplied(object: KubeObject, applied: KubeObject): KubeObject {
  const { metadata } = object;
  const { [annotation]: last = '', ...others } = metadata.annotations ?? {};
  if (last === '') return object;
  const joined = { ...others, [annotation]: `${canonicalJson(withoutAnnotation(applied))}\n` };
  const annotations = sizeOf(joined) > maximumBytes ? others : joined;
  return { ...object, metadata: { ...metadata, annotations } };
}

function withoutAnnotation(applied: KubeObject): KubeObject {
  const { metadata } = applied;
  if (metadata.annotations?.[annotation] === undefined) return applied;
  const { [annotation]: _, ...annotations } = metadata.annotations;
  return { ...applied, metadata: { ...metadata, annotations } };
}

/** Bytes of the names and values of annotations. */
function sizeOf(annotations: Readonly<Record<string, string>>): number {
  return Object.entries(annotations).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
}
