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
  if (directive !== undefined && directive !== 'merge')
    throw new StatusError(
      'BadRequest',
      `unknown patch directive ${JSON.stringify(directive)}: expected replace, merge or delete`,
    );
  // A map, because in an object a field such as `__proto__` would be no field.
  const result = new Map(Object.entries(retained(current, patch)));
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) continue;
    if (value === null) result.delete(key);
    else result.set(key, mergeField(result.get(key), value, { field: fieldOf(node, key), key, patch }));
  }
  applyListDirectives(result, patch, node);
  return Object.fromEntries(result);
}

function fieldOf(node: SchemaNode, key: string): SchemaField | undefined {
  if (node.kind === 'object') return node.fields.get(key);
  return node.kind === 'map' ? { node: node.values, required: false } : undefined;
}

/** `$retainKeys` names the only fields of the current object that stay. */
function retained(current: JsonObject, patch: JsonObject): JsonObject {
  const keys = patch['$retainKeys'];
  if (keys === undefined) return current;
  if (!Array.isArray(keys)) throw new StatusError('BadRequest', '$retainKeys must be a list of field names');
  return Object.fromEntries(Object.entries(current).filter(([key]) => keys.includes(key)));
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
  if (!Array.isArray(value) || !strategies.includes('merge') || node.kind !== 'list') return value;
  const order = patch[setElementOrder + key];
  const merged = mergeLists(Array.isArray(current) ? current : [], value, { node, mergeKey: field?.patchMergeKey });
  return Array.isArray(order) ? sortByOrder(merged, order, field?.patchMergeKey) : merged;
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
    return patch.filter((item) => !(isJsonObject(item) && item['$patch'] === 'replace'));
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
  if (index < 0) result.push(mergeObjects({}, item, node.items));
  else result[index] = mergeObjects(isJsonObject(existing) ? existing : {}, item, node.items);
}

function applyListDirectives(result: Map<string, unknown>, patch: JsonObject, node: SchemaNode): void {
  for (const [key, value] of Object.entries(patch)) {
    const list = key.startsWith(deleteFromPrimitiveList) ? key.slice(deleteFromPrimitiveList.length) : undefined;
    if (list !== undefined) {
      const present = result.get(list);
      if (Array.isArray(present) && Array.isArray(value))
        result.set(
          list,
          present.filter((item) => !value.includes(item)),
        );
      continue;
    }
    const ordered = key.startsWith(setElementOrder) ? key.slice(setElementOrder.length) : undefined;
    // With items of its own the list was put in order when it was merged.
    if (ordered === undefined || Object.hasOwn(patch, ordered)) continue;
    const present = result.get(ordered);
    if (Array.isArray(present) && Array.isArray(value))
      result.set(ordered, sortByOrder(present, value, fieldOf(node, ordered)?.patchMergeKey));
  }
}

/** Items that the order names come in that order; others keep their place relative to the items before them. */
function sortByOrder(
  items: readonly unknown[],
  order: readonly unknown[],
  mergeKey: string | undefined,
): readonly unknown[] {
  const identity = (item: unknown): unknown => (mergeKey !== undefined && isJsonObject(item) ? item[mergeKey] : item);
  const wanted = order.map(identity);
  const named = items
    .filter((item) => wanted.includes(identity(item)))
    .toSorted((a, b) => wanted.indexOf(identity(a)) - wanted.indexOf(identity(b)));
  const result = [...named];
  for (const [index, item] of items.entries()) {
    if (wanted.includes(identity(item))) continue;
    const before = items[index - 1];
    const position = before === undefined ? 0 : result.indexOf(before) + 1;
    result.splice(position, 0, item);
  }
  return result;
}

function withoutDirectives(patch: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(patch).filter(([key]) => !key.startsWith('$')));
}
