/** Adopting and ejecting in virtual time, against the controllers of a cluster, and stopped after every write. */
import { configMaps, deployments, replicaSets, secrets, services } from '@slipway/kube/resources';
import { splits } from '@slipway/kube/split';
import { afterEach, describe, expect, test } from 'vitest';
import {
  adopting,
  createAdoptionCluster,
  ejecting,
  key,
  namespace,
  request,
  selector,
  type AdoptionCluster,
  type Way,
} from '../../testing/adoption.ts';
import type { DeliveryClusterOptions } from '../../testing/delivery-cluster.ts';
import { stoppedAfter } from '../../testing/stopped-after.ts';
import { applications } from '../api/application.ts';
import type { AdoptionWorld, HandoverPlan } from './adoption-world.ts';
import { planAdoption } from './plan-adoption.ts';

let cluster: AdoptionCluster;
afterEach(() => cluster.delivery.stop());

async function running(options: DeliveryClusterOptions = {}): Promise<void> {
  cluster = await createAdoptionCluster(options);
}

describe('a Deployment that runs', () => {
  test('is adopted without a pod that starts or ends, and its Service keeps its endpoints', async () => {
    await running();
    const before = await cluster.uids();
    const watched = cluster.watchEndpoints();
    expect(await cluster.go(adopting)).toEqual({ isDone: true });
    await cluster.delivery.advance(120_000);
    expect(await cluster.uids()).toEqual(before);
    expect(before).toHaveLength(3);
    expect(watched.least()).toBeGreaterThanOrEqual(3);
    watched.stop();
    const { status } = await cluster.delivery.application();
    expect(status).toMatchObject({ phase: 'Stable', serving: { version: '1', release: 'shop-1' }, readyReplicas: 3 });
    expect((await cluster.delivery.release('1')).status?.phase).toBe('Succeeded');
    expect((await cluster.client.get(services, key)).spec?.selector).toEqual({
      ...selector,
      'slipway.dev/serves': 'true',
    });
    expect((await cluster.client.get(deployments, key)).spec?.paused).toBe(true);
    expect(
      (await cluster.client.list(services, { namespace })).items.map(({ metadata }) => metadata.name),
    ).not.toContain('shop-adoption-check');
  });

  test('releases a change of its template, and goes back to what it was', async () => {
    await running();
    await cluster.go(adopting);
    const watched = cluster.watchEndpoints();
    await cluster.client.patch(applications, key, {
      type: 'merge',
      body: { spec: { strategy: { type: 'blueGreen' }, guardSeconds: 30, drainSeconds: 1 } },
    });
    await cluster.setImage('shop:2');
    await cluster.delivery.advance(120_000);
    expect((await cluster.delivery.application()).status).toMatchObject({ phase: 'Stable', serving: { version: '2' } });
    expect(await cluster.images()).toEqual(['shop:2', 'shop:2', 'shop:2']);
    await cluster.delivery.command('rollback', '1');
    await cluster.delivery.advance(400_000);
    expect((await cluster.delivery.application()).status).toMatchObject({ phase: 'Stable', serving: { version: '1' } });
    expect(await cluster.images()).toEqual(['shop:1', 'shop:1', 'shop:1']);
    expect(watched.least()).toBeGreaterThanOrEqual(3);
    watched.stop();
  });

  test.each([
    { name: 'as it was', image: undefined, labels: selector, version: '1' },
    {
      name: 'after a release',
      image: 'shop:2',
      // The name of a ReplicaSet of version 2 is taken.
      version: '3',
      // Its ReplicaSet selects its pods by them.
      labels: { ...selector, 'slipway.dev/application': 'shop', 'slipway.dev/release': 'shop-2' },
    },
  ])('gets its pods back $name, rolls out again, and can be adopted anew', async ({ image, labels, version }) => {
    await running();
    await cluster.go(adopting);
    if (image !== undefined) {
      await cluster.client.patch(applications, key, {
        type: 'merge',
        body: { spec: { guardSeconds: 0, drainSeconds: 0 } },
      });
      await cluster.setImage(image);
      await cluster.delivery.advance(120_000);
    }
    const before = await cluster.uids();
    const watched = cluster.watchEndpoints();
    expect(await cluster.go(ejecting)).toEqual({ isDone: true });
    await cluster.delivery.advance(120_000);
    expect(await cluster.uids()).toEqual(before);
    expect(watched.least()).toBeGreaterThanOrEqual(3);
    watched.stop();
    const after = await cluster.client.get(deployments, key);
    expect(after.spec?.paused).toBeUndefined();
    expect(after.spec?.template?.metadata?.labels).toEqual(labels);
    expect(after.status).toMatchObject({ updatedReplicas: 3, readyReplicas: 3 });
    expect((await cluster.client.get(services, key)).spec?.selector).toEqual(selector);
    await cluster.setImage('shop:3');
    await cluster.delivery.advance(60_000);
    expect(await cluster.images()).toEqual(['shop:3', 'shop:3', 'shop:3']);
    expect(await cluster.endpoints()).toEqual(await cluster.podNames());
    const next = await cluster.uids();
    expect(await cluster.go(adopting)).toEqual({ isDone: true });
    await cluster.delivery.advance(30_000);
    expect(await cluster.uids()).toEqual(next);
    expect((await cluster.delivery.application()).status).toMatchObject({ phase: 'Stable', serving: { version } });
    await cluster.setImage('shop:4');
    await cluster.delivery.advance(400_000);
    expect((await cluster.delivery.application()).status).toMatchObject({
      phase: 'Stable',
      serving: { version: String(Number(version) + 1) },
    });
  });
});

