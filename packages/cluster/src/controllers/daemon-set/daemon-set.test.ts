/** Whole DaemonSets in virtual time, against the real API. */
import type { DaemonSet, DaemonSetSpec, Node, Pod } from '@slipway/kube/api.generated';
import { controllerRevisions, daemonSets, nodes, pods } from '@slipway/kube/resources';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createControlledCluster,
  listPods,
  type ControlledCluster,
  type ControlledClusterOptions,
} from '../../../testing/controlled-cluster.ts';
import { isPodReady } from '../pods.ts';

const running: ControlledCluster[] = [];

afterEach(async () => {
  for (const cluster of running.splice(0)) await cluster.stop();
});

const key = { namespace: 'default', name: 'agent' };
const labels = { app: 'agent' };

function templateOf(image: string, spec: object = {}) {
  return { metadata: { labels }, spec: { containers: [{ name: 'agent', image }], ...spec } };
}

interface Given extends ControlledClusterOptions {
  readonly spec?: Partial<DaemonSetSpec>;
  readonly extra?: readonly Node[];
}

const three: readonly Node[] = ['node-b', 'node-c'].map((name) => ({ metadata: { name } }));

/** On `node-a` and those beside it, which say nothing and are not missed. */
async function given({ spec = {}, extra = three, ...options }: Given = {}): Promise<ControlledCluster> {
  const cluster = await createControlledCluster(options);
  running.push(cluster);
  for (const node of extra) await cluster.client.create(nodes, node);
  await cluster.client.create(daemonSets, {
    metadata: key,
    spec: { selector: { matchLabels: labels }, template: templateOf('agent:1'), ...spec },
  });
  return cluster;
}

function change({ client }: ControlledCluster, spec: object): Promise<DaemonSet> {
  return client.patch(daemonSets, key, { type: 'merge', body: { spec } });
}

async function statusOf({ client }: ControlledCluster): Promise<DaemonSet['status']> {
  return (await client.get(daemonSets, key)).status;
}

/** `node-a agent:1`, by node. */
async function placesOf({ client }: ControlledCluster): Promise<readonly string[]> {
  const text = ({ spec }: Pod): string => `${spec?.nodeName ?? ''} ${spec?.containers[0]?.image ?? ''}`;
  return (await listPods(client)).map(text).toSorted();
}

