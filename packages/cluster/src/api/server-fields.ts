/** The part of an object's metadata that belongs to the server. */
import type { ManagedFieldsEntry, ObjectMeta } from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import { randomSuffix } from '@slipway/kube/hash';
import { isSameJson, isSameJsonBut } from '@slipway/kube/json-equality';
import type { KubeObject } from '@slipway/kube/object';
import type { ResourceDefinition } from '../schema/definition.ts';

export interface ServerContext {
  readonly now: number;
  readonly random: () => number;
  readonly uuid: () => string;
}

/** Kinds whose status is kept by others but that count no generations in Kubernetes 1.32. */
const withoutGeneration = new Set(['Namespace', 'Node', 'Pod', 'Service']);

function countsGenerations({ hasStatus, type }: ResourceDefinition): boolean {
  return hasStatus && !(type.group === '' && withoutGeneration.has(type.kind));
}

/** What every new object gets. */
export function stampNew(
  object: KubeObject,
  namespace: string | undefined,
  context: ServerContext & { readonly definition: ResourceDefinition },
): KubeObject {
  const metadata: Mutable<ObjectMeta> = { ...object.metadata };
  if (neverGiven.some((field) => metadata[field] !== undefined)) for (const field of neverGiven) delete metadata[field];
  const { name, generateName } = metadata;
  if ((name === undefined || name === '') && generateName !== undefined)
    metadata.name = `${generateName.slice(0, 58)}${randomSuffix(context.random)}`;
  if (context.definition.type.namespaced && namespace !== undefined) metadata.namespace = namespace;
  metadata.uid = context.uuid();
  metadata.creationTimestamp = formatTime(context.now);
  if (countsGenerations(context.definition)) metadata.generation = 1;
  return { ...object, metadata };
}

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };

/** Whoever creates an object does not say these. */
const neverGiven = [
  'resourceVersion',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
  'selfLink',
] as const;

/** An update with the server's fields as they were, and the generation counted up when more than metadata and status changed. */
export function stampUpdate(object: KubeObject, old: KubeObject, definition: ResourceDefinition): KubeObject {
  const metadata = withServerFields(object.metadata, old.metadata);
  if (!countsGenerations(definition) || !isDesiredStateChanged(object, old))
    return metadata === object.metadata ? object : { ...object, metadata };
  return { ...object, metadata: { ...metadata, generation: (old.metadata.generation ?? 0) + 1 } };
}

/** Nobody else says these: where the server has not, they are not there. */
const ours = ['deletionTimestamp', 'deletionGracePeriodSeconds', 'generation', 'selfLink'] as const;
const kept = [
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
  'generateName',
] as const;

/** The very same where they are as they were: most of what is patched leaves the metadata alone. */
function withServerFields(given: ObjectMeta, old: ObjectMeta): ObjectMeta {
  if (given === old && old.selfLink === undefined) return given;
  const metadata: Record<string, unknown> = { ...given };
  for (const field of ours) if (field in metadata) delete metadata[field];
  for (const field of kept) if (old[field] !== undefined) metadata[field] = old[field];
  return metadata;
}

function isDesiredStateChanged(object: KubeObject, old: KubeObject): boolean {
  const fields = new Set([...Object.keys(object), ...Object.keys(old)]);
  for (const field of ['metadata', 'status', 'apiVersion', 'kind']) fields.delete(field);
  const read = (from: KubeObject, field: string): unknown =>
    (from as unknown as Readonly<Record<string, unknown>>)[field];
  return [...fields].some((field) => !isSameJson(read(object, field) ?? null, read(old, field) ?? null));
}

/** Whether an update changes nothing that is worth a revision. The bookkeeping of managers alone is not. */
export function isUnchanged(object: KubeObject, old: KubeObject): boolean {
  if (!isSameJsonBut(metadataOnly, object, old) || !isSameJsonBut(managersOnly, object.metadata, old.metadata))
    return false;
  const [before = [], after = []] = [old.metadata.managedFields, object.metadata.managedFields];
  return before.length === after.length && after.every((entry, index) => isSameEntry(entry, before[index]));
}

const metadataOnly = new Set(['metadata']);
const managersOnly = new Set(['managedFields']);
const timeOnly = new Set(['time']);

function isSameEntry(entry: ManagedFieldsEntry, before: ManagedFieldsEntry | undefined): boolean {
  return before !== undefined && isSameJsonBut(timeOnly, entry, before);
}
