import { afterEach, describe, expect, test } from 'vitest';
import { backend, describeRouter, rule } from '../../testing/router-contract.ts';
import { virtualServiceDefinition } from '../../testing/routers/definitions.ts';
import {
  createRouterCluster,
  propagationSeconds,
  splitKey,
  type RouterCluster,
} from '../../testing/routers/router-cluster.ts';
import { virtualServiceModel } from '../../testing/routers/virtual-service-model.ts';
import { istio, type VirtualService } from './istio.ts';

const parentRefs = [{ name: 'public', namespace: 'infra' }];
const subject = { router: istio, model: virtualServiceModel, definitions: [virtualServiceDefinition], parentRefs };

const foreignRoute = { match: [{ uri: { prefix: '/legacy' } }], route: [{ destination: { host: 'legacy' } }] };

describeRouter<VirtualService>({
  ...subject,
  additions: ({ spec }) => {
    const [own, ...others] = spec?.http ?? [];
    const http = [
      foreignRoute,
      { ...own, timeout: '10s', headers: { request: { set: { 'X-Team': 'a' } } } },
      ...others,
    ];
    return { metadata: { annotations: { team: 'a' } }, spec: { http } };
  },
  keeps: ({ metadata, spec }) => {
    const [first, own] = spec?.http ?? [];
    const isKept = own !== undefined && 'timeout' in own && own.headers?.request !== undefined;
    return metadata.annotations?.['team'] === 'a' && isKept && first?.route?.[0]?.destination.host === 'legacy';
  },
  keepsRule: ({ spec }) => spec?.http?.length === 1 && spec.http[0]?.route?.[0]?.destination.host === 'legacy',
  drift: ({ spec }) => ({
    spec: { http: spec?.http?.map((each) => ({ ...each, route: [{ destination: { host: 'shop-2' } }] })) },
  }),
  claim: { spec: { http: [{ route: [{ destination: { host: 'shop-9' } }] }] } },
});

describe('istio', () => {
  const settle = 1_000 * propagationSeconds + 10_000;
  const request = { host: 'shop.example.org', path: '/', headers: {} };
  let cluster: RouterCluster<VirtualService> | undefined;
  afterEach(() => cluster?.stop());

  async function create(definitions = subject.definitions): Promise<RouterCluster<VirtualService>> {
    cluster = await createRouterCluster({ ...subject, definitions });
    return cluster;
  }

  const canary = rule({ backends: [backend('1', 100), backend('2', 0)] });

  test('takes requests in at the Gateways that are named, and else inside the mesh', async () => {
    const { setSplit, advance, objects } = await create();
    await setSplit({ through: 'istio', parentRefs: [...parentRefs, { name: 'own' }], rules: [rule()] });
    await advance(1_000);
    expect((await objects()).get(splitKey.name)?.spec?.gateways).toEqual(['infra/public', 'default/own']);
    await setSplit({ through: 'istio', rules: [rule()] });
    await advance(1_000);
    expect((await objects()).get(splitKey.name)?.spec).not.toHaveProperty('gateways');
  });

  test('answers 503 where nobody has a weight', async () => {
    const { setSplit, advance, objects, model, isConfirmed } = await create();
    await setSplit({ through: 'istio', rules: [rule({ backends: [backend('1', 0)] })] });
    await advance(settle);
    expect((await objects()).get(splitKey.name)?.spec?.http?.[0]?.directResponse).toEqual({ status: 503 });
    expect(model.send(request).service).toBeUndefined();
    expect(await isConfirmed()).toBe(true);
    await setSplit({ through: 'istio', rules: [rule()] });
    await advance(settle);
    expect(model.send(request).service).toBe('shop-1');
    expect(await isConfirmed()).toBe(true);
  });

  test('sends copies of as many requests as asked for, and sets headers beside those of others', async () => {
    const { setSplit, advance, objects, model, isConfirmed, client } = await create();
    const mirror = { service: 'shop-2', port: 80, version: '2', percent: 20 };
    const responseHeaders = { 'X-Frame-Options': 'DENY' };
    await setSplit({ through: 'istio', rules: [{ ...canary, mirror, responseHeaders }] });
    await advance(settle);
    const copies = Array.from({ length: 1_000 }, () => model.send(request)).filter(
      ({ mirrored }) => mirrored === 'shop-2',
    );
    expect(Math.abs(copies.length - 200)).toBeLessThan(60);
    const own = (await objects()).get(splitKey.name)?.spec?.http?.[0];
    const headers = { response: { set: { ...own?.headers?.response?.set, 'X-Team': 'a' } } };
    const body = { spec: { http: [{ ...own, headers }] } };
    await client.patch(istio.type, splitKey, { type: 'merge', body }, { fieldManager: 'kubectl-edit' });
    await setSplit({ through: 'istio', rules: [canary] });
    await advance(settle);
    const after = (await objects()).get(splitKey.name)?.spec?.http?.[0];
    expect(after?.headers?.response?.set).toEqual({ 'X-Team': 'a' });
    expect(after).not.toHaveProperty('mirror');
    expect(await isConfirmed()).toBe(true);
  });

  test('is told which kind is missing', async () => {
    const { setSplit, advance, entry } = await create([]);
    await setSplit({ through: 'istio', rules: [rule()] });
    await advance(1_000);
    expect((await entry())?.conflicts).toEqual([
      'RouterMissing: the API server does not serve VirtualService of networking.istio.io/v1: install Istio (1.22 or later), or choose another router in spec.route.through',
    ]);
  });
});
