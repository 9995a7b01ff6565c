/** Whether a webhook may write an object. Pure. */
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import type { Manifest } from './parse-manifests.ts';

export interface Writable {
  readonly type: ResourceType;
  /** In its namespace. */
  readonly object: KubeObject;
  readonly namespace: string;
  readonly name: string;
}

/** Kinds of Slipway that say what is to run. Others are asked of people: to approve is a right of its own. */
const ownKinds: ReadonlySet<string> = new Set(['Application', 'ReleaseGroup']);
/** Who may what is for those who may say so; a push is not. */
const rightsGroups: ReadonlySet<string> = new Set([
  'rbac.authorization.k8s.io',
  'certificates.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
]);

/** A text says why not. `namespaces`: where it may write. */
export function checkManifest(
  { source, object }: Manifest,
  type: ResourceType | undefined,
  namespaces: readonly string[],
): Writable | string {
  const { apiVersion = '', kind = '', metadata } = object;
  const { name = '' } = metadata;
  const what = `${source}: ${kind} ${name}`;
  if (type === undefined) return `${what} is of a kind that the cluster does not serve in ${apiVersion}`;
  if (!type.namespaced) return `${what} is of the whole cluster: a webhook writes in its namespaces alone`;
  if (rightsGroups.has(type.group)) return `${what} gives rights, which a push does not`;
  if (type.group === 'slipway.dev' && !ownKinds.has(kind)) return `${what} is asked for by people, not by manifests`;
  const [only, another] = namespaces;
  const namespace = metadata.namespace ?? (another === undefined ? only : undefined);
  if (namespace === undefined)
    return `${what} says no namespace, and the webhook has several: ${namespaces.join(', ')}`;
  if (!namespaces.includes(namespace))
    return `${what} is for namespace ${namespace}, in which the webhook may not write: it has ${namespaces.join(', ')}`;
  return { type, object: { ...object, metadata: { ...metadata, namespace } }, namespace, name };
}

interface Kinded {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
}

/** What others refer to comes first, and what begins a release last: it takes the configuration that is there. */
export function orderForWriting(objects: readonly Writable[]): readonly Writable[] {
  return objects.toSorted((one, other) => rank(one.object) - rank(other.object));
}

/** The other way round: what runs goes before what it refers to. */
export function orderForRemoving<T extends Kinded>(objects: readonly T[]): readonly T[] {
  return objects.toSorted((one, other) => rank(other) - rank(one));
}

const early: ReadonlySet<string> = new Set(['ConfigMap', 'Secret', 'ServiceAccount', 'PersistentVolumeClaim']);

function rank({ apiVersion = '', kind = '' }: Kinded): number {
  if (apiVersion === 'v1' && early.has(kind)) return 0;
  return apiVersion.startsWith('slipway.dev/') ? 2 : 1;
}