describe('a DaemonSet', () => {
  it('has a pod on every node', async () => {
    const cluster = await given();
    await cluster.advance(2_000);
    expect(await placesOf(cluster)).toEqual(['node-a agent:1', 'node-b agent:1', 'node-c agent:1']);
    expect(await statusOf(cluster)).toEqual({
      currentNumberScheduled: 3,
      desiredNumberScheduled: 3,
      numberAvailable: 3,
      numberMisscheduled: 0,
      numberReady: 3,
      observedGeneration: 1,
      updatedNumberScheduled: 3,
    });
  });

  it('comes to nodes that come, and not to those that it does not want', async () => {
    const template = templateOf('agent:1', { nodeSelector: { disk: 'fast' } });
    const cluster = await given({ spec: { template } });
    await cluster.advance(2_000);
    expect(await placesOf(cluster)).toEqual([]);
    await cluster.client.create(nodes, { metadata: { name: 'node-d', labels: { disk: 'fast' } } });
    await cluster.advance(2_000);
    expect(await placesOf(cluster)).toEqual(['node-d agent:1']);
    await cluster.client.patch(
      nodes,
      { name: 'node-d' },
      { type: 'merge', body: { metadata: { labels: { disk: null } } } },
    );
    await cluster.advance(2_000);
    expect(await placesOf(cluster)).toEqual([]);
  });

  it.each([
    { effect: 'NoSchedule', tolerations: [], stays: true, comes: false },
    { effect: 'NoExecute', tolerations: [], stays: false, comes: false },
    { effect: 'NoExecute', tolerations: [{ operator: 'Exists' }], stays: true, comes: true },
  ])('under a taint of $effect stays: $stays, comes: $comes', async ({ effect, tolerations, stays, comes }) => {
    const cluster = await given({ spec: { template: templateOf('agent:1', { tolerations }) }, extra: [] });
    await cluster.advance(2_000);
    const taints = [{ key: 'work', value: 'other', effect }];
    await cluster.client.patch(nodes, { name: 'node-a' }, { type: 'merge', body: { spec: { taints } } });
    await cluster.advance(2_000);
    expect(await placesOf(cluster)).toHaveLength(stays ? 1 : 0);
    for (const { metadata } of await listPods(cluster.client))
      await cluster.client.delete(pods, { namespace: 'default', name: metadata.name ?? '' });
    await cluster.advance(2_000);
    expect(await placesOf(cluster)).toHaveLength(comes ? 1 : 0);
  });

  it('stays on a node that takes no more pods', async () => {
    const cluster = await given({ extra: [] });
    await cluster.client.patch(nodes, { name: 'node-a' }, { type: 'merge', body: { spec: { unschedulable: true } } });
    await cluster.advance(2_000);
    expect(await placesOf(cluster)).toEqual(['node-a agent:1']);
  });

  it('is updated one node after the other', async () => {
    const cluster = await given();
    await cluster.advance(2_000);
    await change(cluster, { template: templateOf('agent:2') });
    for (let round = 0; round < 80; round++) {
      await cluster.advance(25);
      expect((await listPods(cluster.client)).filter(isPodReady).length).toBeGreaterThanOrEqual(2);
    }
    expect(await placesOf(cluster)).toEqual(['node-a agent:2', 'node-b agent:2', 'node-c agent:2']);
    const { items } = await cluster.client.list(controllerRevisions);
    // Listed by their names, which end with a hash.
    expect(new Set(items.map(({ revision }) => revision))).toEqual(new Set([1, 2]));
  });

  it('is updated everywhere at once where it may be', async () => {
    const updateStrategy = { rollingUpdate: { maxUnavailable: '100%' } };
    const cluster = await given({ spec: { updateStrategy }, goneAfter: 1_000 });
    await cluster.advance(2_000);
    await change(cluster, { template: templateOf('agent:2') });
    await cluster.advance(500);
    expect((await listPods(cluster.client)).every(({ metadata }) => metadata.deletionTimestamp !== undefined)).toBe(
      true,
    );
  });

  it('is updated with the new pod first where it is told so', async () => {
    const updateStrategy = { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } };
    const cluster = await given({ spec: { updateStrategy } });
    await cluster.advance(2_000);
    await change(cluster, { template: templateOf('agent:2') });
    for (let round = 0; round < 80; round++) {
      await cluster.advance(25);
      const all = await listPods(cluster.client);
      const served = new Set(all.filter(isPodReady).map(({ spec }) => spec?.nodeName));
      expect(served.size).toBe(3);
    }
    expect(await placesOf(cluster)).toEqual(['node-a agent:2', 'node-b agent:2', 'node-c agent:2']);
  });

  it('leaves pods as they are where they are updated by deletion', async () => {
    const cluster = await given({ spec: { updateStrategy: { type: 'OnDelete' } }, extra: [] });
    await cluster.advance(2_000);
    await change(cluster, { template: templateOf('agent:2') });
    await cluster.advance(2_000);
    expect(await placesOf(cluster)).toEqual(['node-a agent:1']);
    expect(await statusOf(cluster)).not.toHaveProperty('updatedNumberScheduled');
    const [pod] = await listPods(cluster.client);
    await cluster.client.delete(pods, { namespace: 'default', name: pod?.metadata.name ?? '' });
    await cluster.advance(2_000);
    expect(await placesOf(cluster)).toEqual(['node-a agent:2']);
  });

  it('makes a failed pod anew after a while', async () => {
    const ends = [{ after: 100, exitCode: 1 }];
    const cluster = await given({ extra: [], endsBy: () => ends.shift() });
    await cluster.advance(5_000);
    expect((await listPods(cluster.client)).map(({ status }) => status?.phase)).toEqual(['Failed']);
    await cluster.advance(10_000);
    expect((await listPods(cluster.client)).map(({ status }) => status?.phase)).toEqual(['Running']);
  });

  it('takes its pods with it', async () => {
    const cluster = await given();
    await cluster.advance(2_000);
    await cluster.client.delete(daemonSets, key);
    await cluster.advance(5_000);
    expect(await listPods(cluster.client)).toEqual([]);
    expect((await cluster.client.list(controllerRevisions)).items).toEqual([]);
  });

  it.each([1, 2, 3, 4, 5, 6, 8, 10])(
    'comes to the same end where the controller is killed after write %i',
    async (crashAfterWrites) => {
      const cluster = await given({ crashAfterWrites });
      await cluster.advance(2_000);
      await change(cluster, { template: templateOf('agent:2') });
      await cluster.advance(10_000);
      expect(await placesOf(cluster)).toEqual(['node-a agent:2', 'node-b agent:2', 'node-c agent:2']);
    },
  );
});
