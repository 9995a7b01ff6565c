import type { AutoscalingV1HorizontalPodAutoscaler } from '@slipway/kube/api.generated';
import type { ResourceType } from '@slipway/kube/object';
import { horizontalPodAutoscalers } from '@slipway/kube/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';

const { group, kind, plural, namespaced } = horizontalPodAutoscalers;
const version1: ResourceType<AutoscalingV1HorizontalPodAutoscaler> = { group, version: 'v1', kind, plural, namespaced };
const key = { namespace: 'default', name: 'web' };
const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };

let cluster: MemoryCluster;

beforeAll(async () => {
  cluster = await createMemoryCluster();
});

afterAll(() => cluster.close());

describe('a HorizontalPodAutoscaler in version 1', () => {
  it('is one of version 2 that goes by CPU', async () => {
    const spec = { scaleTargetRef, maxReplicas: 5, targetCPUUtilizationPercentage: 60 };
    const created = await cluster.client.create(version1, { metadata: key, spec });
    expect(created).toMatchObject({ apiVersion: 'autoscaling/v1', spec: { ...spec, minReplicas: 1 } });
    const { spec: stored } = await cluster.client.get(horizontalPodAutoscalers, key);
    expect(stored?.metrics).toEqual([
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
    ]);
  });

  it('keeps what it cannot say when it is changed', async () => {
    const rps = {
      type: 'Pods',
      pods: { metric: { name: 'rps' }, target: { type: 'AverageValue', averageValue: '5' } },
    };
    const metrics = [
      rps,
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
    ];
    await cluster.client.patch(horizontalPodAutoscalers, key, { type: 'merge', body: { spec: { metrics } } });
    const body = { spec: { maxReplicas: 7 } };
    const changed = await cluster.client.patch(version1, key, { type: 'strategic', body });
    expect(changed.spec).toMatchObject({ maxReplicas: 7, targetCPUUtilizationPercentage: 70 });
    const { spec } = await cluster.client.get(horizontalPodAutoscalers, key);
    expect(spec).toMatchObject({ maxReplicas: 7, metrics: [metrics[1], rps] });
  });

  it('is listed and applied in its version', async () => {
    const { items } = await cluster.client.list(version1, { namespace: 'default' });
    expect(items).toMatchObject([{ apiVersion: 'autoscaling/v1', spec: { targetCPUUtilizationPercentage: 70 } }]);
    const body = { ...key, metadata: { ...key, name: 'applied' }, spec: { scaleTargetRef, maxReplicas: 2 } };
    const { metadata, spec } = body;
    const applied = await cluster.client.patch(
      version1,
      metadata,
      { type: 'apply', body: { apiVersion: 'autoscaling/v1', kind, metadata, spec } },
      { fieldManager: 'test' },
    );
    expect(applied.spec).toMatchObject({ maxReplicas: 2, targetCPUUtilizationPercentage: 80 });
  });

  it('is refused in the words of its version', async () => {
    const spec = { scaleTargetRef, maxReplicas: 0 };
    const refused = cluster.client.create(version1, { metadata: { ...key, name: 'none' }, spec });
    await expect(refused).rejects.toThrow('spec.maxReplicas: Invalid value: 0: must be greater than 0');
    await expect(
      cluster.client.patch(version1, { ...key, name: 'absent' }, { type: 'merge', body: {} }),
    ).rejects.toThrow('horizontalpodautoscalers.autoscaling "absent" not found');
  });
});
