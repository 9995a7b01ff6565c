/**
 * Sets of field paths in the form of `FieldsV1`: `{"f:spec": {"f:replicas": {}}}`. An element is `f:<field>`,
 * `k:<keys of a list item as JSON>` or `v:<value of a set as JSON>`; `.` marks a path that is a member itself although it
 * has members below. Sets are values: no function changes its arguments.
 */
import { canonicalJson } from '@slipway/kube/hash';
import { isSameJson } from '@slipway/kube/json-equality';
import type { SchemaNode } from './definition.ts';
import { isJsonObject, type JsonObject } from './shape.ts';

export interface FieldSet {
  readonly [element: string]: FieldSet;
}

const self = '.';
const leaf: FieldSet = Object.freeze({});
export const emptySet: FieldSet = leaf;

type ListNode = SchemaNode & { readonly kind: 'list' };
export type GranularNode = SchemaNode & { readonly kind: 'object' | 'map' };

export function isEmpty(set: FieldSet): boolean {
  for (const element in set) if (Object.hasOwn(set, element)) return false;
  return true;
}

/** Deeper than any path of a real object. */
const maximumDepth = 100;

/** What somebody sent as `FieldsV1`; undefined for what is none. */
export function parseFieldSet(value: unknown, depth = 0): FieldSet | undefined {
  if (!isJsonObject(value) || depth > maximumDepth) return undefined;
  const entries = Object.entries(value).map(([element, child]) => [element, parseFieldSet(child, depth + 1)] as const);
  const parsed = entries.flatMap(([element, child]) =>
    child !== undefined && isElement(element) ? [[element, child] as const] : [],
  );
  return parsed.length === entries.length ? Object.fromEntries(parsed) : undefined;
}

function isElement(element: string): boolean {
  if (element === self || element.startsWith('f:')) return true;
  if (!/^[kv]:/.test(element)) return false;
  try {
    const value: unknown = JSON.parse(element.slice(2));
    return element.startsWith('v:') || isJsonObject(value);
  } catch {
    // Its keys or its value are no JSON, so it names nothing.
    return false;
  }
}

/** A node below the root stands for its own path if nothing stands below it, or where it says so. */
function isMember(set: FieldSet): boolean {
  return isEmpty(set) || self in set;
}

/** The very same `a` where `b` adds nothing to it. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  let result: Record<string, FieldSet> | undefined;
  for (const element of Object.keys(b)) {
    const [own, child = leaf] = [a[element], b[element]];
    const joined = own === undefined ? child : unionBelow(own, child);
    if (joined === own) continue;
    result ??= { ...a };
    result[element] = joined;
  }
  return result ?? a;
}

function unionBelow(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || (isEmpty(a) && isEmpty(b))) return a;
  const joined = union(a, b);
  return self in a || !(isMember(a) || isMember(b)) ? joined : { [self]: leaf, ...joined };
}

/** The members of `a` that `b` does not have; the very same `a` where these are all, and so for each part of it. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  let rests: Map<string, FieldSet | undefined> | undefined;
  for (const element of Object.keys(b)) {
    const [own, other = leaf] = [a[element], b[element]];
    const rest = own === undefined ? undefined : differenceBelow(own, other);
    if (rest === own) continue;
    rests ??= new Map();
    rests.set(element, rest);
  }
  return rests === undefined ? a : withParts(a, rests);
}

/** Without the members whose part is undefined. */
function withParts(set: FieldSet, parts: ReadonlyMap<string, FieldSet | undefined>): FieldSet {
  const result: Record<string, FieldSet> = {};
  for (const [element, child] of Object.entries(set)) {
    const kept = parts.has(element) ? parts.get(element) : child;
    if (kept !== undefined) result[element] = kept;
  }
  return result;
}

/** Undefined: nothing of it is left. */
function differenceBelow(a: FieldSet, b: FieldSet): FieldSet | undefined {
  const stays = isMember(a) && !isMember(b);
  const rest = difference(a, b);
  if (!hasMembersBelow(rest)) return stays ? soleMember(a) : undefined;
  if (stays === self in rest) return rest;
  const { [self]: _, ...below } = rest;
  return stays ? { [self]: leaf, ...below } : below;
}

function hasMembersBelow(set: FieldSet): boolean {
  for (const element in set) if (element !== self && Object.hasOwn(set, element)) return true;
  return false;
}

function soleMember(set: FieldSet): FieldSet {
  return isEmpty(set) ? set : leaf;
}

/**
 * The set with every field that stands above a member: who owns a field keeps the objects that it is in, but not the item
 * of a list, which goes with whoever brought it.
 */
