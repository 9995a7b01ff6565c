/**
 * Server-side apply: who set which field, and what follows from it.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */
import { formatTime } from '@slipway/kube/clock';
import type { ManagedFieldsEntry } from '@slipway/kube/api.generated';
import type { KubeObject } from '@slipway/kube/object';
import type { StatusCause } from '@slipway/kube/status-error';
import type { SchemaNode } from './definition.ts';
import {
  compareFields,
  difference,
  emptySet,
  fieldsOf,
  granular,
  intersection,
  isEmpty,
  itemElement,
  paths,
  union,
  type FieldSet,
} from './field-set.ts';
import { isJsonObject, type JsonObject } from './shape.ts';

/** Fields that the server keeps and nobody owns. */
const unowned: FieldSet = {
  'f:apiVersion': {},
  'f:kind': {},
  'f:metadata': {
    'f:name': {},
    'f:namespace': {},
    'f:uid': {},
    'f:resourceVersion': {},
    'f:generation': {},
    'f:creationTimestamp': {},
    'f:deletionTimestamp': {},
    'f:deletionGracePeriodSeconds': {},
    'f:selfLink': {},
    'f:managedFields': {},
  },
};

/** Managers beyond this many are joined into one that is called `ancient-changes`, as in Kubernetes. */
const maximumUpdateManagers = 10;

export interface Manager {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
}

interface Owned {
  readonly manager: Manager;
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

interface Context {
  readonly manager: Manager;
  readonly node: SchemaNode;
  /** Milliseconds. */
  readonly now: number;
}

function ownedSets(object: KubeObject | undefined): readonly Owned[] {
  return (object?.metadata.managedFields ?? []).map((entry) => ({
    manager: {
      name: entry.manager ?? '',
      operation: entry.operation === 'Apply' ? 'Apply' : 'Update',
      apiVersion: entry.apiVersion ?? '',
      subresource: entry.subresource ?? '',
    },
    time: entry.time,
    fields: (isJsonObject(entry.fieldsV1) ? entry.fieldsV1 : {}) as FieldSet,
  }));
}

function isSameManager(a: Manager, b: Manager): boolean {
  return a.name === b.name && a.operation === b.operation && a.subresource === b.subresource;
}

function withManagedFields<T extends KubeObject>(object: T, owned: readonly Owned[]): T {
  const entries = owned
    .filter(({ fields }) => !isEmpty(fields))
    .map(({ manager, time, fields }): ManagedFieldsEntry => {
      const subresource = manager.subresource === '' ? {} : { subresource: manager.subresource };
      return {
        manager: manager.name,
        operation: manager.operation,
        apiVersion: manager.apiVersion,
        time,
        fieldsType: 'FieldsV1',
        fieldsV1: fields,
        ...subresource,
      };
    });
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata: entries.length === 0 ? metadata : { ...metadata, managedFields: entries } };
}

/** The object with the ownership that follows from a create, an update or a patch other than apply. */
export function trackUpdate<T extends KubeObject>(live: KubeObject | undefined, updated: T, context: Context): T {
  // Whoever sends an empty list resets the bookkeeping; otherwise what the server knows counts.
  const isReset = live !== undefined && updated.metadata.managedFields?.length === 0;
  const before = isReset ? [] : ownedSets(live);
  const delta =
    live === undefined
      ? { changed: fieldsOf(updated, context.node), removed: emptySet }
      : compareFields(live, updated, context.node);
  const changed = difference(delta.changed, unowned);
  const touched = union(changed, delta.removed);
  if (isEmpty(touched)) return withManagedFields(updated, before);
  const others = before
    .filter(({ manager }) => !isSameManager(manager, context.manager))
    .map((each) =>
      isEmpty(intersection(each.fields, touched)) ? each : { ...each, fields: difference(each.fields, touched) },
    );
  const own = before.find(({ manager }) => isSameManager(manager, context.manager));
  const fields = union(difference(own?.fields ?? emptySet, delta.removed), changed);
  return withManagedFields(
    updated,
    joinOldest([...others, { manager: context.manager, time: formatTime(context.now), fields }]),
  );
}

function joinOldest(owned: readonly Owned[]): readonly Owned[] {
  const updates = owned.filter(({ manager }) => manager.operation === 'Update');
  if (updates.length <= maximumUpdateManagers) return owned;
  const [first, second] = updates.toSorted((a, b) => (a.time ?? '').localeCompare(b.time ?? ''));
  if (first === undefined || second === undefined) return owned;
  const joined: Owned = {
    manager: { ...first.manager, name: 'ancient-changes' },
    time: second.time,
    fields: union(first.fields, second.fields),
  };
  return [joined, ...owned.filter((each) => each !== first && each !== second)];
}

export interface ApplyRequest extends Context {
  /** Undefined: the object is created. */
  readonly live: KubeObject | undefined;
  readonly applied: KubeObject;
  readonly force: boolean;
}

export interface ApplyResult {
  readonly object: KubeObject;
  /** Fields that others own with another value; with any, the object must not be written. */
  readonly conflicts: readonly StatusCause[];
}

