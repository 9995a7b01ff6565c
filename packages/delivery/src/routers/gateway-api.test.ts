import { afterEach, describe, expect, test } from 'vitest';
import { backend, describeRouter, rule } from '../../testing/router-contract.ts';
import { httpRouteDefinition } from '../../testing/routers/definitions.ts';
import { httpRouteModel } from '../../testing/routers/http-route-model.ts';
import {
  createRouterCluster,
  propagationSeconds,
  splitKey,
  type RouterCluster,
} from '../../testing/routers/router-cluster.ts';
import { gatewayApi, type HttpRoute } from './gateway-api.ts';

const parentRefs = [{ name: 'public', namespace: 'infra' }];
const definitions = [httpRouteDefinition({ hasMirrorShare: true })];
const subject = { router: gatewayApi, model: httpRouteModel, definitions, parentRefs };

const foreignRule = {
  matches: [{ path: { type: 'PathPrefix', value: '/legacy' } }],
  backendRefs: [{ name: 'legacy', port: 80 }],
};
const rewrite = { type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'X-Team', value: 'a' }] } };

function additions({ spec }: HttpRoute): object {
  const [own, ...others] = spec?.rules ?? [];
  const rules = [{ ...own, filters: [rewrite], timeouts: { request: '10s' } }, ...others, foreignRule];
  return { metadata: { annotations: { team: 'a' } }, spec: { rules } };
}

describeRouter<HttpRoute>({
  ...subject,
  additions,
  keeps: ({ metadata, spec }) => {
    const own = spec?.rules?.find(({ filters = [] }) => filters.some(({ type }) => type === rewrite.type));
    return metadata.annotations?.['team'] === 'a' && own !== undefined && 'timeouts' in own && hasForeignRule(spec);
  },
  keepsRule: ({ spec }) => hasForeignRule(spec),
  drift: ({ spec }) => ({
    spec: { rules: spec?.rules?.map((each) => ({ ...each, backendRefs: [{ name: 'shop-2', port: 80 }] })) },
  }),
  claim: { spec: { rules: [{ backendRefs: [{ name: 'shop-9', port: 80 }] }] } },
});

function hasForeignRule(spec: HttpRoute['spec']): boolean {
  return (spec?.rules ?? []).some(({ backendRefs = [] }) => backendRefs.some(({ name }) => name === 'legacy'));
}

