import type { ResourceType } from '@slipway/kube/object';

type Resource = Pick<ResourceType, 'group' | 'plural'>;

/** Of one write several ask, one after the other, and a text that was made again is read again wherever it is looked up. */
let last: {
  readonly resource: Resource | undefined;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly key: string;
} = { resource: undefined, namespace: undefined, name: '', key: '' };

/** Where an object stands in the store. Versions of one resource share it. */
export function storeKey(resource: Resource, namespace: string | undefined, name: string): string {
  if (last.name === name && last.resource === resource && last.namespace === namespace) return last.key;
  const { group, plural } = resource;
  const key = `/${group}/${plural}/${namespace ?? ''}/${name}`;
  last = { resource, namespace, name, key };
  return key;
}

/** Where all objects of a resource stand, or those of one namespace. */
export function storePrefix({ group, plural }: Resource, namespace: string | undefined): string {
  return namespace === undefined || namespace === '' ? `/${group}/${plural}/` : `/${group}/${plural}/${namespace}/`;
}
