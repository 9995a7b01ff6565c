import type { ResourceType } from '@slipway/kube/object';

type Resource = Pick<ResourceType, 'group' | 'plural'>;

interface Known {
  readonly resource: Resource | undefined;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly key: string;
}

/**
 * Of one write several ask, one after the other, and a text that was made again is read again wherever it is looked up. Its
 * namespace is asked for in between.
 */
let last: Known = { resource: undefined, namespace: undefined, name: '', key: '' };
let lastOfCluster: Known = last;

/** Where an object stands in the store. Versions of one resource share it. */
export function storeKey(resource: Resource, namespace: string | undefined, name: string): string {
  const known = namespace === undefined ? lastOfCluster : last;
  if (known.name === name && known.resource === resource && known.namespace === namespace) return known.key;
  const { group, plural } = resource;
  const key = `/${group}/${plural}/${namespace ?? ''}/${name}`;
  const made = { resource, namespace, name, key };
  if (namespace === undefined) lastOfCluster = made;
  else last = made;
  return key;
}

/** Where all objects of a resource stand, or those of one namespace. */
export function storePrefix({ group, plural }: Resource, namespace: string | undefined): string {
  return namespace === undefined || namespace === '' ? `/${group}/${plural}/` : `/${group}/${plural}/${namespace}/`;
}
