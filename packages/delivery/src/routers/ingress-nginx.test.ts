import type { Ingress, IngressRule } from '@slipway/kube/api.generated';
import { afterEach, describe, expect, test } from 'vitest';
import { backend, describeRouter, rule } from '../../testing/router-contract.ts';
import { canaryIngressModel } from '../../testing/routers/canary-ingress-model.ts';
import {
  createRouterCluster,
  propagationSeconds,
  splitKey,
  type RouterCluster,
} from '../../testing/routers/router-cluster.ts';
import { canaryAnnotations, ingressNginx } from './ingress-nginx.ts';

const subject = { router: ingressNginx, model: canaryIngressModel, definitions: [] };

function leadingTo(name: string, host: string, path: string): IngressRule {
  return {
    host,
    http: { paths: [{ path, pathType: 'Prefix', backend: { service: { name, port: { number: 80 } } } }] },
  };
}

const legacy = leadingTo('legacy', 'legacy.example.org', '/');
const help = leadingTo('help', 'shop.example.org', '/help').http?.paths ?? [];

function leadsTo({ spec }: Ingress, name: string): boolean {
  return (spec?.rules ?? []).some(
    ({ http }) => http?.paths.some(({ backend: to }) => to.service?.name === name) === true,
  );
}

describeRouter<Ingress>({
  ...subject,
  weightsIn: 'shop-canary',
  additions: ({ spec }) => {
    const [own] = spec?.rules ?? [];
    const rules = [{ ...own, http: { paths: [...(own?.http?.paths ?? []), ...help] } }, legacy];
    return { metadata: { annotations: { 'nginx.ingress.kubernetes.io/proxy-body-size': '8m' } }, spec: { rules } };
  },
  keeps: (ingress) =>
    ingress.metadata.annotations?.['nginx.ingress.kubernetes.io/proxy-body-size'] === '8m' &&
    leadsTo(ingress, 'help') &&
    leadsTo(ingress, 'legacy'),
  keepsRule: (ingress) => leadsTo(ingress, 'legacy') && leadsTo(ingress, 'help'),
  drift: () => ({ metadata: { annotations: { [canaryAnnotations.weight]: '100' } } }),
  claim: { spec: { rules: [leadingTo('shop-9', 'shop.example.org', '/')] } },
});

describe('ingressNginx', () => {
  const settle = 1_000 * propagationSeconds + 10_000;
  const request = { host: 'shop.example.org', path: '/', headers: {} };
  const canary = rule({ backends: [backend('1', 100), backend('2', 0)] });
  let cluster: RouterCluster<Ingress> | undefined;
  afterEach(() => cluster?.stop());

  async function create(): Promise<RouterCluster<Ingress>> {
    cluster = await createRouterCluster(subject);
    return cluster;
  }

  test.each([
    [
      'by the beginning of a header',
      { headers: [{ name: 'X-Group', prefix: 'be.' }] },
      { 'x-group': 'be.ta' },
      { 'x-group': 'beXta' },
    ],
    ['by a header that is there', { headers: [{ name: 'X-Group' }] }, { 'x-group': '' }, {}],
    [
      'by a cookie',
      { cookies: [{ name: 'beta', exact: 'always' }] },
      { cookie: 'a=b; beta=always' },
      { cookie: 'beta=no' },
    ],
  ])('leads users %s', async (_, conditions, fitting: Record<string, string>, other: Record<string, string>) => {
    const { setSplit, advance, model, isConfirmed } = await create();
    await setSplit({
      through: 'ingressNginx',
      rules: [{ ...canary, matches: [{ ...conditions, service: 'shop-2' }] }],
    });
    await advance(settle);
    expect(model.count({ ...request, headers: fitting }, 10)).toEqual({ 'shop-2': 10 });
    expect(model.count({ ...request, headers: other }, 10)).toEqual({ 'shop-1': 10 });
    expect(await isConfirmed()).toBe(true);
  });

  test('leads everybody by the main Ingress again when a release is over, and keeps the class of somebody else', async () => {
    const { setSplit, advance, objects, client } = await create();
    await setSplit({ through: 'ingressNginx', rules: [canary] });
    await advance(settle);
    expect([...(await objects()).keys()].toSorted()).toEqual(['shop', 'shop-canary']);
    const body = { spec: { ingressClassName: 'internal' } };
    await client.patch(ingressNginx.type, splitKey, { type: 'merge', body }, { fieldManager: 'kubectl-edit' });
    await setSplit({ through: 'ingressNginx', rules: [rule({ backends: [backend('1', 0), backend('2', 100)] })] });
    await advance(settle);
    await setSplit({ through: 'ingressNginx', rules: [rule({ backends: [backend('2', 100)] })] });
    await advance(settle);
    const [main, ...others] = (await objects()).values();
    expect(others).toEqual([]);
    expect(main?.spec?.ingressClassName).toBe('internal');
    expect(main === undefined ? false : leadsTo(main, 'shop-2')).toBe(true);
  });

  test('writes certificate and redirection as an Ingress has them', async () => {
    const { setSplit, advance, objects } = await create();
    const more = { tls: { secretName: 'shop-tls' }, redirectWww: true };
    await setSplit({ through: 'ingressNginx', rules: [rule(more)] });
    await advance(1_000);
    const main = (await objects()).get(splitKey.name);
    expect(main?.spec?.tls).toEqual([{ hosts: ['shop.example.org'], secretName: 'shop-tls' }]);
    expect(main?.metadata.annotations?.['nginx.ingress.kubernetes.io/from-to-www-redirect']).toBe('true');
    await setSplit({ through: 'ingressNginx', rules: [rule()] });
    await advance(1_000);
    const after = (await objects()).get(splitKey.name);
    expect(after?.spec?.tls).toBeUndefined();
    expect(after?.metadata.annotations).not.toHaveProperty(['nginx.ingress.kubernetes.io/from-to-www-redirect']);
  });
});
