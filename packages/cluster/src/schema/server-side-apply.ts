/**
 * Server-side apply: who set which field, and what follows from it.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */
import { formatTime } from '@slipway/kube/clock';
import type { KubeObject } from '@slipway/kube/object';
import type { StatusCause } from '@slipway/kube/status-error';
import type { SchemaNode } from './definition.ts';
import {
  childNode,
  compareFields,
  difference,
  emptySet,
  fieldsOf,
  intersection,
  isEmpty,
  isGranular,
  itemElement,
  noDifference,
  paths,
  union,
  withParents,
  type FieldSet,
  type GranularNode,
} from './field-set.ts';
import { lastAppliedFields, withLastApplied } from './last-applied.ts';
import {
  isSameManager,
  joinOldest,
  ownable,
  ownedBeforeUpdate,
  ownedSets,
  withManagedFields,
  withoutUnowned,
  type Manager,
  type Owned,
  type WrittenPart,
} from './managed-fields.ts';
import { isJsonObject, type JsonObject } from './shape.ts';

interface Context {
  readonly manager: Manager;
  readonly node: SchemaNode;
  readonly part: WrittenPart;
  /** Milliseconds. */
  readonly now: number;
}

/** The object with the ownership that follows from a create, an update or a patch other than apply. */
export function trackUpdate<T extends KubeObject>(live: KubeObject | undefined, updated: T, context: Context): T {
  const before = ownedBeforeUpdate(live, updated, context.part);
  const delta =
    live === undefined
      ? compareFields({}, withoutUnowned(updated), context.node)
      : compareFields(live, updated, context.node);
  const changed = ownable(delta.changed, context.part);
  const touched = union(changed, delta.removed);
  if (isEmpty(touched)) return withManagedFields(updated, before);
  if (before.length === 0)
    return withManagedFields(updated, [{ manager: context.manager, time: formatTime(context.now), fields: changed }]);
  const others = before
    .filter(({ manager }) => !isSameManager(manager, context.manager))
    .map((each) => ({ ...each, fields: difference(each.fields, touched) }));
  const own = before.find(({ manager }) => isSameManager(manager, context.manager));
  const fields = union(difference(own?.fields ?? emptySet, delta.removed), changed);
  return withManagedFields(
    updated,
    joinOldest([...others, { manager: context.manager, time: formatTime(context.now), fields }]),
  );
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
  const { live, applied, node, manager, now, part } = request;
  const asked = ownable(fieldsOf(applied, node), part);
  const before = ownedBeforeApply(request);
  const own = before.find((each) => isSameManager(each.manager, manager));
  const others = before.filter((each) => each !== own);
  const merged = live === undefined ? applied : toObject(mergeValues(live, applied, node), applied);
  const dropped = ownedByNobody(difference(withParents(own?.fields ?? emptySet), kept(asked)), others);
  const emptied = toObject(removeFields(merged, dropped, node), merged);
  const delta = live === undefined ? noDifference : compareFields(live, emptied, node);
  const conflicts = conflictsOf(others, difference(delta.changed, allowedConflicts(request)));
  if (conflicts.length > 0 && !request.force) return { object: merged, conflicts };
  const touched = union(delta.changed, delta.removed);
  const losers = others.map((each) => ({ ...each, fields: difference(each.fields, touched) }));
  const isUnchanged = own !== undefined && isEmpty(touched) && isEmpty(difference(asked, own.fields));
  const pruned = emptied === merged ? merged : toObject(withoutHollow(emptied), merged);
  const mine: Owned = { manager, time: isUnchanged ? own.time : formatTime(now), fields: asked };
  const marked = isKubectl(manager) ? withLastApplied(pruned, applied) : pruned;
  return { object: withManagedFields(marked, [mine, ...losers]), conflicts: [] };
}

/** What an object holds that has no owners at all, as after they were taken away, belongs to nobody in particular. */
function ownedBeforeApply({ live, node, manager, part, now }: ApplyRequest): readonly Owned[] {
  const owned = ownedSets(live);
  if (live === undefined || owned.length > 0) return owned;
  const fields = ownable(compareFields({}, withoutUnowned(live), node).changed, part);
  const nobody: Manager = { ...manager, name: 'before-first-apply', operation: 'Update' };
  return isEmpty(fields) ? [] : [{ manager: nobody, time: formatTime(now), fields }];
}

/**
 * Who applied an object by kubectl on the client's side and now does on the server's is not in conflict with himself: the
 * fields that he applied then and that still have that value are his.
 */
function allowedConflicts({ live, manager, node }: ApplyRequest): FieldSet {
  return live !== undefined && isKubectl(manager) ? lastAppliedFields(live, node) : emptySet;
}

/** The name that kubectl applies under unless it is told another one. */
function isKubectl({ name }: Manager): boolean {
  return name === 'kubectl';
}

function toObject(value: unknown, fallback: KubeObject): KubeObject {
  return isJsonObject(value) && isJsonObject(value['metadata']) ? { ...value, metadata: value['metadata'] } : fallback;
}