describe('an adopted Deployment', () => {
  test('rolls out again though it has another size when it gets its pods back', async () => {
    await running();
    await cluster.go(adopting);
    await cluster.client.patch(applications, key, { type: 'merge', body: { spec: { replicas: 4 } } });
    await cluster.delivery.advance(30_000);
    expect(await cluster.go(ejecting)).toEqual({ isDone: true });
    await cluster.setImage('shop:3');
    await cluster.delivery.advance(120_000);
    expect(await cluster.images()).toEqual(Array(4).fill('shop:3'));
  });

  test('is released anew when a ConfigMap changes that it reads, and not before', async () => {
    await running();
    const settings = { namespace, name: 'settings' };
    await cluster.client.create(configMaps, { metadata: settings, data: { colour: 'red' } });
    const envFrom = [{ configMapRef: { name: 'settings' } }];
    const containers = [{ name: 'web', image: 'shop:1', envFrom }];
    await cluster.client.patch(deployments, key, {
      type: 'strategic',
      body: { spec: { template: { spec: { containers } } } },
    });
    await cluster.delivery.advance(60_000);
    await cluster.go(adopting);
    await cluster.delivery.advance(30_000);
    expect((await cluster.delivery.application()).status).toMatchObject({ phase: 'Stable', serving: { version: '1' } });
    await cluster.client.patch(applications, key, {
      type: 'merge',
      body: { spec: { guardSeconds: 0, drainSeconds: 0 } },
    });
    await cluster.client.patch(configMaps, settings, { type: 'merge', body: { data: { colour: 'blue' } } });
    await cluster.delivery.advance(120_000);
    expect((await cluster.delivery.application()).status).toMatchObject({ phase: 'Stable', serving: { version: '2' } });
    const [copy] = (await cluster.livePods()).map(({ spec }) => spec?.containers[0]?.envFrom?.[0]?.configMapRef?.name);
    expect(copy).toMatch(/^shop-settings-/);
    expect(await cluster.go(ejecting)).toEqual({ isDone: true });
    await cluster.delivery.advance(30_000);
    expect((await cluster.client.get(configMaps, { namespace, name: copy ?? '' })).data).toEqual({ colour: 'blue' });
  });

  test('goes back to the configuration that it had, and gets back the names by which it read that', async () => {
    await running();
    const settings = { namespace, name: 'settings' };
    const keys = { namespace, name: 'keys' };
    await cluster.client.create(configMaps, { metadata: settings, data: { colour: 'red' } });
    await cluster.client.create(secrets, { metadata: keys, data: { token: 'b25l' } });
    const envFrom = [{ configMapRef: { name: 'settings' } }, { secretRef: { name: 'keys' } }];
    const containers = [{ name: 'web', image: 'shop:1', envFrom }];
    const body = { spec: { template: { spec: { containers } } } };
    await cluster.client.patch(deployments, key, { type: 'strategic', body });
    await cluster.delivery.advance(60_000);
    const before = await cluster.uids();
    await cluster.go(adopting);
    await cluster.delivery.advance(60_000);
    expect(await cluster.uids()).toEqual(before);
    expect((await cluster.delivery.application()).status).toMatchObject({ phase: 'Stable', serving: { version: '1' } });

    const quick = { spec: { guardSeconds: 0, drainSeconds: 0 } };
    await cluster.client.patch(applications, key, { type: 'merge', body: quick });
    await cluster.client.patch(configMaps, settings, { type: 'merge', body: { data: { colour: 'blue' } } });
    await cluster.client.patch(secrets, keys, { type: 'merge', body: { data: { token: 'dHdv' } } });
    await cluster.delivery.advance(120_000);
    expect((await cluster.delivery.application()).status).toMatchObject({ phase: 'Stable', serving: { version: '2' } });
    await cluster.delivery.command('rollback');
    // The guard of the version that was adopted lasts as long as it does without a word.
    await cluster.delivery.advance(400_000);
    expect((await cluster.delivery.application()).status).toMatchObject({ phase: 'Stable', serving: { version: '1' } });
    const [settingsRead, keysRead] = (await cluster.livePods())[0]?.spec?.containers[0]?.envFrom ?? [];
    const [map, secret] = [settingsRead?.configMapRef?.name ?? '', keysRead?.secretRef?.name ?? ''];
    expect((await cluster.client.get(configMaps, { namespace, name: map })).data).toEqual({ colour: 'red' });
    expect((await cluster.client.get(secrets, { namespace, name: secret })).data).toEqual({ token: 'b25l' });

    const serving = await cluster.uids();
    expect(await cluster.go(ejecting)).toEqual({ isDone: true });
    await cluster.delivery.advance(30_000);
    expect(await cluster.uids()).toEqual(serving);
    const { spec } = await cluster.client.get(deployments, key);
    expect(spec?.template.spec?.containers[0]?.envFrom).toEqual(envFrom);
  });

  test('leaves a Service that was made for its Application, when that goes', async () => {
    await running();
    const store = { namespace, name: 'store' };
    const spec = {
      replicas: 3,
      workloadRef: { kind: 'Deployment', name: 'shop' },
      service: { ports: [{ port: 80 }] },
    };
    await cluster.client.create(applications, { metadata: store, spec });
    const plan = (world: AdoptionWorld): HandoverPlan => planAdoption(world, { ...request, application: 'store' });
    expect(await cluster.go({ plan })).toEqual({ isDone: true });
    await cluster.delivery.advance(30_000);
    expect((await cluster.client.get(services, store)).spec?.selector).toMatchObject({ 'slipway.dev/serves': 'true' });
    expect(await cluster.endpoints('store')).toEqual(await cluster.podNames());
    const watched = cluster.watchEndpoints('store');
    expect(await cluster.go(ejecting)).toEqual({ isDone: true });
    await cluster.delivery.advance(30_000);
    const kept = await cluster.client.get(services, store);
    expect(kept.spec?.selector).toEqual(selector);
    expect(kept.metadata.labels).toBeUndefined();
    expect(await cluster.endpoints('store')).toEqual(await cluster.podNames());
    expect(watched.least()).toBeGreaterThanOrEqual(3);
    watched.stop();
  });

  test('is reached by a route too, beside its own Service of the same name', async () => {
    await running();
    await cluster.go(adopting);
    const routed = { service: { ports: [{ name: 'http', port: 80 }] }, route: { hosts: ['shop.localhost'] } };
    await cluster.client.patch(applications, key, { type: 'merge', body: { spec: { ...routed, guardSeconds: 0 } } });
    await cluster.delivery.advance(10_000);
    const split = await cluster.client.get(splits, key);
    expect(split.spec.rules[0]?.backends).toMatchObject([{ version: '1', weight: 100 }]);
    await cluster.setImage('shop:2');
    await cluster.delivery.advance(120_000);
    const after = await cluster.client.get(splits, key);
    expect(after.spec.rules[0]?.backends.find(({ weight }) => weight === 100)).toMatchObject({ version: '2' });
    expect((await cluster.client.get(services, key)).metadata.annotations).not.toHaveProperty(
      'slipway.dev/application-uid',
    );
    expect(await cluster.go(ejecting)).toMatchObject({
      isDone: false,
      refusals: [expect.stringContaining('has a route')],
    });
  });
});