export function applyServerSide(request: ApplyRequest): ApplyResult {
  const { live, applied, node, manager, now } = request;
  const asked = difference(fieldsOf(applied, node), unowned);
  const before = migrated(ownedSets(live), live, manager);
  const own = before.find((each) => isSameManager(each.manager, manager));
  const others = before.filter((each) => each !== own);
  const merged = live === undefined ? applied : toObject(mergeValues(live, applied, node), applied);
  const { changed } = live === undefined ? { changed: emptySet } : compareFields(live, merged, node);
  const conflicts = others.flatMap((each) =>
    conflictsWith(each, intersection(each.fields, intersection(asked, changed))),
  );
  if (conflicts.length > 0 && !request.force) return { object: merged, conflicts };
  const dropped = ownedByNobody(difference(own?.fields ?? emptySet, asked), others);
  const pruned = toObject(removeFields(merged, dropped, node), merged);
  const losers = others.map((each) => ({ ...each, fields: difference(each.fields, intersection(asked, changed)) }));
  const isUnchanged =
    own !== undefined && isEmpty(changed) && isEmpty(dropped) && isEmpty(difference(asked, own.fields));
  const mine: Owned = { manager, time: isUnchanged ? own.time : formatTime(now), fields: asked };
  return { object: withManagedFields(pruned, [mine, ...losers]), conflicts: [] };
}

function toObject(value: unknown, fallback: KubeObject): KubeObject {
  return isJsonObject(value) && isJsonObject(value['metadata']) ? { ...value, metadata: value['metadata'] } : fallback;
}

function ownedByNobody(fields: FieldSet, others: readonly Owned[]): FieldSet {
  return others.reduce((rest, each) => difference(rest, each.fields), fields);
}

function conflictsWith(other: Owned, fields: FieldSet): readonly StatusCause[] {
  const { name, operation, apiVersion, subresource } = other.manager;
  const how =
    operation === 'Update' ? ` using ${apiVersion}${other.time === undefined ? '' : ` at ${other.time}`}` : '';
  const where = subresource === '' ? '' : ` with subresource "${subresource}"`;
  return paths(fields).map((field) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with "${name}"${where}${how}`,
    field,
  }));
}

/** `kubectl apply` without the server's side leaves its mark; when the same kubectl then applies with it, the fields are its own. */
function migrated(owned: readonly Owned[], live: KubeObject | undefined, manager: Manager): readonly Owned[] {
  const isMarked = live?.metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration'] !== undefined;
  if (!isMarked || manager.name !== 'kubectl') return owned;
  const clientSide = owned.find(
    (each) => each.manager.name === 'kubectl-client-side-apply' && each.manager.operation === 'Update',
  );
  if (clientSide === undefined) return owned;
  const own = owned.find((each) => isSameManager(each.manager, manager));
  const joined: Owned = {
    manager,
    time: own?.time ?? clientSide.time,
    fields: union(own?.fields ?? emptySet, clientSide.fields),
  };
  return [joined, ...owned.filter((each) => each !== clientSide && each !== own)];
}

/** The live value with what was applied laid over it, field by field. */
function mergeValues(live: unknown, applied: unknown, node: SchemaNode): unknown {
  const fields = granular(node);
  if (fields !== undefined && isJsonObject(live) && isJsonObject(applied)) {
    const result: Record<string, unknown> = { ...live };
    for (const [name, value] of Object.entries(applied))
      result[name] = mergeValues(live[name], value, fields.childOf(name));
    return result;
  }
  if (node.kind === 'list' && node.listType !== 'atomic' && Array.isArray(live) && Array.isArray(applied))
    return mergeItems(live, applied, node);
  return applied;
}

function mergeItems(
  live: readonly unknown[],
  applied: readonly unknown[],
  node: SchemaNode & { readonly kind: 'list' },
): readonly unknown[] {
  const items = new Map<string, unknown>(live.map((item) => [itemElement(item, node) ?? '', item]));
  for (const item of applied) {
    const element = itemElement(item, node) ?? '';
    const old = items.get(element);
    items.set(element, old === undefined ? item : mergeValues(old, item, node.items));
  }
  return [...items.values()];
}

function removeFields(value: unknown, fields: FieldSet, node: SchemaNode): unknown {
  if (isEmpty(fields)) return value;
  const structure = granular(node);
  if (structure !== undefined && isJsonObject(value)) return removeFromObject(value, fields, structure.childOf);
  if (node.kind !== 'list' || !Array.isArray(value)) return value;
  const kept = value.flatMap((item) => {
    const below = fields[itemElement(item, node) ?? ''];
    if (below === undefined) return [item];
    return isWhole(below) ? [] : [removeFields(item, below, node.items)];
  });
  return kept;
}

function removeFromObject(value: JsonObject, fields: FieldSet, childOf: (name: string) => SchemaNode): JsonObject {
  const result: Record<string, unknown> = { ...value };
  for (const [element, below] of Object.entries(fields)) {
    const name = element.slice(2);
    if (!element.startsWith('f:') || !(name in result)) continue;
    const rest = isEmpty(below) ? undefined : removeFields(result[name], below, childOf(name));
    const isGone =
      rest === undefined ||
      (isJsonObject(rest) && isEmpty(rest as FieldSet)) ||
      (Array.isArray(rest) && rest.length === 0);
    if (isGone) delete result[name];
    else result[name] = rest;
  }
  return result;
}

/** An item of a list goes when its own path was dropped; what others own in it was taken out of the set before. */
function isWhole(below: FieldSet): boolean {
  return isEmpty(below) || '.' in below;
}
