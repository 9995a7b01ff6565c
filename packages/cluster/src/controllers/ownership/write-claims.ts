import type { OwnerReference } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { keyOf, type KubeObject, type ResourceType } from '@slipway/kube/object';
import { controllerReference } from '@slipway/kube/owner-references';
import { StatusError } from '@slipway/kube/status-error';

export interface Owned<T extends KubeObject> {
  readonly type: ResourceType<T>;
  readonly object: T;
}

export interface Owner {
  readonly type: ResourceType;
  readonly object: KubeObject;
}

/** Refuses for an owner that is gone, replaced or leaving: the caches may not know that yet, and the adopted object would go with it. */
export async function adopt<T extends KubeObject>(
  client: KubeClient,
  owner: Owner,
  { type, object }: Owned<T>,
): Promise<T> {
  const live = await client.get(owner.type, keyOf(owner.object));
  if (live.metadata.uid !== owner.object.metadata.uid || live.metadata.deletionTimestamp !== undefined) {
    throw new StatusError(
      'Conflict',
      `${owner.type.kind} ${live.metadata.name ?? ''} is being deleted or was replaced and adopts nothing more`,
    );
  }
  const references = [...(object.metadata.ownerReferences ?? []), controllerReference(owner.object, owner.type)];
  return writeReferences(client, { type, object }, references);
}

export async function release<T extends KubeObject>(
  client: KubeClient,
  owner: KubeObject,
  owned: Owned<T>,
): Promise<T> {
  const references = (owned.object.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid);
  return writeReferences(client, owned, references);
}

async function writeReferences<T extends KubeObject>(
  client: KubeClient,
  { type, object }: Owned<T>,
  ownerReferences: readonly OwnerReference[],
): Promise<T> {
  const { resourceVersion } = object.metadata;
  return client.patch(type, keyOf(object), {
    type: 'merge',
    body: { metadata: { resourceVersion, ownerReferences: ownerReferences.length === 0 ? null : ownerReferences } },
  });
}