describe('gatewayApi', () => {
  const settle = 1_000 * propagationSeconds + 10_000;
  const request = { host: 'shop.example.org', path: '/', headers: {} };
  let stop = (): Promise<void> => Promise.resolve();
  afterEach(() => stop());

  async function create(kinds = definitions): Promise<RouterCluster<HttpRoute>> {
    const cluster = await createRouterCluster({ ...subject, definitions: kinds });
    stop = cluster.stop;
    return cluster;
  }

  async function conflicts(cluster: RouterCluster<HttpRoute>): Promise<string> {
    return ((await cluster.entry())?.conflicts ?? []).join();
  }

  const canary = rule({ backends: [backend('1', 100), backend('2', 0)] });
  const mirror = { service: 'shop-2', port: 80, version: '2' };

  test('sends copies of as many requests as asked for, and of none when that ends', async () => {
    const cluster = await create();
    await cluster.setSplit({
      through: 'gatewayApi',
      parentRefs,
      rules: [{ ...canary, mirror: { ...mirror, percent: 20 } }],
    });
    await cluster.advance(settle);
    const copies = (): number =>
      Array.from({ length: 1_000 }, () => cluster.model.send(request)).filter(({ mirrored }) => mirrored === 'shop-2')
        .length;
    expect(Math.abs(copies() - 200)).toBeLessThan(60);
    expect(await cluster.isConfirmed()).toBe(true);
    await cluster.setSplit({ through: 'gatewayApi', parentRefs, rules: [canary] });
    await cluster.advance(settle);
    expect(copies()).toBe(0);
    expect(await cluster.isConfirmed()).toBe(true);
  });

  test('is told where the installed kind would mirror every request', async () => {
    const cluster = await create([httpRouteDefinition({ hasMirrorShare: false })]);
    await cluster.setSplit({
      through: 'gatewayApi',
      parentRefs,
      rules: [{ ...canary, mirror: { ...mirror, percent: 20 } }],
    });
    await cluster.advance(settle);
    expect(await conflicts(cluster)).toMatch(
      /^RouteRejected: the API server does not take HTTPRoute default\/shop \(.*percent.*\): is what is installed as new as the Gateway API/,
    );
    expect(await cluster.isConfirmed()).toBe(false);
  });

  test('is told which kind is missing, and goes on when it is there', async () => {
    const cluster = await create([]);
    await cluster.setSplit({ through: 'gatewayApi', parentRefs, rules: [rule()] });
    await cluster.advance(1_000);
    expect(await conflicts(cluster)).toBe(
      'RouterMissing: the API server does not serve HTTPRoute of gateway.networking.k8s.io/v1: install the Gateway API (v1.0 or later), or choose another router in spec.route.through',
    );
    await cluster.install(definitions);
    await cluster.advance(60_000);
    expect(await conflicts(cluster)).toBe('');
    expect(await cluster.isConfirmed()).toBe(true);
  });

  test('is not confirmed while a parent refuses it, and says why', async () => {
    const cluster = await create();
    await cluster.setSplit({ through: 'gatewayApi', parentRefs, rules: [rule()] });
    await cluster.advance(settle);
    cluster.model.takes = false;
    await cluster.setSplit({ through: 'gatewayApi', parentRefs, rules: [canary] });
    await cluster.advance(settle);
    expect(await conflicts(cluster)).toBe(
      'RouteRefused: HTTPRoute default/shop is not in force at Gateway infra/public: Accepted is False, NoMatchingListenerHostname: no listener takes the hosts',
    );
    expect(await cluster.isConfirmed()).toBe(false);
    cluster.model.takes = true;
    await cluster.setSplit({ through: 'gatewayApi', parentRefs, rules: [rule()] });
    await cluster.advance(settle);
    expect(await conflicts(cluster)).toBe('');
    expect(await cluster.isConfirmed()).toBe(true);
  });

  test('names the Gateway whose controller says nothing', async () => {
    const cluster = await create();
    const split = { through: 'gatewayApi', rules: [rule()] } as const;
    await cluster.setSplit({ ...split, parentRefs: [...parentRefs, { name: 'other', sectionName: 'https' }] });
    await cluster.advance(settle);
    const body = (await cluster.objects()).get(splitKey.name);
    const status = { parents: body?.status?.parents?.filter(({ parentRef }) => parentRef.name === 'public') };
    const options = { subresource: 'status' };
    await cluster.client.patch(gatewayApi.type, splitKey, { type: 'merge', body: { status } }, options);
    await cluster.advance(60_000);
    expect(await conflicts(cluster)).toMatch(
      /^RouteNotAccepted: the controller of Gateway default\/other has not said /,
    );
    expect(await cluster.isConfirmed()).toBe(false);
  });

  test('finds users by a cookie among others', async () => {
    const cluster = await create();
    const matches = [{ cookies: [{ name: 'group', exact: 'a.b' }], service: 'shop-2' }];
    await cluster.setSplit({ through: 'gatewayApi', parentRefs, rules: [{ ...canary, matches }] });
    await cluster.advance(settle);
    const serviceFor = (cookie: string): string | undefined =>
      cluster.model.send({ ...request, headers: { cookie } }).service;
    expect(['group=a.b', 'x=1; group=a.b', 'group=a.b; x=1'].map(serviceFor)).toEqual(['shop-2', 'shop-2', 'shop-2']);
    expect(['group=aXb', 'x=1; mygroup=a.b', 'group=a.bc'].map(serviceFor)).toEqual(['shop-1', 'shop-1', 'shop-1']);
  });

  test('sets headers of answers beside those that others set', async () => {
    const cluster = await create();
    const set = (responseHeaders: Record<string, string>): Promise<void> =>
      cluster.setSplit({ through: 'gatewayApi', parentRefs, rules: [rule({ responseHeaders })] });
    await set({ 'X-Frame-Options': 'DENY' });
    await cluster.advance(settle);
    const [own] = (await cluster.objects()).get('shop')?.spec?.rules ?? [];
    const modifier = own?.filters?.[0]?.responseHeaderModifier;
    const filters = [
      {
        type: 'ResponseHeaderModifier',
        responseHeaderModifier: { set: [...(modifier?.set ?? []), { name: 'X-Team', value: 'a' }] },
      },
    ];
    const body = { spec: { rules: [{ ...own, filters }] } };
    await cluster.client.patch(gatewayApi.type, splitKey, { type: 'merge', body }, { fieldManager: 'kubectl-edit' });
    await set({ 'X-Other': '1' });
    await cluster.advance(settle);
    const [after] = (await cluster.objects()).get('shop')?.spec?.rules ?? [];
    expect(after?.filters?.map(({ responseHeaderModifier }) => responseHeaderModifier?.set)).toEqual([
      [
        { name: 'X-Team', value: 'a' },
        { name: 'X-Other', value: '1' },
      ],
    ]);
  });
});
