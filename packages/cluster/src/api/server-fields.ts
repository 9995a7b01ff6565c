/** The part of an object's metadata that belongs to the server. */
import { formatTime } from '@slipway/kube/clock';
import { randomSuffix } from '@slipway/kube/hash';
import { isSameJson } from '@slipway/kube/json-equality';
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
  const {
    resourceVersion: _,
    deletionTimestamp: __,
    deletionGracePeriodSeconds: ___,
    managedFields: ____,
    selfLink: _____,
    ...given
  } = object.metadata;
  const generated =
    given.generateName === undefined ? undefined : `${given.generateName.slice(0, 58)}${randomSuffix(context.random)}`;
  const name = given.name === undefined || given.name === '' ? generated : given.name;
  return {
    ...object,
    metadata: {
      ...given,
      ...(name === undefined ? {} : { name }),
      ...(context.definition.type.namespaced ? { namespace } : {}),
      uid: context.uuid(),
      creationTimestamp: formatTime(context.now),
      ...(countsGenerations(context.definition) ? { generation: 1 } : {}),
    },
  };
}

/** An update with the server's fields as they were, and the generation counted up when more than metadata and status changed. */
export function stampUpdate(object: KubeObject, old: KubeObject, definition: ResourceDefinition): KubeObject {
  const {
    uid,
    creationTimestamp,
    deletionTimestamp,
    deletionGracePeriodSeconds,
    generation,
    namespace,
    name,
    resourceVersion,
    generateName,
  } = old.metadata;
  const server = {
    name,
    namespace,
    uid,
    resourceVersion,
    creationTimestamp,
    deletionTimestamp,
    deletionGracePeriodSeconds,
    generation,
    generateName,
  };
  const { selfLink: _, ...given } = object.metadata;
  const known = Object.fromEntries(Object.entries(server).filter(([, value]) => value !== undefined));
  const { deletionTimestamp: __, deletionGracePeriodSeconds: ___, generation: ____, ...rest } = given;
  const next: KubeObject = { ...object, metadata: { ...rest, ...known } };
  if (!countsGenerations(definition) || !isDesiredStateChanged(object, old)) return next;
  return { ...next, metadata: { ...next.metadata, generation: (generation ?? 0) + 1 } };
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
  return isSameJson(comparable(object), comparable(old));
}

function comparable(object: KubeObject): unknown {
  const managedFields = object.metadata.managedFields?.map(({ time: _, ...entry }) => entry);
  return { ...object, metadata: { ...object.metadata, managedFields } };
}
