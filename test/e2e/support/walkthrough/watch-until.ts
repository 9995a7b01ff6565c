import type { KubeClient, Selection } from '@slipway/kube/client';
import type { KubeObject, ResourceType } from '@slipway/kube/object';

/** Shows what there is and then every change to `seen`, until that says that it has seen enough. */
export async function watchUntil<T extends KubeObject>(
  client: KubeClient,
  type: ResourceType<T>,
  selection: Selection,
  seen: (object: T) => boolean,
): Promise<void> {
  const { items, metadata } = await client.list(type, selection);
  if (items.map(seen).includes(true)) return;
  const watching = new AbortController();
  const { resourceVersion } = metadata;
  for await (const event of client.watch(type, { ...selection, resourceVersion, signal: watching.signal }))
    if (event.type !== 'BOOKMARK' && seen(event.object)) break;
  watching.abort();
}
