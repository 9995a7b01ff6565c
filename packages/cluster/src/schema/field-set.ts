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
type Granular = { readonly node: SchemaNode & { readonly kind: 'object' | 'map' }; childOf(name: string): SchemaNode };

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

export function union(a: FieldSet, b: FieldSet): FieldSet {
  const result: Record<string, FieldSet> = { ...a };
  for (const [element, child] of Object.entries(b)) {
    const own = a[element];
    result[element] = own === undefined ? child : unionBelow(own, child);
  }
  return result;
}

function unionBelow(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a) && isEmpty(b)) return leaf;
  const joined = union(a, b);
  return isMember(a) || isMember(b) ? { [self]: leaf, ...joined } : joined;
}

/** The members of `a` that `b` does not have. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  const result: Record<string, FieldSet> = {};
  for (const [element, child] of Object.entries(a)) {
    const other = b[element];
    const rest = other === undefined ? child : differenceBelow(child, other);
    if (rest !== undefined) result[element] = rest;
  }
  return result;
}

function differenceBelow(a: FieldSet, b: FieldSet): FieldSet | undefined {
  const stays = isMember(a) && !isMember(b);
  const { [self]: _, ...children } = difference(a, b);
  if (isEmpty(children)) return stays ? leaf : undefined;
  return stays ? { [self]: leaf, ...children } : children;
}

/** The set with everything that stands above a member: who owns a field keeps the objects that it is in. */
export function withParents(set: FieldSet): FieldSet {
  const entries = Object.entries(set).map(([element, child]) => {
    const isAbove = element !== self && !isEmpty(child);
    return [element, isAbove ? { [self]: leaf, ...withParents(child) } : child] as const;
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

/** Who owns something in an item of a list needs the item: it and its keys are members too. */
export function withItems(set: FieldSet): FieldSet {
  const entries = Object.entries(set).map(([element, child]) => {
    const below = withItems(child);
    return [element, element.startsWith('k:') ? { [self]: leaf, ...keyFields(element), ...below } : below] as const;
  });
  return Object.fromEntries(entries);
}

function keyFields(element: string): FieldSet {
  const keys: JsonObject = JSON.parse(element.slice(2));
  return Object.fromEntries(Object.keys(keys).map((key) => [`f:${key}`, leaf]));
}

/** Every member as a path such as `.spec.template.spec.containers[name="web"].image`. */
export function paths(set: FieldSet, prefix = ''): readonly string[] {
  return Object.entries(set).flatMap(([element, child]) => {
    if (element === self) return [];
    const path = prefix + describeElement(element);
    return [...(isMember(child) ? [path] : []), ...paths(child, path)];
  });
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

/** How an object's fields are merged one by one, or undefined where it is one value. */
export function granular(node: SchemaNode): Granular | undefined {
  if (node.kind === 'object' && node.structType !== 'atomic') {
    return { node, childOf: (name) => node.fields.get(name)?.node ?? { kind: 'any' } };
  }
  return node.kind === 'map' && node.mapType !== 'atomic' ? { node, childOf: () => node.values } : undefined;
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

/** Every field that a value sets. */
export function fieldsOf(value: unknown, node: SchemaNode): FieldSet {
  const fields = granular(node);
  if (fields !== undefined && isJsonObject(value)) {
    const entries = Object.entries(value).map(
      ([name, child]) => [`f:${name}`, fieldsOf(child, fields.childOf(name))] as const,
    );
    return Object.fromEntries(entries);
  }
  if (node.kind !== 'list' || node.listType === 'atomic' || !Array.isArray(value)) return leaf;
  const result: Record<string, FieldSet> = {};
  for (const item of value) {
    const element = itemElement(item, node);
    if (element === undefined) continue;
    const below = node.listType === 'map' ? fieldsOf(item, node.items) : leaf;
    result[element] = isEmpty(below) ? leaf : { [self]: leaf, ...below };
  }
  return result;
}

export interface Difference {
  /** Fields that are new or have another value. */
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

const noDifference: Difference = { changed: leaf, removed: leaf };

/** What differs between two values of one type. Shared parts are recognised by identity and cost nothing. */
export function compareFields(before: unknown, after: unknown, node: SchemaNode): Difference {
  if (before === after) return noDifference;
  const fields = granular(node);
  if (fields !== undefined && isJsonObject(before) && isJsonObject(after)) {
    return compareChildren(entriesOf(before, fields), entriesOf(after, fields));
  }
  if (node.kind === 'list' && node.listType !== 'atomic' && Array.isArray(before) && Array.isArray(after)) {
    return compareChildren(itemsOf(before, node), itemsOf(after, node));
  }
  return noDifference;
}

interface Child {
  readonly value: unknown;
  readonly node: SchemaNode;
  readonly isItem: boolean;
}

function entriesOf(value: JsonObject, fields: Granular): ReadonlyMap<string, Child> {
  return new Map(
    Object.entries(value).map(([name, child]) => [
      `f:${name}`,
      { value: child, node: fields.childOf(name), isItem: false },
    ]),
  );
}

function itemsOf(items: readonly unknown[], node: ListNode): ReadonlyMap<string, Child> {
  return new Map(items.map((item) => [itemElement(item, node) ?? '', { value: item, node: node.items, isItem: true }]));
}

function compareChildren(before: ReadonlyMap<string, Child>, after: ReadonlyMap<string, Child>): Difference {
  const changed: Record<string, FieldSet> = {};
  const removed: Record<string, FieldSet> = {};
  for (const [element, child] of after) {
    const old = before.get(element);
    const difference = old === undefined ? { changed: memberSet(child), removed: leaf } : compareChild(old, child);
    if (difference === undefined) continue;
    if (old === undefined || !isEmpty(difference.changed) || difference === replaced)
      changed[element] = difference.changed;
    if (!isEmpty(difference.removed)) removed[element] = difference.removed;
  }
  for (const [element, child] of before) if (!after.has(element)) removed[element] = memberSet(child);
  return { changed, removed };
}

const replaced: Difference = { changed: leaf, removed: leaf };

/** Undefined: the same. `replaced`: one value that is another one now. */
function compareChild(old: Child, child: Child): Difference | undefined {
  if (old.value === child.value) return undefined;
  const isStructured =
    (granular(child.node) !== undefined && isJsonObject(old.value) && isJsonObject(child.value)) ||
    (child.node.kind === 'list' &&
      child.node.listType !== 'atomic' &&
      Array.isArray(old.value) &&
      Array.isArray(child.value));
  if (isStructured) return compareFields(old.value, child.value, child.node);
  return isSameJson(old.value ?? null, child.value ?? null) ? undefined : replaced;
}

function memberSet(child: Child): FieldSet {
  const below = fieldsOf(child.value, child.node);
  return child.isItem && !isEmpty(below) ? { [self]: leaf, ...below } : below;
}
