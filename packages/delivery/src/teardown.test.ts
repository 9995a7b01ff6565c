import { configMaps, leases, pods, replicaSets, services } from '@slipway/kube/resources';
import { gatewayLeaseLabel, gatewayLeaseNamespace, splits } from '@slipway/kube/split';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../testing/delivery-cluster.ts';
import { applications, type ApplicationSpec } from './api/application.ts';
import { releaseApprovals } from './api/release-approval.ts';
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

  test.each([10_000, 90_000])('leaves nothing behind where its records go with it, %i ms old', async (age) => {
    await cluster.deploy(spec);
    await cluster.advance(age);
    await cluster.client.delete(applications, key);
    await cluster.client.delete(releases, { namespace: 'default', name: 'shop-1' });
    await cluster.advance(2_000);
    expect(await remaining()).toContain('ReplicaSet');
    await cluster.advance(20_000);
    expect(await remaining()).toEqual([]);
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
    expect((await cluster.application()).status?.waitingFor).toBe('late to confirm that the route is closed');
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

  test('takes along what was asked of it: another one of its name asks anew', async () => {
    const hooks = { beforePromotion: [{ name: 'sign', approval: {} }] };
    await cluster.deploy({ ...spec, hooks });
    await cluster.client.create(releaseApprovals, {
      apiVersion: 'slipway.dev/v1alpha1',
      kind: 'ReleaseApproval',
      metadata: { namespace: 'default', name: 'signed' },
      spec: { application: 'shop', release: 'shop-1', hook: 'sign' },
    });
    // It belongs to the Application from when the controller has seen both.
    await cluster.advance(100);
    await cluster.client.delete(applications, key);
    await cluster.advance(10_000);
    await expect(cluster.application()).rejects.toThrow('not found');
    await cluster.deploy({ ...spec, hooks });
    await cluster.advance(10_000);
    expect((await cluster.application()).status?.waitingFor).toContain('somebody to approve sign');
  });

  test('leaves under Orphan what an Application of the same name does not take for its own', async () => {
    const worker: Partial<ApplicationSpec> = { template: spec.template, guardSeconds: 0, deletionPolicy: 'Orphan' };
    await cluster.deploy(worker);
    await cluster.advance(10_000);
    const before = [...(await remaining()), ...(await podNames())];
    await cluster.client.delete(applications, key);
    await cluster.advance(70_000);
    const template = { spec: { containers: [{ name: 'web', image: 'other' }] } };
    await cluster.deploy({ ...worker, version: '2', template, strategy: { type: 'recreate' } });
    await cluster.advance(120_000);
    expect((await cluster.application()).status?.serving?.version).toBe('2');
    expect([...(await remaining()), ...(await podNames())]).toEqual(expect.arrayContaining(before));
  });
});

async function podNames(): Promise<readonly string[]> {
  const { items } = await cluster.client.list(pods, { namespace: 'default' });
  return items.map(({ metadata }) => metadata.name ?? '');
}
