import type { KubeClient } from '@slipway/kube/client';
import { keyOf, type KubeObject, type ResourceType } from '@slipway/kube/object';

interface WithStatus extends KubeObject {
  readonly status?: object | undefined;
}

/**
 * Replaces the status of an object on the condition that it has not changed since it was read; a Conflict says to look
 * again. Fields that the new status does not have are removed.
 */
export function writeStatus<T extends WithStatus>(
  client: KubeClient,
  type: ResourceType<T>,
  { object, status }: { readonly object: T; readonly status: object },
): Promise<T> {
  const fields = new Set([...Object.keys(object.status ?? {}), ...Object.keys(status)]);
  const values = new Map(Object.entries(status));
  const replaced = Object.fromEntries([...fields].map((field) => [field, values.get(field) ?? null]));
  const { resourceVersion } = object.metadata;
  const body = { metadata: { resourceVersion }, status: replaced };
  return client.patch(type, keyOf(object), { type: 'merge', body }, { subresource: 'status' });
}
