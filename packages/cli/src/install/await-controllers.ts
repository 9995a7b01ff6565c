/** Waits for what the cluster makes of the Deployments of controllers and servers. */
import type { Deployment } from '@slipway/kube/api.generated';
import type { KubeClient, WatchEvent } from '@slipway/kube/client';
import { keyOf, type KubeObject, type ObjectKey, type ResourceType } from '@slipway/kube/object';
import { deployments } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';

interface Wait {
  readonly client: KubeClient;
  readonly key: ObjectKey;
  readonly signal: AbortSignal;
}

/** Resolves when every pod of the newest template is available; `say` gets how far it is. */
export async function deploymentReady(
  wait: Wait & { readonly called: string },
  say: (state: string) => void,
): Promise<void> {
  for await (const deployment of follow(deployments, wait)) {
    if (deployment === undefined)
      throw new Error(`the Deployment ${wait.key.name} was deleted while it was waited for`);
    const { ready, asked } = countReady(deployment);
    say(`${ready} of ${asked} ${wait.called} are ready`);
    if (ready >= asked) return;
  }
}

/** Of the newest template: those of an older one are on their way out. */
export function countReady({ metadata, spec, status }: Deployment): { readonly ready: number; readonly asked: number } {
  const asked = spec?.replicas ?? 1;
  const isSeen = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  const updated = status?.updatedReplicas ?? 0;
  const old = (status?.replicas ?? 0) - updated;
  return { ready: isSeen ? Math.min(updated, (status?.availableReplicas ?? 0) - old) : 0, asked };
}

/** Resolves when the object is gone. */
export async function gone(type: ResourceType, wait: Wait): Promise<void> {
  for await (const object of follow(type, wait)) if (object === undefined) return;
}

/** The object as it is now and after each change; undefined when it is gone. */
async function* follow<T extends KubeObject>(
  type: ResourceType<T>,
  { client, key, signal }: Wait,
): AsyncIterable<T | undefined> {
  const selection = { namespace: key.namespace, fieldSelector: `metadata.name=${key.name}` };
  while (!signal.aborted) {
    const { items, metadata } = await client.list(type, { ...selection, signal });
    yield items.find((item) => keyOf(item).name === key.name);
    try {
      yield* changes(client.watch(type, { ...selection, resourceVersion: metadata.resourceVersion, signal }));
    } catch (error) {
      // Another list says where it stands.
      if (!isStatusReason(error, 'Expired', 'Gone', 'ServiceUnavailable')) throw error;
    }
  }
  signal.throwIfAborted();
}

async function* changes<T extends KubeObject>(events: AsyncIterable<WatchEvent<T>>): AsyncIterable<T | undefined> {
  for await (const event of events) {
    if (event.type === 'DELETED') yield undefined;
    else if (event.type !== 'BOOKMARK') yield event.object;
  }
}
