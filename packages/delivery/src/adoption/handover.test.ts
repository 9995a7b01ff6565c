/** Adopting and ejecting in virtual time, against the controllers of a cluster, and stopped after every write. */
import type { Deployment, Pod, Service } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { configMaps, deployments, endpointSlices, pods, replicaSets, services } from '@slipway/kube/resources';
import { splits } from '@slipway/kube/split';
import { afterEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import { stoppedAfter } from '../../testing/stopped-after.ts';
import { applications } from '../api/application.ts';
import { noteOf, type AdoptionWorld, type HandoverPlan } from './adoption-world.ts';
import { carryOut, type HandoverOutcome } from './carry-out.ts';
import { observeAdoption } from './observe-adoption.ts';
import { planAdoption } from './plan-adoption.ts';
import { isEjected, planEjection } from './plan-ejection.ts';

const namespace = 'default';
const key = { namespace, name: 'shop' };
const selector = { app: 'shop' };

function deployment(image: string): Deployment {
  return {
    metadata: key,
    spec: {
      replicas: 3,
      selector: { matchLabels: selector },
      template: { metadata: { labels: selector }, spec: { containers: [{ name: 'web', image }] } },
    },
  };
}

const service: Service = { metadata: key, spec: { selector, ports: [{ port: 80 }] } };

let cluster: DeliveryCluster;
afterEach(() => cluster.stop());

/** With a rollout behind it: a paused Deployment without its pods would give them to the ReplicaSet before. */
async function running(options: { readonly crashAfterWrites?: number } = {}): Promise<void> {
  cluster = await createDeliveryCluster(options);
  await cluster.client.create(deployments, deployment('shop:0'));
  await cluster.client.create(services, service);
  await cluster.advance(30_000);
  await setImage('shop:1');
  await cluster.advance(60_000);
}

async function setImage(image: string): Promise<void> {
  const body = { spec: { template: { spec: { containers: [{ name: 'web', image }] } } } };
  await cluster.client.patch(deployments, key, { type: 'strategic', body });
}

const request = { namespace, deployment: 'shop', application: 'shop', movesAutoscaler: false };

interface Way {
  readonly plan: (world: AdoptionWorld) => HandoverPlan;
  readonly isDone?: (world: AdoptionWorld) => boolean;
}

const adopting: Way = {
  plan: (world) => planAdoption(world, request),
};

const ejecting: Way = {
  plan: (world) => planEjection(world, request),
  isDone: isEjected,
};

async function go(way: Way, client: KubeClient = cluster.client): Promise<HandoverOutcome> {
  const { clock } = cluster;
  const { signal } = new AbortController();
  const observe = (): Promise<AdoptionWorld> => observeAdoption({ client, namespace, deployment: 'shop', signal });
  const done = carryOut({ ...way, client, clock, signal, observe, onStep: () => undefined });
  const state = { isOver: false };
  const over = done.finally(() => {
    state.isOver = true;
  });
  over.catch(() => undefined);
  while (!state.isOver) await cluster.advance(100);
  return over;
}

async function livePods(): Promise<readonly Pod[]> {
  const { items } = await cluster.client.list(pods, { namespace });
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

async function uids(): Promise<readonly (string | undefined)[]> {
  return (await livePods()).map(({ metadata }) => metadata.uid).toSorted();
}

async function endpoints(name = 'shop'): Promise<readonly string[]> {
  const { items } = await cluster.client.list(endpointSlices, {
    namespace,
    labelSelector: `kubernetes.io/service-name=${name}`,
  });
  const all = items.flatMap((slice) => slice.endpoints ?? []);
  return all
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ targetRef }) => targetRef?.name ?? [])
    .toSorted();
}

async function podNames(): Promise<readonly string[]> {
  return (await livePods()).map(({ metadata }) => metadata.name ?? '').toSorted();
}

