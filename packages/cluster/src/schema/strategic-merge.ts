/**
 * Strategic merge patch: lists of objects are joined by their merge key, directives (`$patch`, `$retainKeys`,
 * `$deleteFromPrimitiveList`, `$setElementOrder`) say the rest.
 * https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
 */
import { StatusError } from '@slipway/kube/status-error';
import type { SchemaField, SchemaNode } from './definition.ts';
import { isJsonObject, type JsonObject } from './shape.ts';

const deleteFromPrimitiveList = '$deleteFromPrimitiveList/';
const setElementOrder = '$setElementOrder/';

/** Neither argument is changed. Throws `BadRequest` for a patch that makes no sense. */
export function applyStrategicMergePatch(current: unknown, patch: unknown, node: SchemaNode): unknown {
  if (!isJsonObject(patch)) return patch;
  return mergeObjects(isJsonObject(current) ? current : {}, patch, node);
}

function mergeObjects(current: JsonObject, patch: JsonObject, node: SchemaNode): JsonObject {
  const directive = patch['$patch'];
  if (directive === 'replace') return withoutDirectives(patch);
  if (directive === 'delete') return {};
  if (directive !== undefined)
    throw new StatusError(
      'BadRequest',
      `unknown patch type: ${JSON.stringify(directive)}: expected "replace" or "delete" as $patch`,
    );
  // A map, because in an object a field such as `__proto__` would be no field.
  const result = new Map(Object.entries(withoutDeleted(retained(current, patch), patch)));
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) continue;
    if (value === null) result.delete(key);
    else if (!result.has(key)) result.set(key, added(value));
    else result.set(key, mergeField(result.get(key), value, { field: fieldOf(node, key), key, patch }));
  }
  applyOrders(result, patch, node);
  return Object.fromEntries(result);
}

function fieldOf(node: SchemaNode, key: string): SchemaField | undefined {
  if (node.kind === 'object') return node.fields.get(key);
  return node.kind === 'map' ? { node: node.values, required: false } : undefined;
}

/** `$retainKeys` names the only fields of the current object that stay, and all that the patch sets. */
function retained(current: JsonObject, patch: JsonObject): JsonObject {
  const keys = patch['$retainKeys'];
  if (keys === undefined) return current;
  const isSet = ([key, value]: [string, unknown]): boolean => value !== null && !key.startsWith('$');
  const names = Object.entries(patch).filter(isSet);
  if (!Array.isArray(keys) || !names.every(([key]) => keys.includes(key))) throw badFormat('retainKeys');
  return Object.fromEntries(Object.entries(current).filter(([key]) => keys.includes(key)));
}

/** In the words of Kubernetes. */
function badFormat(what: 'retainKeys' | 'primitive list' | 'setElementOrder list'): StatusError {
  return new StatusError('BadRequest', `invalid patch format of ${what}`);
}

interface FieldPatch {
  readonly field: SchemaField | undefined;
  readonly key: string;
  readonly patch: JsonObject;
}

function mergeField(current: unknown, value: unknown, { field, key, patch }: FieldPatch): unknown {
  const node = field?.node ?? { kind: 'any' };
  const strategies = field?.patchStrategy?.split(',') ?? [];
  if (isJsonObject(value)) {
    if (strategies.includes('replace') || node.kind === 'any')
      return node.kind === 'any' ? applyStrategicMergePatch(current, value, node) : withoutDirectives(value);
    return mergeObjects(isJsonObject(current) ? current : {}, value, node);
  }
  if (!Array.isArray(value) || !strategies.includes('merge') || node.kind !== 'list') return plain(value);
  const mergeKey = field?.patchMergeKey;
  const before: readonly unknown[] = Array.isArray(current) ? current : [];
  const merged = mergeLists(before, value, { node, mergeKey });
  const asked = orderOf(patch, key);
  if (asked !== undefined) requireOrder(value, { order: asked, mergeKey });
  if (asked !== undefined)
    return sortByOrder(merged, { order: asked, before: placesAfter(before, merged, mergeKey), mergeKey });
  // Without a word about it the items of the patch stand in its order, and before those that are new to it: a container that
  // is added comes first.
  return sortByOrder(merged, { order: value.filter((item) => !isDirective(item)), before, mergeKey });
}

/** How the list of that field shall be ordered, where the patch says so. */
function orderOf(patch: JsonObject, key: string): readonly unknown[] | undefined {
  const order = patch[setElementOrder + key];
  if (order !== undefined && !Array.isArray(order)) throw badFormat('setElementOrder list');
  return order;
}

interface ListMerge {
  readonly node: SchemaNode & { readonly kind: 'list' };
  readonly mergeKey: string | undefined;
}

function mergeLists(
  current: readonly unknown[],
  patch: readonly unknown[],
  { node, mergeKey }: ListMerge,
): readonly unknown[] {
  if (patch.some((item) => isJsonObject(item) && item['$patch'] === 'replace')) {
    return patch.filter((item) => !isDirective(item)).map(plain);
  }
  if (mergeKey === undefined) return [...current, ...patch.filter((item) => !current.includes(item))];
  const result = [...current];
  for (const item of patch) {
    if (!isJsonObject(item))
      throw new StatusError('BadRequest', `an item of a list that is merged by ${mergeKey} must be an object`);
    mergeItem(result, item, { node, mergeKey });
  }
  return result;
}

