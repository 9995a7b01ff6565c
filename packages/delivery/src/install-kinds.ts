import type { CustomResourceDefinition } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { isConditionTrue } from '@slipway/kube/conditions';
import { keyOf } from '@slipway/kube/object';
import { customResourceDefinitions } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import { definitions } from './api/definitions/definitions.ts';
import { fieldManager } from './names.ts';

/** Applies Slipway's CustomResourceDefinitions and resolves when the API server serves all of them. */
export async function installKinds(client: KubeClient, signal: AbortSignal): Promise<void> {
  await Promise.all(definitions.map((definition) => install(client, definition, signal)));
}

async function install(client: KubeClient, definition: CustomResourceDefinition, signal: AbortSignal): Promise<void> {
  const applied = await client.patch(
    customResourceDefinitions,
    keyOf(definition),
    { type: 'apply', body: definition, force: true },
    { fieldManager, signal },
  );
  if (!isEstablished(applied)) await established(client, applied, signal);
}

function isEstablished({ status }: CustomResourceDefinition): boolean {
  return isConditionTrue(status?.conditions, 'Established');
}

/**
 * Watches from the version that was written, so that no change is missed; a watch that ends is begun again. What an earlier
 * installation wrote before it was killed may be older than what the server remembers: then it is read first.
 */
async function established(client: KubeClient, applied: CustomResourceDefinition, signal: AbortSignal): Promise<void> {
  const fieldSelector = `metadata.name=${applied.metadata.name ?? ''}`;
  let { resourceVersion } = applied.metadata;
  while (!signal.aborted) {
    try {
      const events = client.watch(customResourceDefinitions, { fieldSelector, resourceVersion, signal });
      for await (const { type, object } of events) {
        resourceVersion = object.metadata.resourceVersion ?? resourceVersion;
        if (type === 'DELETED') throw new Error(`${applied.metadata.name} was deleted while it was being installed`);
        if (type !== 'BOOKMARK' && isEstablished(object)) return;
      }
    } catch (error) {
      if (!isStatusReason(error, 'Expired', 'Gone')) throw error;
      const { items, metadata } = await client.list(customResourceDefinitions, { fieldSelector, signal });
      if (items.some(isEstablished)) return;
      ({ resourceVersion } = metadata);
    }
  }
  signal.throwIfAborted();
}
