import type { KubeObject } from '@slipway/kube/object';
import { customResourceDefinitions } from '@slipway/kube/resources';
import { carriersOf, splits, type Split, type SplitInstanceStatus } from '@slipway/kube/split';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../testing/delivery-cluster.ts';
import { httpRouteDefinition, virtualServiceDefinition } from '../testing/routers/definitions.ts';
import { httpRouteModel } from '../testing/routers/http-route-model.ts';
import { ModelledRouter, type TrafficModel } from '../testing/routers/traffic-model.ts';
import { virtualServiceModel } from '../testing/routers/virtual-service-model.ts';
import type { ApplicationRoute, ApplicationSpec } from './api/application.ts';
import { gatewayApi } from './routers/gateway-api.ts';
import { istio } from './routers/istio.ts';

const request = { host: 'shop.example.org', path: '/', headers: {} };
const hosts = [request.host];
const byGateway: ApplicationRoute = { hosts, handoverSeconds: 60 };
const byHttpRoute: ApplicationRoute = {
  ...byGateway,
  through: 'gatewayApi',
  parentRefs: [{ name: 'public' }],
  propagationSeconds: 4,
};
const byIstio: ApplicationRoute = { ...byGateway, through: 'istio', propagationSeconds: 4 };
const paused: Pick<ApplicationSpec, 'strategy'> = {
  strategy: { type: 'canary', canary: { steps: [{ setWeight: 50 }, { pause: {} }] } },
};
const stepMilliseconds = 500;
const hour = 3_600_000;
/** Of real time, on a machine that does much else. */
const timeout = 120_000;