export function withParents(set: FieldSet): FieldSet {
  const entries = Object.entries(set).map(([element, child]) => {
    const isAbove = element.startsWith('f:') && !isEmpty(child);
    return [element, isAbove ? { [self]: leaf, ...withParents(child) } : withParents(child)] as const;
  });
  return Object.fromEntries(entries);
}

/** The members that both have. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const result: Record<string, FieldSet> = {};
  for (const [element, child] of Object.entries(a)) {
    const other = b[element];
    if (other === undefined || element === self) continue;
    const both = isMember(child) && isMember(other);
    const below = intersection(child, other);
    if (!isEmpty(below)) result[element] = both ? { [self]: leaf, ...below } : below;
    else if (both) result[element] = leaf;
  }
  return result;
}

/**
 * Every member as a path such as `.spec.template.spec.containers[name="web"].image`, in the order of Kubernetes: by name, and
 * those of one place before all that stand below it.
 */
export function paths(set: FieldSet, prefix = ''): readonly string[] {
  const below = Object.keys(set)
    .filter((element) => element !== self)
    .toSorted()
    .map((element) => ({ path: prefix + describeElement(element), child: set[element] ?? leaf }));
  return [
    ...below.filter(({ child }) => isMember(child)).map(({ path }) => path),
    ...below.flatMap(({ path, child }) => paths(child, path)),
  ];
}

/** `.image`, `[name="web"]`, `[="a"]`. */
export function describeElement(element: string): string {
  const text = element.slice(2);
  if (element.startsWith('f:')) return `.${text}`;
  if (element.startsWith('v:')) return `[=${text}]`;
  const keys: JsonObject = JSON.parse(text);
  return `[${Object.entries(keys)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(',')}]`;
}

/** The element under which an item of an associative list stands, or undefined for an atomic list. */
export function itemElement(item: unknown, node: ListNode): string | undefined {
  if (node.listType === 'set') return `v:${canonicalJson(item)}`;
  if (node.listType !== 'map' || !isJsonObject(item)) return undefined;
  const keys = Object.fromEntries(node.listMapKeys.map((key) => [key, item[key] ?? keyDefault(node, key)]));
  return `k:${canonicalJson(keys)}`;
}

function keyDefault(node: ListNode, key: string): unknown {
  return node.items.kind === 'object' ? node.items.fields.get(key)?.default : undefined;
}

/** Whether an object's fields are merged one by one: else it is one value. */
export function isGranular(node: SchemaNode): node is GranularNode {
  if (node.kind === 'object') return node.structType !== 'atomic';
  return node.kind === 'map' && node.mapType !== 'atomic';
}

const unknownNode: SchemaNode = { kind: 'any' };

export function childNode(node: GranularNode, name: string): SchemaNode {
  return node.kind === 'map' ? node.values : (node.fields.get(name)?.node ?? unknownNode);
}

/** So many are the fields of all types of Kubernetes several times over. Those of types that are gone go with the rest. */
const maximumElements = 20_000;
/** Of the fields of types, which are few; the keys of maps are whatever somebody writes. */
const elements = new Map<string, string>();

function fieldElement(node: GranularNode, name: string): string {
  const known = node.kind === 'map' ? undefined : elements.get(name);
  if (known !== undefined) return known;
  const element = `f:${name}`;
  if (node.kind === 'object' && node.fields.has(name)) {
    if (elements.size >= maximumElements) elements.clear();
    elements.set(name, element);
  }
  return element;
}

/** Every field that a value sets. */
export function fieldsOf(value: unknown, node: SchemaNode): FieldSet {
  return fieldsWithin(value, node) ?? leaf;
}

/** Undefined: nothing that could have an owner, which is said of lists of items with owners while they have none. */
function fieldsWithin(value: unknown, node: SchemaNode): FieldSet | undefined {
  if (isGranular(node) && isJsonObject(value)) {
    const names = Object.keys(value);
    const fields: Record<string, FieldSet> = {};
    for (const name of names) {
      const below = fieldsWithin(value[name], childNode(node, name));
      if (below !== undefined) fields[fieldElement(node, name)] = below;
    }
    return names.length > 0 && isEmpty(fields) ? undefined : fields;
  }
  if (node.kind !== 'list' || node.listType === 'atomic' || !Array.isArray(value)) return leaf;
  const result: Record<string, FieldSet> = {};
  for (const item of value) {
    const element = itemElement(item, node);
    if (element === undefined) continue;
    const below = node.listType === 'map' ? fieldsOf(item, node.items) : leaf;
    result[element] = isEmpty(below) ? leaf : { [self]: leaf, ...below };
  }
  return isEmpty(result) ? undefined : result;
}

