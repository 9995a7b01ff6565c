import type { Pod, ResourceQuota } from '@slipway/kube/api.generated';
import { configMaps, pods, resourceQuotas, secrets, services } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createControlledCluster, type ControlledCluster } from '../../../testing/controlled-cluster.ts';

let cluster: ControlledCluster;

beforeEach(async () => {
  cluster = await createControlledCluster();
});

afterEach(() => cluster.stop());

const key = { namespace: 'default', name: 'team' };

async function givenQuota(hard: Readonly<Record<string, string | number>>, rest: object = {}): Promise<void> {
  await cluster.client.create(resourceQuotas, { metadata: key, spec: { hard, ...rest } });
  await cluster.advance(1_000);
}

function getQuota(): Promise<ResourceQuota> {
  return cluster.client.get(resourceQuotas, key);
}

function podOf(name: string, resources: object = {}): Pod {
  return {
    metadata: { name, namespace: 'default' },
    spec: { containers: [{ name: 'web', image: 'web:1', resources }] },
  };
}

const small = { requests: { cpu: '500m', memory: '64Mi' }, limits: { cpu: '1' } };

describe('a ResourceQuota', () => {
  it('says what is used, and refuses what is more', async () => {
    await givenQuota({ pods: 2, 'requests.cpu': '1', 'limits.cpu': '2', memory: '1Gi' });
    expect((await getQuota()).status?.used).toEqual({ pods: '0', 'requests.cpu': '0', 'limits.cpu': '0', memory: '0' });
    await cluster.client.create(pods, podOf('a', small));
    await cluster.client.create(pods, podOf('b', small));
    await cluster.advance(1_000);
    expect((await getQuota()).status?.used).toEqual({
      pods: '2',
      'requests.cpu': '1',
      'limits.cpu': '2',
      memory: '128Mi',
    });
    await expect(cluster.client.create(pods, podOf('c', small))).rejects.toThrow(
      'pods "c" is forbidden: exceeded quota: team, requested: limits.cpu=1,pods=1,requests.cpu=500m, used: limits.cpu=2,pods=2,requests.cpu=1, limited: limits.cpu=2,pods=2,requests.cpu=1',
    );
    await cluster.client.delete(pods, { namespace: 'default', name: 'a' });
    await cluster.advance(1_000);
    expect((await getQuota()).status?.used).toMatchObject({ pods: '1', 'requests.cpu': '500m' });
    await cluster.client.create(pods, podOf('c', small));
  });

  it('asks containers what they need', async () => {
    await givenQuota({ 'requests.cpu': '1', 'limits.memory': '1Gi' });
    await expect(cluster.client.create(pods, podOf('a'))).rejects.toThrow(
      'failed quota: team: must specify limits.memory for: web; requests.cpu for: web',
    );
  });

  it('lets no two writes take the last place', async () => {
    await givenQuota({ configmaps: 3 });
    const writes = Array.from({ length: 10 }, (_, index) =>
      cluster.client.create(configMaps, { metadata: { name: `c-${index}`, namespace: 'default' } }),
    );
    const results = await Promise.allSettled(writes);
    // The certificate of the cluster is one of them.
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect((await cluster.client.list(configMaps, { namespace: 'default' })).items).toHaveLength(3);
  });

  it('gives back what was refused for another reason', async () => {
    await givenQuota({ secrets: 1 });
    const wrong = { metadata: { name: 'tls', namespace: 'default' }, type: 'kubernetes.io/tls' };
    await expect(cluster.client.create(secrets, wrong)).rejects.toThrow('Required value');
    await cluster.client.create(secrets, { metadata: wrong.metadata });
    await cluster.advance(1_000);
    expect((await getQuota()).status?.used).toEqual({ secrets: '1' });
  });

  it('counts a Service that opens a door anew', async () => {
    await givenQuota({ 'services.nodeports': 0, 'count/services': 5 });
    const metadata = { name: 'web', namespace: 'default' };
    await cluster.client.create(services, { metadata, spec: { ports: [{ port: 80 }] } });
    const open = { type: 'merge', body: { spec: { type: 'NodePort' } } } as const;
    await expect(cluster.client.patch(services, metadata, open)).rejects.toThrow(
      'exceeded quota: team, requested: services.nodeports=1, used: services.nodeports=0, limited: services.nodeports=0',
    );
  });

  it('is about the pods in its scopes', async () => {
    await givenQuota({ pods: 0 }, { scopes: ['BestEffort'] });
    await cluster.client.create(pods, podOf('a', small));
    await expect(cluster.client.create(pods, podOf('b'))).rejects.toThrow('exceeded quota');
  });

  it('ends with a pod that has ended', async () => {
    await givenQuota({ pods: 1, 'count/pods': 2 });
    await cluster.client.create(pods, podOf('a'));
    await cluster.advance(1_000);
    await cluster.client.patch(
      pods,
      { namespace: 'default', name: 'a' },
      { type: 'merge', body: { status: { phase: 'Succeeded' } } },
      { subresource: 'status' },
    );
    await cluster.advance(1_000);
    expect((await getQuota()).status?.used).toEqual({ pods: '0', 'count/pods': '1' });
    await cluster.client.create(pods, podOf('b'));
  });
});
