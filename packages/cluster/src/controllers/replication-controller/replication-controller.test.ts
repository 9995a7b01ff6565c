import type { ReplicationController } from '@slipway/kube/api.generated';
import { events, pods, replicationControllers } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createControlledCluster, listPods, type ControlledCluster } from '../../../testing/controlled-cluster.ts';

let cluster: ControlledCluster;

beforeEach(async () => {
  cluster = await createControlledCluster();
});

afterEach(() => cluster.stop());

const key = { namespace: 'default', name: 'old' };
const labels = { app: 'old' };
const template = { metadata: { labels }, spec: { containers: [{ name: 'old', image: 'old:1' }] } };

function given(spec: ReplicationController['spec'] = {}): Promise<ReplicationController> {
  return cluster.client.create(replicationControllers, { metadata: key, spec: { replicas: 2, template, ...spec } });
}

describe('a ReplicationController', () => {
  it('keeps as many pods as it should', async () => {
    const { metadata } = await given();
    await cluster.advance(2_000);
    const [pod] = await listPods(cluster.client);
    expect(pod?.metadata.ownerReferences).toMatchObject([
      { apiVersion: 'v1', kind: 'ReplicationController', uid: metadata.uid, controller: true },
    ]);
    await cluster.client.delete(pods, { namespace: 'default', name: pod?.metadata.name ?? '' });
    await cluster.advance(2_000);
    expect((await cluster.client.get(replicationControllers, key)).status).toMatchObject({
      replicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
      observedGeneration: 1,
    });
  });

  it('tells by the name that it has in Kubernetes', async () => {
    await given();
    await cluster.advance(2_000);
    const { items } = await cluster.client.list(events, { namespace: 'default' });
    const own = items.filter(({ involvedObject }) => involvedObject.kind === 'ReplicationController');
    expect(own.map(({ source }) => source?.component)).toEqual(['replication-controller', 'replication-controller']);
  });

  it('takes pods that are nobody’s and is scaled', async () => {
    const { metadata, spec } = template;
    await cluster.client.create(pods, { metadata: { ...metadata, name: 'lone', namespace: 'default' }, spec });
    await given();
    await cluster.advance(2_000);
    expect(await listPods(cluster.client)).toHaveLength(2);
    const body = { spec: { replicas: 0 } };
    await cluster.client.patch(replicationControllers, key, { type: 'merge', body }, { subresource: 'scale' });
    await cluster.advance(2_000);
    expect(await listPods(cluster.client)).toEqual([]);
  });
});
