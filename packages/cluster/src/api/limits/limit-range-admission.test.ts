import type { LimitRangeItem, Pod } from '@slipway/kube/api.generated';
import { limitRanges, persistentVolumeClaims, pods } from '@slipway/kube/resources';
import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../../testing/memory-cluster.ts';

const clusters: MemoryCluster[] = [];

afterEach(async () => {
  for (const cluster of clusters.splice(0)) await cluster.close();
});

async function given(...limits: readonly LimitRangeItem[]): Promise<MemoryCluster> {
  const cluster = await createMemoryCluster();
  clusters.push(cluster);
  await cluster.client.create(limitRanges, { metadata: { name: 'bounds', namespace: 'default' }, spec: { limits } });
  return cluster;
}

function podOf(resources: object = {}): Pod {
  return {
    metadata: { name: 'web', namespace: 'default' },
    spec: { containers: [{ name: 'web', image: 'web:1', resources }] },
  };
}

describe('a LimitRange', () => {
  it('gives a container what it does not say, and says so', async () => {
    const { client } = await given({
      type: 'Container',
      default: { cpu: '1', memory: '1Gi' },
      defaultRequest: { cpu: '100m' },
    });
    const { spec, metadata } = await client.create(pods, podOf({ limits: { memory: '512Mi' } }));
    expect(spec?.containers[0]?.resources).toEqual({
      limits: { cpu: '1', memory: '512Mi' },
      requests: { cpu: '100m', memory: '512Mi' },
    });
    expect(metadata.annotations).toEqual({
      'kubernetes.io/limit-ranger':
        'LimitRanger plugin set: cpu request for container web; cpu limit for container web',
    });
  });

  it.each<{ readonly item: LimitRangeItem; readonly resources: object; readonly fault: string }>([
    {
      item: { type: 'Container', max: { cpu: '1' } },
      resources: { limits: { cpu: '2' } },
      fault: 'pods "web" is forbidden: maximum cpu usage per Container is 1, but limit is 2',
    },
    {
      item: { type: 'Container', min: { cpu: '1' }, max: { cpu: '4' } },
      resources: { requests: { cpu: '500m' }, limits: { cpu: '4' } },
      fault: 'minimum cpu usage per Container is 1, but request is 500m',
    },
    {
      item: { type: 'Pod', max: { memory: '1Gi' } },
      resources: {},
      fault: 'maximum memory usage per Pod is 1Gi.  No limit is specified',
    },
    {
      item: { type: 'Container', maxLimitRequestRatio: { cpu: '2' } },
      resources: { requests: { cpu: '1' }, limits: { cpu: '3' } },
      fault: 'cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000',
    },
  ])('refuses a pod with $fault', async ({ item, resources, fault }) => {
    const { client } = await given(item);
    await expect(client.create(pods, podOf(resources))).rejects.toThrow(fault);
  });

  it('bounds claims', async () => {
    const { client } = await given({ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } });
    const claim = (storage: string) => ({
      metadata: { name: 'data', namespace: 'default' },
      spec: { accessModes: ['ReadWriteOnce' as const], resources: { requests: { storage } } },
    });
    await expect(client.create(persistentVolumeClaims, claim('5Gi'))).rejects.toThrow(
      'persistentvolumeclaims "data" is forbidden: maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 5Gi',
    );
    await client.create(persistentVolumeClaims, claim('1Gi'));
  });
});