/** Metadata has fields that the server set, and whoever applies an object names it. */
function kept(asked: FieldSet): FieldSet {
  return union(withParents(asked), { 'f:metadata': emptySet });
}

function ownedByNobody(fields: FieldSet, others: readonly Owned[]): FieldSet {
  return others.reduce((rest, each) => difference(rest, withParents(each.fields)), fields);
}

function conflictsOf(others: readonly Owned[], taken: FieldSet): readonly StatusCause[] {
  return others.flatMap(({ manager, fields }) => {
    const how = manager.operation === 'Update' ? ` using ${manager.apiVersion}` : '';
    const where = manager.subresource === '' ? '' : ` with subresource "${manager.subresource}"`;
    return paths(intersection(fields, taken)).map((field) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with "${manager.name}"${where}${how}`,
      field,
    }));
  });
}

/** The live value with what was applied laid over it, field by field: null says nothing of what is merged. */
function mergeValues(live: unknown, applied: unknown, node: SchemaNode): unknown {
  if (isGranular(node) && isJsonObject(live) && isJsonObject(applied)) return mergeObjects(live, applied, node);
  if (applied === null && isFilled(live, node)) return live;
  if (node.kind === 'list' && node.listType !== 'atomic' && Array.isArray(live) && Array.isArray(applied))
    return mergeItems(live, applied, node);
  return applied;
}

function mergeObjects(live: JsonObject, applied: JsonObject, node: GranularNode): JsonObject {
  const result = new Map(Object.entries(live));
  for (const [name, value] of Object.entries(applied)) {
    const isStruct = node.kind === 'object' && node.fields.get(name)?.byValue === true;
    if (value === null && isStruct) continue;
    result.set(name, mergeValues(result.get(name), value, childNode(node, name)));
  }
  return Object.fromEntries(result);
}

/** Whether it has fields or items with owners of their own. */
function isFilled(value: unknown, node: SchemaNode): boolean {
  if (isGranular(node)) return isJsonObject(value) && Object.keys(value).length > 0;
  return node.kind === 'list' && node.listType !== 'atomic' && Array.isArray(value) && value.length > 0;
}

/**
 * Items that both lists have come in the order that was applied. One that only the live list has keeps its place among
 * them, and comes before what is new where both could be next.
 */
function mergeItems(
  live: readonly unknown[],
  applied: readonly unknown[],
  node: SchemaNode & { readonly kind: 'list' },
): readonly unknown[] {
  const elementOf = (item: unknown): string => itemElement(item, node) ?? '';
  const liveItems = new Map(live.map((item) => [elementOf(item), item]));
  const asked = applied.map((item) => ({ element: elementOf(item), item }));
  const askedElements = new Set(asked.map(({ element }) => element));
  const shared = asked.map(({ element }) => element).filter((element) => liveItems.has(element));
  const left = [...liveItems];
  const result: unknown[] = [];
  const takeUpTo = (turn: string | undefined): void => {
    for (let next = left[0]; next !== undefined && next[0] !== turn; next = left[0]) {
      left.shift();
      if (!askedElements.has(next[0])) result.push(next[1]);
    }
  };
  for (const { element, item } of asked) {
    takeUpTo(shared[0]);
    const isShared = element === shared[0];
    result.push(isShared ? mergeValues(liveItems.get(element), item, node.items) : item);
    if (isShared) shared.shift();
  }
  takeUpTo(undefined);
  return result;
}

function removeFields(value: unknown, fields: FieldSet, node: SchemaNode): unknown {
  if (isEmpty(fields)) return value;
  if (isGranular(node) && isJsonObject(value)) return removeFromObject(value, fields, node);
  if (node.kind !== 'list' || !Array.isArray(value)) return value;
  const kept = value.flatMap((item) => {
    const below = fields[itemElement(item, node) ?? ''];
    if (below === undefined) return [item];
    return isWhole(below) ? [] : [removeFields(item, below, node.items)];
  });
  return kept.length === 0 && value.length > 0 ? hollowList : kept;
}

function removeFromObject(value: JsonObject, fields: FieldSet, node: GranularNode): JsonObject {
  const entries = Object.entries(value).flatMap(([name, child]) => {
    const below = fields[`f:${name}`];
    if (below === undefined) return [[name, child] as const];
    return isWhole(below) ? [] : [[name, removeFields(child, below, childNode(node, name))] as const];
  });
  return entries.length === 0 && Object.keys(value).length > 0 ? hollowObject : Object.fromEntries(entries);
}

/**
 * What has lost all that was in it, and is still there for those who own it: only the object that is written is without it,
 * as in Kubernetes, where it is null until then.
 */
const hollowObject: JsonObject = Object.freeze({});
const hollowList: readonly unknown[] = Object.freeze([]);

function withoutHollow(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutHollow);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).filter(([, child]) => child !== hollowObject && child !== hollowList);
  return Object.fromEntries(entries.map(([name, child]) => [name, withoutHollow(child)]));
}

/**
 * A field or an item of a list goes when its own path was dropped, with the defaults that the server put into it; what
 * others own in it was taken out of the set before.
 */
function isWhole(below: FieldSet): boolean {
  return isEmpty(below) || '.' in below;
}