export interface Difference {
  /** Fields that are new or have another value. */
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

export const noDifference: Difference = { changed: leaf, removed: leaf };

/** What differs between two values of one type. Shared parts are recognised by identity and cost nothing. */
export function compareFields(before: unknown, after: unknown, node: SchemaNode): Difference {
  if (before === after) return noDifference;
  if (isGranular(node) && isJsonObject(before) && isJsonObject(after)) return compareObjects(before, after, node);
  if (node.kind === 'list' && node.listType !== 'atomic' && Array.isArray(before) && Array.isArray(after)) {
    return compareItems(itemsOf(before, node), itemsOf(after, node));
  }
  return noDifference;
}

interface Child {
  readonly value: unknown;
  readonly node: SchemaNode;
}

function compareObjects(before: JsonObject, after: JsonObject, node: GranularNode): Difference {
  let changed: Record<string, FieldSet> | undefined;
  let removed = missingOf(before, after, node);
  for (const name of Object.keys(after)) {
    const old = Object.hasOwn(before, name) ? before[name] : absentOf(node, name);
    const isNew = old === undefined;
    if (old === after[name]) continue;
    const child: Child = { value: after[name], node: childNode(node, name) };
    const delta = isNew ? added(child) : compareChild(old, child);
    if (delta === undefined) continue;
    const element = fieldElement(node, name);
    if (isNew || delta === replaced || !isEmpty(delta.changed)) (changed ??= {})[element] = delta.changed;
    if (!isEmpty(delta.removed)) (removed ??= {})[element] = delta.removed;
  }
  if (changed === undefined && removed === undefined) return noDifference;
  return { changed: changed ?? leaf, removed: removed ?? leaf };
}

/** Undefined where nothing is. */
function missingOf(before: JsonObject, after: JsonObject, node: GranularNode): Record<string, FieldSet> | undefined {
  let missing: Record<string, FieldSet> | undefined;
  for (const name of Object.keys(before)) {
    if (Object.hasOwn(after, name)) continue;
    const child: Child = { value: before[name], node: childNode(node, name) };
    const absent = absentOf(node, name);
    const members = absent === undefined ? membersOf(child) : compareChild(absent, child)?.changed;
    if (members === undefined || (absent !== undefined && isEmpty(members))) continue;
    missing ??= {};
    missing[fieldElement(node, name)] = members;
  }
  return missing;
}

const emptyStruct: JsonObject = Object.freeze({});

/** What a field is that is not there. */
function absentOf(node: GranularNode, name: string): JsonObject | undefined {
  return node.kind === 'object' && node.fields.get(name)?.byValue === true ? emptyStruct : undefined;
}

function itemsOf(items: readonly unknown[], node: ListNode): ReadonlyMap<string, Child> {
  return new Map(items.map((item) => [itemElement(item, node) ?? '', { value: item, node: node.items }]));
}

function compareItems(before: ReadonlyMap<string, Child>, after: ReadonlyMap<string, Child>): Difference {
  const changed: Record<string, FieldSet> = {};
  const removed: Record<string, FieldSet> = {};
  for (const [element, child] of after) {
    const old = before.get(element);
    const difference = old === undefined ? added(child) : compareChild(old.value, child);
    if (difference === undefined) continue;
    if (old === undefined || !isEmpty(difference.changed) || difference === replaced)
      changed[element] = difference.changed;
    if (!isEmpty(difference.removed)) removed[element] = difference.removed;
  }
  for (const [element, child] of before) if (!after.has(element)) removed[element] = membersOf(child);
  return { changed, removed };
}

const replaced: Difference = { changed: leaf, removed: leaf };

function added(child: Child): Difference {
  return { changed: membersOf(child), removed: leaf };
}

/** Undefined: the same. `replaced`: one value that is another one now. */
function compareChild(old: unknown, { value, node }: Child): Difference | undefined {
  if (old === value) return undefined;
  const isStructured =
    (isGranular(node) && isJsonObject(old) && isJsonObject(value)) ||
    (node.kind === 'list' && node.listType !== 'atomic' && Array.isArray(old) && Array.isArray(value));
  if (isStructured) return compareFields(old, value, node);
  return isSameJson(old ?? null, value ?? null) ? undefined : replaced;
}

/** All that comes or goes with a value: what is above others is a member too. */
function membersOf({ value, node }: Child): FieldSet {
  let members: Record<string, FieldSet> | undefined;
  if (isGranular(node) && isJsonObject(value)) {
    for (const name of Object.keys(value))
      (members ??= { [self]: leaf })[fieldElement(node, name)] = membersOf({
        value: value[name],
        node: childNode(node, name),
      });
  } else if (node.kind === 'list' && node.listType !== 'atomic' && Array.isArray(value)) {
    for (const item of value) {
      const element = itemElement(item, node);
      if (element === undefined) continue;
      (members ??= { [self]: leaf })[element] =
        node.listType === 'map' ? membersOf({ value: item, node: node.items }) : leaf;
    }
  }
  return members ?? leaf;
}
