import type { ResourceType } from '@slipway/kube/object';

type Resource = Pick<ResourceType, 'group' | 'plural'>;

/** Where an object stands in the store. Versions of one resource share it. */
export function storeKey({ group, plural }: Resource, namespace: string | undefined, name: string): string {
  return `/${group}/${plural}/${namespace ?? ''}/${name}`;
}

/** Where all objects of a resource stand, or those of one namespace. */
export function storePrefix({ group, plural }: Resource, namespace: string | undefined): string {
  return namespace === undefined || namespace === '' ? `/${group}/${plural}/` : `/${group}/${plural}/${namespace}/`;
}