describe('another router in spec', { timeout }, () => {
  let cluster: DeliveryCluster;
  let stopping: AbortController;
  let httpRoutes: Pick<ModelledRouter<KubeObject>, 'send' | 'takes' | 'isAwake'>;
  let virtualServices: typeof httpRoutes;

  // Reading it takes real time, in which virtual time would run on.
  beforeAll(() => import('./routers/route-controller.ts'));
  beforeEach(async () => {
    cluster = await createDeliveryCluster();
    stopping = new AbortController();
    for (const definition of [httpRouteDefinition({ hasMirrorShare: true }), virtualServiceDefinition])
      await cluster.client.create(customResourceDefinitions, definition);
    await cluster.advance(1_000);
    httpRoutes = modelOf(httpRouteModel);
    virtualServices = modelOf(virtualServiceModel);
  });
  afterEach(async () => {
    stopping.abort(new Error('the test has ended'));
    await cluster.stop();
  });

  function modelOf<T extends KubeObject>(model: TrafficModel<T>): ModelledRouter<T> {
    const { client, clock } = cluster;
    const router = new ModelledRouter(model, { client, clock, signal: stopping.signal, lagMilliseconds: 2_000 });
    router.start();
    return router;
  }

  function deploy(
    route: ApplicationRoute,
    { image = 'a', ...more }: Partial<ApplicationSpec> & { image?: string } = {},
  ): Promise<void> {
    return cluster.deploy({
      replicas: 2,
      template: { spec: { containers: [{ name: 'web', image }] } },
      service: { ports: [{ name: 'http', port: 80 }] },
      strategy: { type: 'blueGreen', blueGreen: {} },
      guardSeconds: 0,
      drainSeconds: 0,
      route,
      ...more,
    });
  }

  function split(): Promise<Split> {
    return cluster.client.get(splits, { namespace: 'default', name: 'shop' });
  }

  async function carriers(): Promise<string> {
    return carriersOf((await split()).spec).join();
  }

  /** Looks at every step, and gives what is no longer so at the end the time to be so. */
  async function until(isSo: () => Promise<boolean>, meanwhile: () => void = () => undefined): Promise<void> {
    for (let look = 0; look < 600; look += 1) {
      if (await isSo()) return;
      meanwhile();
      await cluster.advance(stepMilliseconds);
    }
    throw new Error(`it is not so: ${JSON.stringify((await cluster.application()).status)} ${await carriers()}`);
  }

  async function succeeds(version: string): Promise<void> {
    await until(async () => (await cluster.release(version).catch(() => undefined))?.status?.phase === 'Succeeded');
  }

  /** The second release, in the middle of a canary. */
  async function pauseRelease(route: ApplicationRoute): Promise<void> {
    await deploy(route, { image: 'b', ...paused });
    await until(async () => (await cluster.release('2').catch(() => undefined))?.status?.phase === 'Paused');
  }

  function serves(router: typeof httpRoutes): boolean {
    return router.send(request).service !== undefined;
  }

  async function isConfirmedBy(name: string): Promise<boolean> {
    const { metadata, status } = await split();
    return (status?.instances ?? []).some(
      (instance) => instance.name === name && instance.observedGeneration === metadata.generation,
    );
  }

  /** Of the Split as it is, while there is no other. */
  async function gatewaySays(said: Pick<SplitInstanceStatus, 'conflicts' | 'unservedRules'>): Promise<void> {
    const { status } = await split();
    const instances = (status?.instances ?? []).map((each) =>
      each.name === 'gateway-0' ? { ...each, ...said } : each,
    );
    const body = { status: { instances } };
    await cluster.client.patch(
      splits,
      { namespace: 'default', name: 'shop' },
      { type: 'merge', body },
      { subresource: 'status' },
    );
  }

  test('carries beside the one before until clients have had their time, and then alone', async () => {
    await deploy(byGateway);
    await succeeds('1');
    await deploy(byHttpRoute);
    await until(async () => (await carriers()) === 'gatewayApi,gateway');
    await until(() => isConfirmedBy('gatewayApi'));
    expect(serves(httpRoutes)).toBe(true);
    expect(await isConfirmedBy('gateway-0')).toBe(true);
    await cluster.advance(50_000);
    expect(await carriers()).toBe('gatewayApi,gateway');
    await until(async () => (await carriers()) === 'gatewayApi');
    expect(serves(httpRoutes)).toBe(true);

    await deploy(byIstio);
    await until(async () => (await carriers()) === 'istio,gatewayApi');
    await until(
      async () => (await carriers()) === 'istio',
      () => expect(serves(httpRoutes)).toBe(true),
    );
    expect(serves(virtualServices)).toBe(true);
    await until(async () => (await cluster.client.list(gatewayApi.type, { namespace: 'default' })).items.length === 0);
    expect(serves(virtualServices)).toBe(true);

    await deploy(byGateway);
    await until(
      async () => (await carriers()) === 'gateway',
      () => expect(serves(virtualServices)).toBe(true),
    );
    expect(await isConfirmedBy('gateway-0')).toBe(true);
    await until(async () => (await cluster.client.list(istio.type, { namespace: 'default' })).items.length === 0);
    expect((await split()).spec.rules[0]?.backends.map(({ port }) => port)).toEqual(['http']);
  });

  test('carries alone after that time and not before, whatever clocks say meanwhile', async () => {
    await deploy(byHttpRoute);
    await succeeds('1');
    await deploy(byIstio);
    await until(() => isConfirmedBy('istio'));
    cluster.clock.jump(hour);
    await cluster.advance(50_000);
    expect(await carriers()).toBe('istio,gatewayApi');
    cluster.clock.jump(-2 * hour);
    await cluster.advance(30_000);
    expect(await carriers()).toBe('istio');
  });

  test('is followed by releases together with the one before', async () => {
    await deploy(byHttpRoute);
    await succeeds('1');
    await deploy(byIstio);
    await until(() => isConfirmedBy('istio'));
    await deploy(byIstio, { image: 'b' });
    await succeeds('2');
    expect(await carriers()).toBe('istio,gatewayApi');
    const [service] = (await split()).spec.rules[0]?.backends.filter(({ weight }) => weight === 100) ?? [];
    expect([httpRoutes, virtualServices].map((router) => router.send(request).service)).toEqual([
      service?.service,
      service?.service,
    ]);
  });

  test('that never has it in force leaves the one before at work, which spec may go back to', async () => {
    await deploy(byHttpRoute);
    await succeeds('1');
    await cluster.client.delete(customResourceDefinitions, { name: virtualServiceDefinition.metadata.name ?? '' });
    await deploy(byIstio);
    await until(async () => (await cluster.condition('RouteConflict'))?.message.includes('RouterMissing') === true);
    await cluster.advance(300_000);
    expect(await carriers()).toBe('istio,gatewayApi');
    expect(serves(httpRoutes)).toBe(true);
    await deploy(byHttpRoute);
    await until(
      async () => (await carriers()) === 'gatewayApi',
      () => expect(serves(httpRoutes)).toBe(true),
    );
  });

  test('that confirms the route and serves nothing of it leaves the one before at work', async () => {
    await deploy(byHttpRoute);
    await succeeds('1');
    await deploy(byGateway);
    await until(async () => (await carriers()) === 'gateway,gatewayApi');
    await until(() => isConfirmedBy('gateway-0'));
    await gatewaySays({
      conflicts: ['RouteConflict: the host belongs to Application default/older'],
      unservedRules: [0],
    });
    await cluster.advance(300_000);
    expect(await carriers()).toBe('gateway,gatewayApi');
    expect(serves(httpRoutes)).toBe(true);
    expect(await isConfirmedBy('gateway-0')).toBe(true);
    await gatewaySays({ conflicts: ['RouteConflict: one path of it does'], unservedRules: [] });
    await cluster.advance(50_000);
    expect(await carriers()).toBe('gateway,gatewayApi');
    await until(async () => (await carriers()) === 'gateway');
  });

  test('waits for the release that is under way', async () => {
    await deploy(byGateway);
    await succeeds('1');
    await pauseRelease(byGateway);
    await deploy(byIstio, { image: 'b', ...paused });
    await until(async () => {
      const { status } = await cluster.application();
      return status?.waitingFor?.includes('to end before istio takes over from gateway') === true;
    });
    expect(await carriers()).toBe('gateway');
    await cluster.command('abort');
    await until(async () => (await carriers()) === 'istio,gateway');
  });

  test('takes over from one that refuses in the middle of a release, which then ends', async () => {
    await deploy(byHttpRoute);
    await succeeds('1');
    await pauseRelease(byHttpRoute);
    httpRoutes.takes = false;
    await cluster.command('abort');
    await until(async () => {
      const { waitingFor = '' } = (await cluster.release('2')).status ?? {};
      return waitingFor.includes('RouteRefused') && waitingFor.includes('name another router in spec.route.through');
    });

    await deploy(byGateway, { image: 'b', ...paused });
    await until(async () => (await carriers()) === 'gateway,gatewayApi');
    // Whom it still sends to the version that goes back, as it has taken it last, is served.
    await until(
      async () => (await carriers()) === 'gateway',
      () => expect(serves(httpRoutes)).toBe(true),
    );
    await until(async () => (await cluster.release('2')).status?.phase === 'RolledBack');
    expect((await split()).spec.rules[0]?.backends.map(({ version, weight }) => `${version} ${weight}`)).toContain(
      '1 100',
    );
  });

  test('takes over from one that has said nothing for half a minute in the middle of a release', async () => {
    await deploy(byHttpRoute);
    await succeeds('1');
    await pauseRelease(byHttpRoute);
    httpRoutes.isAwake = false;
    await cluster.command('abort');
    await deploy(byGateway, { image: 'b', ...paused });
    await cluster.advance(25_000);
    // It may only be slow.
    expect(await carriers()).toBe('gatewayApi');
    expect((await cluster.release('2')).status?.phase).toBe('RollingBack');
    await cluster.advance(10_000);
    expect(await carriers()).toBe('gateway,gatewayApi');
    await until(async () => (await cluster.release('2')).status?.phase === 'RolledBack');
  });

  test('takes over from one that carries well after the release, also where the one before that refuses', async () => {
    await deploy(byHttpRoute);
    await succeeds('1');
    await deploy(byIstio);
    await until(() => isConfirmedBy('istio'));
    await pauseRelease(byIstio);
    expect(await carriers()).toBe('istio,gatewayApi');
    httpRoutes.takes = false;
    await cluster.command('abort');
    await until(async () => {
      const { waitingFor = '' } = (await cluster.release('2')).status ?? {};
      return waitingFor.includes('RouteRefused') && waitingFor.includes('set spec.route.handoverSeconds to 0');
    });

    await deploy(byGateway, { image: 'b', ...paused });
    // The one that refuses is let go in its time, and so the release ends.
    await until(
      async () => (await carriers()) === 'istio',
      () => expect(serves(virtualServices)).toBe(true),
    );
    expect((await cluster.release('2')).status?.phase).not.toBe('RolledBack');
    await until(async () => (await carriers()) === 'gateway,istio');
    expect((await cluster.release('2')).status?.phase).toBe('RolledBack');
  });

  test('keeps back what the one before cannot do until that is let go', async () => {
    await deploy(byIstio);
    await succeeds('1');
    const sticky = { strategy: { type: 'canary', canary: { steps: [{ setWeight: 50 }], stickySeconds: 60 } } };
    await deploy(byGateway, { image: 'b', ...sticky });
    await until(async () => (await carriers()) === 'gateway,istio');
    await cluster.advance(10_000);
    expect(JSON.stringify((await cluster.application()).status?.conditions)).toContain('istio carries requests until');
    await expect(cluster.release('2')).rejects.toThrow(/./);
    await succeeds('2');
    expect(await carriers()).toBe('gateway');
  });
});