/** Sees every state that the endpoints of the Service are ever in. */
function watchEndpoints(name = 'shop'): { least(): number; stop(): void } {
  const stopping = new AbortController();
  let least = Infinity;
  const watching = (async () => {
    const options = { namespace, labelSelector: `kubernetes.io/service-name=${name}`, signal: stopping.signal };
    for await (const event of cluster.client.watch(endpointSlices, options)) {
      if (event.type === 'BOOKMARK') continue;
      const ready = (event.object.endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
      least = Math.min(least, ready.length);
    }
  })();
  watching.catch(() => undefined);
  return { least: () => least, stop: () => stopping.abort() };
}

describe('a Deployment that runs', () => {
  test('is adopted without a pod that starts or ends, and its Service keeps its endpoints', async () => {
    await running();
    const before = await uids();
    const watched = watchEndpoints();
    expect(await go(adopting)).toEqual({ isDone: true });
    await cluster.advance(120_000);
    expect(await uids()).toEqual(before);
    expect(before).toHaveLength(3);
    expect(watched.least()).toBeGreaterThanOrEqual(3);
    watched.stop();
    const { status } = await cluster.application();
    expect(status).toMatchObject({ phase: 'Stable', serving: { version: '1', release: 'shop-1' }, readyReplicas: 3 });
    expect((await cluster.release('1')).status?.phase).toBe('Succeeded');
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
    await go(adopting);
    const watched = watchEndpoints();
    await cluster.client.patch(applications, key, {
      type: 'merge',
      body: { spec: { strategy: { type: 'blueGreen' }, guardSeconds: 30, drainSeconds: 1 } },
    });
    await setImage('shop:2');
    await cluster.advance(120_000);
    expect((await cluster.application()).status).toMatchObject({ phase: 'Stable', serving: { version: '2' } });
    expect((await livePods()).map(({ spec }) => spec?.containers[0]?.image)).toEqual(['shop:2', 'shop:2', 'shop:2']);
    await cluster.command('rollback', '1');
    await cluster.advance(400_000);
    expect((await cluster.application()).status).toMatchObject({ phase: 'Stable', serving: { version: '1' } });
    expect((await livePods()).map(({ spec }) => spec?.containers[0]?.image)).toEqual(['shop:1', 'shop:1', 'shop:1']);
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
    await go(adopting);
    if (image !== undefined) {
      await cluster.client.patch(applications, key, {
        type: 'merge',
        body: { spec: { guardSeconds: 0, drainSeconds: 0 } },
      });
      await setImage(image);
      await cluster.advance(120_000);
    }
    const before = await uids();
    const watched = watchEndpoints();
    expect(await go(ejecting)).toEqual({ isDone: true });
    await cluster.advance(120_000);
    expect(await uids()).toEqual(before);
    expect(watched.least()).toBeGreaterThanOrEqual(3);
    watched.stop();
    const after = await cluster.client.get(deployments, key);
    expect(after.spec?.paused).toBeUndefined();
    expect(after.spec?.template?.metadata?.labels).toEqual(labels);
    expect(after.status).toMatchObject({ updatedReplicas: 3, readyReplicas: 3 });
    expect((await cluster.client.get(services, key)).spec?.selector).toEqual(selector);
    await setImage('shop:3');
    await cluster.advance(60_000);
    expect((await livePods()).map(({ spec }) => spec?.containers[0]?.image)).toEqual(['shop:3', 'shop:3', 'shop:3']);
    expect(await endpoints()).toEqual(await podNames());
    const next = await uids();
    expect(await go(adopting)).toEqual({ isDone: true });
    await cluster.advance(30_000);
    expect(await uids()).toEqual(next);
    expect((await cluster.application()).status).toMatchObject({ phase: 'Stable', serving: { version } });
    await setImage('shop:4');
    await cluster.advance(400_000);
    expect((await cluster.application()).status).toMatchObject({
      phase: 'Stable',
      serving: { version: String(Number(version) + 1) },
    });
  });
});

describe('an adopted Deployment', () => {
  test('rolls out again though it has another size when it gets its pods back', async () => {
    await running();
    await go(adopting);
    await cluster.client.patch(applications, key, { type: 'merge', body: { spec: { replicas: 4 } } });
    await cluster.advance(30_000);
    expect(await go(ejecting)).toEqual({ isDone: true });
    await setImage('shop:3');
    await cluster.advance(120_000);
    expect((await livePods()).map(({ spec }) => spec?.containers[0]?.image)).toEqual(Array(4).fill('shop:3'));
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
    await cluster.advance(60_000);
    await go(adopting);
    await cluster.advance(30_000);
    expect((await cluster.application()).status).toMatchObject({ phase: 'Stable', serving: { version: '1' } });
    await cluster.client.patch(applications, key, {
      type: 'merge',
      body: { spec: { guardSeconds: 0, drainSeconds: 0 } },
    });
    await cluster.client.patch(configMaps, settings, { type: 'merge', body: { data: { colour: 'blue' } } });
    await cluster.advance(120_000);
    expect((await cluster.application()).status).toMatchObject({ phase: 'Stable', serving: { version: '2' } });
    const [copy] = (await livePods()).map(({ spec }) => spec?.containers[0]?.envFrom?.[0]?.configMapRef?.name);
    expect(copy).toMatch(/^shop-settings-/);
    expect(await go(ejecting)).toEqual({ isDone: true });
    await cluster.advance(30_000);
    expect((await cluster.client.get(configMaps, { namespace, name: copy ?? '' })).data).toEqual({ colour: 'blue' });
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
    expect(await go({ plan })).toEqual({ isDone: true });
    await cluster.advance(30_000);
    expect((await cluster.client.get(services, store)).spec?.selector).toMatchObject({ 'slipway.dev/serves': 'true' });
    expect(await endpoints('store')).toEqual(await podNames());
    const watched = watchEndpoints('store');
    expect(await go(ejecting)).toEqual({ isDone: true });
    await cluster.advance(30_000);
    const kept = await cluster.client.get(services, store);
    expect(kept.spec?.selector).toEqual(selector);
    expect(kept.metadata.labels).toBeUndefined();
    expect(await endpoints('store')).toEqual(await podNames());
    expect(watched.least()).toBeGreaterThanOrEqual(3);
    watched.stop();
  });

  test('is reached by a route too, beside its own Service of the same name', async () => {
    await running();
    await go(adopting);
    const routed = { service: { ports: [{ name: 'http', port: 80 }] }, route: { hosts: ['shop.localhost'] } };
    await cluster.client.patch(applications, key, { type: 'merge', body: { spec: { ...routed, guardSeconds: 0 } } });
    await cluster.advance(10_000);
    const split = await cluster.client.get(splits, key);
    expect(split.spec.rules[0]?.backends).toMatchObject([{ version: '1', weight: 100 }]);
    await setImage('shop:2');
    await cluster.advance(120_000);
    const after = await cluster.client.get(splits, key);
    expect(after.spec.rules[0]?.backends.find(({ weight }) => weight === 100)).toMatchObject({ version: '2' });
    expect((await cluster.client.get(services, key)).metadata.annotations).not.toHaveProperty(
      'slipway.dev/application-uid',
    );
    expect(await go(ejecting)).toMatchObject({ isDone: false, refusals: [expect.stringContaining('has a route')] });
  });
});

describe('a handover that is stopped after a write', () => {
  async function stopped(way: Way, count: number): Promise<void> {
    await go(way, stoppedAfter(cluster.client, count)).catch(() => undefined);
    await cluster.advance(10_000);
  }

  // As many as there are, and one more.
  test.each(Array.from({ length: 13 }, (_, index) => index + 1))(
    'goes on when it is run again (write %i)',
    async (count) => {
      await running();
      const before = await uids();
      const watched = watchEndpoints();
      const expectNothingLost = async (): Promise<void> => {
        expect(await uids()).toEqual(before);
        expect(await endpoints()).toEqual(await podNames());
        expect(watched.least()).toBeGreaterThanOrEqual(3);
      };

      await stopped(adopting, count);
      await expectNothingLost();
      expect(await go(adopting)).toEqual({ isDone: true });
      await cluster.advance(10_000);
      expect((await cluster.application()).status).toMatchObject({ phase: 'Stable', serving: { version: '1' } });

      await stopped(ejecting, count);
      await expectNothingLost();
      expect(await ejected()).toBe(true);
      await cluster.advance(10_000);
      expect((await cluster.client.get(deployments, key)).status).toMatchObject({
        updatedReplicas: 3,
        readyReplicas: 3,
      });

      await stopped(adopting, count);
      expect(await ejected()).toBe(true);
      await cluster.advance(10_000);
      await expectNothingLost();
      watched.stop();
      const { items } = await cluster.client.list(replicaSets, { namespace });
      expect(items.map((set) => set.metadata.ownerReferences?.[0]?.kind)).toEqual(['Deployment', 'Deployment']);
      expect(JSON.stringify(items.map(({ spec }) => spec))).not.toContain('slipway.dev/');
    },
  );

  /** It may have been given back to the end already, or never been taken. */
  async function ejected(): Promise<boolean> {
    const isAdopted = noteOf(await cluster.client.get(deployments, key), 'adoptedBy') !== undefined;
    return !isAdopted || (await go(ejecting)).isDone;
  }
});

describe('a delivery controller that is killed after a write', () => {
  test.each([1, 2, 3, 4, 5, 6])('recognizes what was adopted all the same (write %i)', async (crashAfterWrites) => {
    await running({ crashAfterWrites });
    const before = await uids();
    expect(await go(adopting)).toEqual({ isDone: true });
    await cluster.advance(120_000);
    expect(await uids()).toEqual(before);
    expect((await cluster.application()).status).toMatchObject({ phase: 'Stable', serving: { version: '1' } });
    expect((await cluster.release('1')).status?.phase).toBe('Succeeded');
    expect((await cluster.client.list(replicaSets, { namespace })).items).toHaveLength(2);
    expect(cluster.deliveryWrites).toBeGreaterThanOrEqual(6);
  });
});
