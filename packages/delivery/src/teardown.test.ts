import { configMaps, leases, replicaSets, services } from '@slipway/kube/resources';
import { gatewayLeaseLabel, gatewayLeaseNamespace, splits } from '@slipway/kube/split';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../testing/delivery-cluster.ts';
import { applications, type ApplicationSpec } from './api/application.ts';
import { releases } from './api/release.ts';

let cluster: DeliveryCluster;
const key = { namespace: 'default', name: 'shop' };

beforeEach(async () => {
  cluster = await createDeliveryCluster();
  await cluster.client.create(configMaps, { metadata: { ...key, name: 'settings' }, data: { a: 'b' } });
});
afterEach(() => cluster.stop());

const spec: Partial<ApplicationSpec> = {
  template: { spec: { containers: [{ name: 'web', image: 'a', envFrom: [{ configMapRef: { name: 'settings' } }] }] } },
  service: { ports: [{ port: 80 }] },
  route: { hosts: ['shop.localhost'] },
  guardSeconds: 0,
  drainSeconds: 5,
};

/** Pods are left to the garbage collector: they go with their ReplicaSet. */
async function remaining(): Promise<readonly string[]> {
  const types = [splits, services, replicaSets, releases, configMaps];
  const lists = await Promise.all(
    types.map(async (type) => {
      const { items } = await cluster.client.list(type, {
        namespace: 'default',
        labelSelector: 'slipway.dev/application',
      });
      return items.map(() => type.kind);
    }),
  );
  return lists.flat();
}

describe('an Application that is deleted', () => {
  test('loses its route, then drains, then leaves nothing behind', async () => {
    await cluster.deploy(spec);
    await cluster.advance(10_000);
    await cluster.client.delete(applications, key);
    await cluster.advance(2_000);
    expect((await cluster.client.get(splits, key)).spec.rules).toEqual([]);
    expect(await remaining()).toEqual(['Split', 'Service', 'Service', 'ReplicaSet', 'Release', 'ConfigMap']);
    await cluster.advance(20_000);
    expect(await remaining()).toEqual([]);
    await expect(cluster.application()).rejects.toThrow('not found');
    await cluster.deploy(spec);
    await cluster.advance(10_000);
    expect((await cluster.application()).status?.serving?.version).toBe('1');
  });

  test('keeps its pods while a gateway that lives has not confirmed that its route is gone', async () => {
    await cluster.deploy(spec);
    await cluster.advance(10_000);
    const labels = { [gatewayLeaseLabel]: 'true' };
    const late = { namespace: gatewayLeaseNamespace, name: 'late' };
    await cluster.client.create(leases, { metadata: { ...late, labels }, spec: { leaseDurationSeconds: 20 } });
    await cluster.client.delete(applications, key);
    await cluster.advance(15_000);
    expect(await remaining()).toContain('ReplicaSet');
    await cluster.advance(20_000);
    expect(await remaining()).toEqual([]);
  });

  test('leaves everything serving where its policy is Orphan', async () => {
    await cluster.deploy({ ...spec, deletionPolicy: 'Orphan' });
    await cluster.advance(10_000);
    const before = await remaining();
    await cluster.client.delete(applications, key);
    await cluster.advance(20_000);
    await expect(cluster.application()).rejects.toThrow('not found');
    expect(await remaining()).toEqual(before);
  });
});
