/** What a rollout does to the pods of a Deployment at its worst moment. */
import type { Pod } from '@slipway/kube/api.generated';
import { isConditionTrue } from '@slipway/kube/conditions';
import { pods } from '@slipway/kube/resources';
import type { TestCluster } from '../slipway.ts';

export interface Extremes {
  readonly fewestAvailable: number;
  /** Without those that are on their way out, as Kubernetes counts. */
  readonly mostPods: number;
}

/**
 * Changes a Deployment, waits until that has rolled out, and goes through every state that its pods were in meanwhile:
 * the watch tells them again, one change at a time.
 */
export async function rolloutExtremes(
  cluster: TestCluster,
  deployment: string,
  change: () => Promise<unknown>,
): Promise<Extremes> {
  const selection = { namespace: 'default', labelSelector: `app=${deployment}` };
  const before = await cluster.client.list(pods, selection);
  await change();
  await cluster.ask('rollout', 'status', `deployment/${deployment}`, '--timeout=60s');
  const after = versionsOf((await cluster.client.list(pods, selection)).items);
  const state = new Map(before.items.map((pod) => [pod.metadata.name ?? '', pod]));
  const seen = [extremesOf(state)];
  const watching = new AbortController();
  const { resourceVersion } = before.metadata;
  for await (const event of cluster.client.watch(pods, { ...selection, resourceVersion, signal: watching.signal })) {
    if (event.type === 'BOOKMARK') continue;
    const { name = '' } = event.object.metadata;
    if (event.type === 'DELETED') state.delete(name);
    else state.set(name, event.object);
    seen.push(extremesOf(state));
    if (versionsOf([...state.values()]) === after) break;
  }
  watching.abort();
  return {
    fewestAvailable: Math.min(...seen.map(({ fewestAvailable }) => fewestAvailable)),
    mostPods: Math.max(...seen.map(({ mostPods }) => mostPods)),
  };
}

function versionsOf(all: readonly Pod[]): string {
  const versions = all.map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`);
  return versions.toSorted().join('\n');
}

function extremesOf(state: ReadonlyMap<string, Pod>): Extremes {
  const staying = [...state.values()].filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const available = staying.filter(({ status }) => isConditionTrue(status?.conditions ?? [], 'Ready'));
  return { fewestAvailable: available.length, mostPods: staying.length };
}
