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
  /** What it keeps its objects with until it has seen their end. */
  readonly finalizer?: string | undefined;
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
  const finalizers = owner.finalizer === undefined ? undefined : withOne(object.metadata.finalizers, owner.finalizer);
  return writeReferences(client, { type, object }, { ownerReferences: references, finalizers });
}

function withOne(finalizers: readonly string[] | undefined, finalizer: string): readonly string[] {
  return [...(finalizers ?? []).filter((each) => each !== finalizer), finalizer];
}

export async function release<T extends KubeObject>(
  client: KubeClient,
  owner: KubeObject,
  owned: Owned<T>,
): Promise<T> {
  const references = (owned.object.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid);
  return writeReferences(client, owned, { ownerReferences: references });
}

interface References {
  readonly ownerReferences: readonly OwnerReference[];
  readonly finalizers?: readonly string[] | undefined;
}

async function writeReferences<T extends KubeObject>(
  client: KubeClient,
  { type, object }: Owned<T>,
  { ownerReferences, finalizers }: References,
): Promise<T> {
  const { resourceVersion } = object.metadata;
  const metadata = { resourceVersion, ownerReferences: ownerReferences.length === 0 ? null : ownerReferences };
  const body = { metadata: finalizers === undefined ? metadata : { ...metadata, finalizers } };
  return client.patch(type, keyOf(object), { type: 'merge', body });
}