describe('a handover that is stopped after a write', () => {
  async function stopped(way: Way, count: number): Promise<void> {
    await cluster.go(way, stoppedAfter(cluster.client, count)).catch(() => undefined);
    await cluster.delivery.advance(10_000);
  }

  // As many as there are, and one more.
  test.each(Array.from({ length: 13 }, (_, index) => index + 1))(
    'goes on when it is run again (write %i)',
    async (count) => {
      await running();
      const before = await cluster.uids();
      const watched = cluster.watchEndpoints();
      const expectNothingLost = async (): Promise<void> => {
        expect(await cluster.uids()).toEqual(before);
        expect(await cluster.endpoints()).toEqual(await cluster.podNames());
        expect(watched.least()).toBeGreaterThanOrEqual(3);
      };

      await stopped(adopting, count);
      await expectNothingLost();
      expect(await cluster.go(adopting)).toEqual({ isDone: true });
      await cluster.delivery.advance(10_000);
      expect((await cluster.delivery.application()).status).toMatchObject({
        phase: 'Stable',
        serving: { version: '1' },
      });

      await stopped(ejecting, count);
      await expectNothingLost();
      expect(await cluster.ejected()).toBe(true);
      await cluster.delivery.advance(10_000);
      expect((await cluster.client.get(deployments, key)).status).toMatchObject({
        updatedReplicas: 3,
        readyReplicas: 3,
      });

      await stopped(adopting, count);
      expect(await cluster.ejected()).toBe(true);
      await cluster.delivery.advance(10_000);
      await expectNothingLost();
      watched.stop();
      const { items } = await cluster.client.list(replicaSets, { namespace });
      expect(items.map((set) => set.metadata.ownerReferences?.[0]?.kind)).toEqual(['Deployment', 'Deployment']);
      expect(JSON.stringify(items.map(({ spec }) => spec))).not.toContain('slipway.dev/');
    },
  );
});

describe('a delivery controller that is killed after a write', () => {
  test.each([1, 2, 3, 4, 5, 6])('recognizes what was adopted all the same (write %i)', async (crashAfterWrites) => {
    await running({ crashAfterWrites });
    const before = await cluster.uids();
    expect(await cluster.go(adopting)).toEqual({ isDone: true });
    await cluster.delivery.advance(120_000);
    expect(await cluster.uids()).toEqual(before);
    expect((await cluster.delivery.application()).status).toMatchObject({ phase: 'Stable', serving: { version: '1' } });
    expect((await cluster.delivery.release('1')).status?.phase).toBe('Succeeded');
    expect((await cluster.client.list(replicaSets, { namespace })).items).toHaveLength(2);
    expect(cluster.delivery.deliveryWrites).toBeGreaterThanOrEqual(6);
  });
});
