import { beforeEach, describe, expect, it } from 'vitest';
import { createClient } from '@slipway/kube/kube-client';
import type { NodeMetrics, PodMetrics } from '@slipway/kube/api.generated';
import type { ResourceType } from '@slipway/kube/object';
import { clusterRoles, namespaces, nodes, pods, roleBindings, serviceAccounts } from '@slipway/kube/resources';
import { defaultRoles } from '../rbac/bootstrap-policy.ts';
import { FakeClock } from '../../../../kube/testing/fake-clock.ts';
import { createMemoryCluster, type MemoryCluster } from '../../../testing/memory-cluster.ts';
import type { StatsSummary } from '../../node/kubelet-api/stats-summary.ts';

const type = { group: 'metrics.k8s.io', version: 'v1beta1' };
const podMetrics: ResourceType<PodMetrics> = { ...type, kind: 'PodMetrics', plural: 'pods', namespaced: true };
const nodeMetrics: ResourceType<NodeMetrics> = { ...type, kind: 'NodeMetrics', plural: 'nodes', namespaced: false };
const time = '2026-01-01T00:00:00Z';

let cluster: MemoryCluster;
let summaries: Readonly<Record<string, StatsSummary | undefined>>;

async function* bodyOf(value: unknown): AsyncGenerator<Uint8Array> {
  yield Buffer.from(JSON.stringify(value));
}

async function* mebibytes(): AsyncGenerator<Uint8Array> {
  for (;;) yield Buffer.alloc(1024 * 1024);
}

async function createPod(name: string, nodeName: string): Promise<StatsSummary['pods'][number]> {
  const { metadata } = await cluster.client.create(pods, {
    metadata: { name, namespace: 'team', labels: { app: name } },
    spec: { nodeName, serviceAccountName: 'default', containers: [{ name: 'main', image: 'node:24' }] },
  });
  const used = { cpu: { usageNanoCores: 250_000_000, usageCoreNanoSeconds: 1 }, memory: { workingSetBytes: 4_000 } };
  return {
    podRef: { name, namespace: 'team', uid: metadata.uid ?? '' },
    startTime: time,
    containers: [{ name: 'main', startTime: time, ...used }],
  };
}

beforeEach(async () => {
  cluster = await createMemoryCluster({
    onNodeRequest: (node) => {
      const summary = summaries[node];
      if (summary === undefined) return Promise.reject(new Error('it does not answer'));
      return Promise.resolve({ status: 200, headers: {}, body: bodyOf(summary) });
    },
  });
  await cluster.client.create(namespaces, { metadata: { name: 'team' } });
  await cluster.client.create(serviceAccounts, { metadata: { name: 'default', namespace: 'team' } });
  for (const name of ['one', 'two', 'silent']) await cluster.client.create(nodes, { metadata: { name } });
  const measured = { time, windowMilliseconds: 1_500 };
  summaries = {
    one: { node: { nodeName: 'one' }, measured, pods: [await createPod('web', 'one'), await createPod('db', 'one')] },
    two: { node: { nodeName: 'two' }, pods: [await createPod('unmeasured', 'two')] },
  };
  await createPod('unheard', 'silent');
});

describe('metrics.k8s.io', () => {
  it('tells of pods what their nodes have measured, and nothing of others', async () => {
    const { items } = await cluster.client.list(podMetrics, { namespace: 'team' });
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['db', 'web']);
    expect(items[1]).toMatchObject({
      metadata: { namespace: 'team', labels: { app: 'web' } },
      timestamp: time,
      window: '1.5s',
      containers: [{ name: 'main', usage: { cpu: '250000000n', memory: '4Ki' } }],
    });
  });

  it('tells of a node the sum of its pods', async () => {
    const { items } = await cluster.client.list(nodeMetrics);
    expect(items).toMatchObject([{ metadata: { name: 'one' }, usage: { cpu: '500000000n', memory: '8Ki' } }]);
  });

  it('is selected by what the pods themselves are', async () => {
    const of = async (options: object) =>
      (await cluster.client.list(podMetrics, options)).items.map(({ metadata }) => metadata.name);
    expect(await of({ labelSelector: 'app=web' })).toEqual(['web']);
    expect(await of({ fieldSelector: 'spec.nodeName=two' })).toEqual([]);
    expect(await of({ namespace: 'default' })).toEqual([]);
  });

  it('is told whole, whatever page is asked for', async () => {
    const { items, metadata } = await cluster.client.list(podMetrics, { namespace: 'team', limit: 1 });
    expect(items).toHaveLength(2);
    expect(metadata.continue).toBeUndefined();
  });

  it('is not waited for longer than ten seconds a node', async () => {
    const clock = new FakeClock();
    const asked = Promise.withResolvers<void>();
    const silent = await createMemoryCluster({
      clock,
      onNodeRequest: (_, { signal }) => {
        asked.resolve();
        return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('given up'))));
      },
    });
    await silent.client.create(nodes, { metadata: { name: 'one' } });
    const listing = silent.client.list(nodeMetrics);
    await asked.promise;
    await clock.advance(10_000);
    expect(await listing).toMatchObject({ items: [] });
    await silent.close();
  });

  it('gives up a node that does not end', async () => {
    const endless = await createMemoryCluster({
      onNodeRequest: () => Promise.resolve({ status: 200, headers: {}, body: mebibytes() }),
    });
    await endless.client.create(nodes, { metadata: { name: 'one' } });
    expect(await endless.client.list(nodeMetrics)).toMatchObject({ items: [] });
    await endless.close();
  });

  it('gives one, or says that there is none', async () => {
    const at = { namespace: 'team', name: 'web' };
    expect((await cluster.client.get(podMetrics, at)).containers).toHaveLength(1);
    for (const name of ['unmeasured', 'nobody'])
      await expect(cluster.client.get(podMetrics, { ...at, name })).rejects.toMatchObject({
        reason: 'NotFound',
        message: `podmetrics.metrics.k8s.io "${name}" not found`,
      });
  });

  it('is written by nobody', async () => {
    await expect(cluster.client.delete(podMetrics, { namespace: 'team', name: 'web' })).rejects.toMatchObject({
      reason: 'MethodNotAllowed',
    });
  });

  it('is for whoever may view', async () => {
    const ann = createClient(cluster.api.transportFor({ user: 'ann', groups: ['system:authenticated'] }));
    await expect(ann.list(podMetrics, { namespace: 'team' })).rejects.toMatchObject({ reason: 'Forbidden' });
    const view = defaultRoles([]).find(({ metadata }) => metadata.name === 'view');
    await cluster.client.create(clusterRoles, view!);
    await cluster.client.create(roleBindings, {
      metadata: { name: 'ann', namespace: 'team' },
      roleRef: { apiGroup: clusterRoles.group, kind: 'ClusterRole', name: 'view' },
      subjects: [{ apiGroup: clusterRoles.group, kind: 'User', name: 'ann' }],
    });
    expect((await ann.list(podMetrics, { namespace: 'team' })).items).toHaveLength(2);
  });
});
