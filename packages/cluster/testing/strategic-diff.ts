/** The patches that kubectl computes: the strategic merge patch that makes one object another. */
import { canonicalJson } from '@slipway/kube/hash';
import type { SchemaField, SchemaNode } from '../src/schema/definition.ts';
import { isJsonObject, type JsonObject } from '../src/schema/shape.ts';

export function strategicDiff(before: JsonObject, after: JsonObject, node: SchemaNode): JsonObject {
  const patch: [string, unknown][] = [];
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) patch.push([key, null]);
  const olds = new Map(Object.entries(before));
  for (const [key, value] of Object.entries(after)) {
    const old = olds.get(key);
    if (old !== undefined && canonicalJson(old) === canonicalJson(value)) continue;
    patch.push(...fieldDiff({ key, old, value, field: fieldOf(node, key) }));
  }
  return Object.fromEntries(patch);
}

function fieldOf(node: SchemaNode, key: string): SchemaField | undefined {
  if (node.kind === 'object') return node.fields.get(key);
  return node.kind === 'map' ? { node: node.values, required: false } : undefined;
}

interface Change {
  readonly key: string;
  readonly old: unknown;
  readonly value: unknown;
  readonly field: SchemaField | undefined;
}

function fieldDiff({ key, old, value, field }: Change): readonly [string, unknown][] {
  if (isJsonObject(old) && isJsonObject(value) && field !== undefined)
    return [[key, strategicDiff(old, value, field.node)]];
  const isMerged = field?.patchStrategy?.split(',').includes('merge') === true;
  if (!isMerged || !Array.isArray(old) || !Array.isArray(value)) return [[key, value]];
  const mergeKey = field?.patchMergeKey;
  return mergeKey === undefined ? setDiff(key, old, value) : listDiff(key, { old, value, mergeKey, node: field?.node });
}

function setDiff(key: string, old: readonly unknown[], value: readonly unknown[]): readonly [string, unknown][] {
  const removed = old.filter((item) => !value.includes(item));
  const added = value.filter((item) => !old.includes(item));
  return [
    [`$setElementOrder/${key}`, value],
    ...(removed.length === 0 ? [] : ([[`$deleteFromPrimitiveList/${key}`, removed]] as [string, unknown][])),
    ...(added.length === 0 ? [] : ([[key, added]] as [string, unknown][])),
  ];
}

interface Lists {
  readonly old: readonly unknown[];
  readonly value: readonly unknown[];
  readonly mergeKey: string;
  readonly node: SchemaNode | undefined;
}

function listDiff(key: string, { old, value, mergeKey, node }: Lists): readonly [string, unknown][] {
  const items = node?.kind === 'list' ? node.items : ({ kind: 'any' } as const);
  const nameOf = (item: unknown): unknown => (isJsonObject(item) ? item[mergeKey] : undefined);
  const changed = value.filter(isJsonObject).flatMap((item) => {
    const before = old.filter(isJsonObject).find((each) => nameOf(each) === nameOf(item));
    if (before === undefined) return [item];
    const difference = strategicDiff(before, item, items);
    return Object.keys(difference).length === 0 ? [] : [{ ...difference, [mergeKey]: nameOf(item) }];
  });
  const removed = old
    .filter((item) => !value.some((each) => nameOf(each) === nameOf(item)))
    .map((item) => ({ $patch: 'delete', [mergeKey]: nameOf(item) }));
  const order = value.map((item) => ({ [mergeKey]: nameOf(item) }));
  const patch = [...changed, ...removed];
  return [[`$setElementOrder/${key}`, order], ...(patch.length === 0 ? [] : ([[key, patch]] as [string, unknown][]))];
}
