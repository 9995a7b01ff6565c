/** `metadata.managedFields`: which manager set which fields. */
import type { ManagedFieldsEntry } from '@slipway/kube/api.generated';
import { createAttachment } from '@slipway/kube/attachment';
import type { KubeObject } from '@slipway/kube/object';
import { difference, isEmpty, parseFieldSet, union, type FieldSet } from './field-set.ts';
import { isJsonObject, type JsonObject } from './shape.ts';

export interface Manager {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
}

export interface Owned {
  readonly manager: Manager;
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

/** Managers beyond this many are joined into one that is called `ancient-changes`, as in Kubernetes. */
const maximumUpdateManagers = 10;

/** Fields of metadata that the server keeps and nobody owns. */
const unownedMetadata: ReadonlySet<string> = new Set([
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'selfLink',
  'managedFields',
]);

const unowned: FieldSet = {
  'f:apiVersion': {},
  'f:kind': {},
  'f:metadata': { '.': {}, ...Object.fromEntries([...unownedMetadata].map((name) => [`f:${name}`, {}])) },
};

/** An object without what nobody can own, which is most of what is said of a small one. */
export function withoutUnowned({ apiVersion: _, kind: __, metadata, ...rest }: KubeObject): JsonObject {
  const owned: Record<string, unknown> = {};
  for (const name in metadata)
    if (Object.hasOwn(metadata, name) && !unownedMetadata.has(name))
      owned[name] = metadata[name as keyof typeof metadata];
  return { ...rest, metadata: owned };
}

/** Which part of an object a request can set at all. */
export type WrittenPart = 'all' | 'withoutStatus' | 'status';

/** The fields of that part that somebody can own. */
export function ownable(fields: FieldSet, part: WrittenPart): FieldSet {
  const status = fields['f:status'];
  if (part === 'status') return status === undefined ? {} : { 'f:status': status };
  if (part === 'all' || status === undefined) return difference(fields, unowned);
  const { 'f:status': _, ...rest } = fields;
  return difference(rest, unowned);
}

export function ownedSets(object: KubeObject | undefined): readonly Owned[] {
  return (object?.metadata.managedFields ?? []).flatMap((entry) => parseEntry(entry) ?? []);
}

function parseEntry(entry: ManagedFieldsEntry): Owned | undefined {
  const { manager = '', operation, apiVersion = '', subresource = '', time } = entry;
  const fields = fieldsOfEntry(entry.fieldsV1);
  if ((operation !== 'Apply' && operation !== 'Update') || fields === undefined) return undefined;
  return { manager: { name: manager, operation, apiVersion, subresource }, time, fields };
}

const parsedSets = createAttachment<FieldSet>();

/** An object keeps its entries from write to write, and each of them reads them again. Any JSON may have been sent as one. */
function fieldsOfEntry(value: unknown): FieldSet | undefined {
  if (!isJsonObject(value)) return undefined;
  const known = parsedSets.of(value);
  if (known !== undefined) return known;
  const parsed = parseFieldSet(value);
  if (parsed !== undefined) parsedSets.attach(value, parsed);
  return parsed;
}

function formatFields(fields: FieldSet): FieldSet {
  if (parsedSets.of(fields) === undefined) parsedSets.attach(fields, fields);
  return fields;
}

/**
 * What counts before an update: the entries that the writer sent, who may so take away or rename what others own. None,
 * or some that make no sense, come from a writer who does not know of them; one that is empty takes away all.
 */
export function ownedBeforeUpdate(
  live: KubeObject | undefined,
  updated: KubeObject,
  part: WrittenPart,
): readonly Owned[] {
  const sent = updated.metadata.managedFields ?? [];
  if (part === 'status' || sent.length === 0) return ownedSets(live);
  if (sent.length === 1 && Object.keys(sent[0] ?? {}).length === 0) return [];
  const parsed = sent.map(parseEntry).filter((each) => each !== undefined);
  return parsed.length === 0 || parsed.length < sent.length ? ownedSets(live) : parsed;
}

export function isSameManager(a: Manager, b: Manager): boolean {
  return (
    a.name === b.name &&
    a.operation === b.operation &&
    a.subresource === b.subresource &&
    (a.operation === 'Apply' || a.apiVersion === b.apiVersion)
  );
}

export function withManagedFields<T extends KubeObject>(object: T, owned: readonly Owned[]): T {
  const kept = owned.filter(({ fields }) => !isEmpty(fields));
  if (kept.length > 1) kept.sort(compareOwned);
  const managedFields = kept.map(formatEntry);
  if (managedFields.length > 0) return { ...object, metadata: { ...object.metadata, managedFields } };
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** The object with the managers that another one says. */
export function withManagersOf(object: KubeObject, from: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  const { managedFields } = from.metadata;
  return { ...object, metadata: managedFields === undefined ? metadata : { ...metadata, managedFields } };
}

function compareOwned(a: Owned, b: Owned): number {
  return (
    compareText(a.manager.operation, b.manager.operation) ||
    compareText(a.time ?? '', b.time ?? '') ||
    compareText(a.manager.name, b.manager.name) ||
    compareText(a.manager.apiVersion, b.manager.apiVersion) ||
    compareText(a.manager.subresource, b.manager.subresource)
  );
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function formatEntry({ manager, time, fields }: Owned): ManagedFieldsEntry {
  const { name, operation, apiVersion, subresource } = manager;
  const [fieldsType, fieldsV1] = ['FieldsV1', formatFields(fields)];
  const entry =
    time === undefined
      ? { manager: name, operation, apiVersion, fieldsType, fieldsV1 }
      : { manager: name, operation, apiVersion, time, fieldsType, fieldsV1 };
  return subresource === '' ? entry : { ...entry, subresource };
}

export function joinOldest(owned: readonly Owned[]): readonly Owned[] {
  const updates = owned.filter(({ manager }) => manager.operation === 'Update');
  if (updates.length <= maximumUpdateManagers) return owned;
  const [first, second] = updates.toSorted((a, b) => compareText(a.time ?? '', b.time ?? ''));
  if (first === undefined || second === undefined) return owned;
  const joined: Owned = {
    manager: { ...first.manager, name: 'ancient-changes' },
    time: second.time,
    fields: union(first.fields, second.fields),
  };
  return joinOldest([joined, ...owned.filter((each) => each !== first && each !== second)]);
}