function mergeItem(
  result: unknown[],
  item: JsonObject,
  { node, mergeKey }: { readonly node: ListMerge['node']; readonly mergeKey: string },
): void {
  const value = item[mergeKey];
  if (value === undefined)
    throw new StatusError(
      'BadRequest',
      `map: ${JSON.stringify(item)} does not contain declared merge key: ${mergeKey}`,
    );
  const index = result.findIndex((existing) => isJsonObject(existing) && existing[mergeKey] === value);
  if (item['$patch'] === 'delete') {
    if (index >= 0) result.splice(index, 1);
    return;
  }
  const existing = result[index];
  if (index < 0) result.push(added(item));
  else result[index] = mergeObjects(isJsonObject(existing) ? existing : {}, item, node.items);
}

/** What is deleted from a list and set in it by one patch is in it. */
function withoutDeleted(current: JsonObject, patch: JsonObject): JsonObject {
  let result = current;
  for (const [key, value] of Object.entries(patch)) {
    if (!key.startsWith(deleteFromPrimitiveList)) continue;
    if (!Array.isArray(value)) throw badFormat('primitive list');
    const list = key.slice(deleteFromPrimitiveList.length);
    const present = result[list];
    if (Array.isArray(present)) result = { ...result, [list]: present.filter((item) => !value.includes(item)) };
  }
  return result;
}

/**
 * Where items stand for those that an order does not name: what came to the list takes the places at its end that became
 * free, as in Kubernetes, and with them comes behind what others have put into the list.
 */
function placesAfter(
  before: readonly unknown[],
  merged: readonly unknown[],
  mergeKey: string | undefined,
): readonly unknown[] {
  const idsOf = (items: readonly unknown[]): ReadonlySet<unknown> =>
    new Set(items.map((item) => identityOf(item, mergeKey)));
  const [former, present] = [idsOf(before), idsOf(merged)];
  const kept = before.filter((item) => present.has(identityOf(item, mergeKey)));
  const come = merged.filter((item) => !former.has(identityOf(item, mergeKey)));
  return [...kept, ...come.slice(0, before.length - kept.length)];
}

/** Of lists without items of their own in the patch: those with some were put in order when they were merged. */
function applyOrders(result: Map<string, unknown>, patch: JsonObject, node: SchemaNode): void {
  for (const key of Object.keys(patch)) {
    const ordered = key.startsWith(setElementOrder) ? key.slice(setElementOrder.length) : undefined;
    if (ordered === undefined || Array.isArray(patch[ordered])) continue;
    const order = orderOf(patch, ordered) ?? [];
    const present = result.get(ordered);
    if (!Array.isArray(present)) continue;
    const mergeKey = fieldOf(node, ordered)?.patchMergeKey;
    result.set(ordered, sortByOrder(present, { order, before: present, mergeKey }));
  }
}

interface Order {
  readonly order: readonly unknown[];
  readonly mergeKey: string | undefined;
}

function identityOf(item: unknown, mergeKey: string | undefined): unknown {
  return mergeKey !== undefined && isJsonObject(item) ? item[mergeKey] : item;
}

/** Whoever says an order follows it himself. */
function requireOrder(patch: readonly unknown[], { order, mergeKey }: Order): void {
  const wanted = order.map((item) => identityOf(item, mergeKey));
  const items = patch.filter((item) => !(isJsonObject(item) && item['$patch'] !== undefined));
  const places = items.map((item) => wanted.indexOf(identityOf(item, mergeKey)));
  if (places.every((place, index) => place >= 0 && place >= (places[index - 1] ?? 0))) return;
  throw new StatusError(
    'BadRequest',
    `The order in patch list:\n${JSON.stringify(items)}\n doesn't match $setElementOrder list:\n${JSON.stringify(order)}\n`,
  );
}

/**
 * Items that the order names come in that order. Of the others each stands before the first of those that came after it
 * before, and else behind them all.
 */
function sortByOrder(
  items: readonly unknown[],
  { order, before, mergeKey }: Order & { readonly before: readonly unknown[] },
): readonly unknown[] {
  const wanted = order.map((item) => identityOf(item, mergeKey));
  const former = before.map((item) => identityOf(item, mergeKey));
  const placeIn = (list: readonly unknown[], item: unknown): number => list.indexOf(identityOf(item, mergeKey));
  const named = items
    .filter((item) => placeIn(wanted, item) >= 0)
    .toSorted((a, b) => placeIn(wanted, a) - placeIn(wanted, b));
  const others = items.filter((item) => placeIn(wanted, item) < 0);
  const result: unknown[] = [];
  for (const item of named) {
    const place = placeIn(former, item);
    while (others.length > 0 && placeIn(former, others[0]) < place) result.push(others.shift());
    result.push(item);
  }
  return [...result, ...others];
}

/** A value for a place where none was: two items of a list in it with one key are two. */
function added(value: unknown): unknown {
  return withoutNulls(plain(value));
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).filter(([, child]) => child !== null);
  return Object.fromEntries(entries.map(([key, child]) => [key, withoutNulls(child)]));
}

/** A value that is set as it stands, with nothing in it that tells how to merge. */
function withoutDirectives(patch: JsonObject): JsonObject {
  const entries = Object.entries(patch).filter(([key]) => !key.startsWith('$'));
  return Object.fromEntries(entries.map(([key, value]) => [key, plain(value)]));
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !isDirective(item)).map(plain);
  return isJsonObject(value) ? withoutDirectives(value) : value;
}

function isDirective(item: unknown): boolean {
  return isJsonObject(item) && item['$patch'] !== undefined;
}
