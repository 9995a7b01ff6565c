/** Writes that never touch what somebody else made or changed meanwhile. */
import type { KubeClient } from '@slipway/kube/client';
import { keyOf, type KubeObject, type ObjectKey, type ResourceType } from '@slipway/kube/object';
import { isStatusReason, StatusError } from '@slipway/kube/status-error';
import { fieldManager, isOurs } from '../names.ts';

/** Creates an object, or finds that an earlier look did; what belongs to somebody else is never taken over. */
export async function createOwned<T extends KubeObject>(
  client: KubeClient,
  type: ResourceType<T>,
  { object, uid }: { readonly object: T; readonly uid: string },
): Promise<void> {
  try {
    await client.create(type, object, { fieldManager });
  } catch (error) {
    if (!isStatusReason(error, 'AlreadyExists')) throw error;
    const existing = await client.get(type, keyOf(object));
    if (!isOurs(existing, uid)) throw foreignError(type, existing);
  }
}

/** Nobody but a person can end that: it is no conflict with what was written meanwhile, which the next look answers. */
export function foreignError(type: ResourceType, foreign: KubeObject): StatusError {
  return new StatusError('Forbidden', describeForeign(type, foreign));
}

/** `the Service default/shop exists and does not belong to this Application: rename one of the two` */
export function describeForeign({ kind }: ResourceType, { metadata }: KubeObject): string {
  return `the ${kind} ${metadata.namespace ?? ''}/${metadata.name ?? ''} exists and does not belong to this Application: rename one of the two, or remove it`;
}

/**
 * Deletes what was seen, and nothing that has taken its place or changed since. What it owns goes after it: by itself the
 * deletion of a Job would leave its pods.
 */
export async function deleteSeen(client: KubeClient, type: ResourceType, seen: KubeObject | undefined): Promise<void> {
  if (seen === undefined) return;
  const { uid, resourceVersion } = seen.metadata;
  try {
    await client.delete(type, keyOf(seen), {
      propagationPolicy: 'Background',
      preconditions: { uid, resourceVersion },
    });
  } catch (error) {
    if (!isStatusReason(error, 'NotFound')) throw error;
  }
}

/**
 * Of writes that are right without each other one that fails keeps none of the others back, and none is still under way when
 * the next look begins. Rejects with the first failure.
 */
export async function allOf(writes: readonly Promise<unknown>[]): Promise<void> {
  const ended = await Promise.allSettled(writes);
  const failed = ended.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

export interface StatusWrite {
  readonly type: ResourceType;
  readonly key: ObjectKey;
  readonly status: object;
  /** That the status was decided on. */
  readonly resourceVersion: string | undefined;
}

/** The whole status replaces the old one; the resourceVersion is that of the look it was decided on. */
export async function writeStatus(
  client: KubeClient,
  { type, key, status, resourceVersion }: StatusWrite,
): Promise<void> {
  const test = { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion };
  const value: unknown = JSON.parse(JSON.stringify(status));
  try {
    await client.patch(
      type,
      key,
      { type: 'json', body: [test, { op: 'add', path: '/status', value }] },
      { subresource: 'status', fieldManager },
    );
  } catch (error) {
    // The test of the version failed: somebody else was faster.
    if (isStatusReason(error, 'Invalid'))
      throw new StatusError('Conflict', `the status of ${key.name} was decided on an older look`, { cause: error });
    throw error;
  }
}
