import { configMaps, customResourceDefinitions } from '@slipway/kube/resources';
import type { TransportResponse } from '@slipway/kube/transport';
import { text } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';
import { adminIdentity } from './authorization.ts';

let cluster: MemoryCluster;

beforeAll(async () => {
  cluster = await createMemoryCluster();
  await cluster.client.create(configMaps, { metadata: { name: 'c', namespace: 'default' } });
});
afterAll(() => cluster.close());

function get(asked: string, headers: Readonly<Record<string, string>> = {}): Promise<TransportResponse> {
  const [path = '', query = ''] = asked.split('?');
  return cluster.api.handle({ method: 'GET', path, query: new URLSearchParams(query), headers }, adminIdentity);
}

async function bodyOf({ body }: TransportResponse): Promise<unknown> {
  if (body.kind === 'json') return body.value;
  return body.kind === 'bytes' ? JSON.parse(await text(Readable.from(body.chunks))) : undefined;
}

interface Index {
  readonly paths: Readonly<Record<string, { readonly serverRelativeURL: string }>>;
}

interface Table {
  readonly rows: ReadonlyArray<{ readonly object?: { readonly kind: string } }>;
}

async function indexed(path: string): Promise<string> {
  const { paths } = (await bodyOf(await get('/openapi/v3'))) as Index;
  return paths[path]?.serverRelativeURL ?? '';
}

describe('documents of OpenAPI v3', () => {
  it('may be kept for ever under the hash that the index names', async () => {
    const { status, headers } = await get(await indexed('apis/apps/v1'));
    expect(status).toBe(200);
    expect(headers['cache-control']).toContain('immutable');
  });

  it('are elsewhere for who asks by the hash of another one', async () => {
    const { status, headers } = await get('/openapi/v3/apis/apps/v1?hash=OLD');
    expect(status).toBe(301);
    expect(headers['location']).toBe(await indexed('apis/apps/v1'));
  });

  it('have another hash when their kinds change, and those of other groups keep theirs', async () => {
    const schema = { openAPIV3Schema: { type: 'object' } };
    const names = { plural: 'ships', kind: 'Ship' };
    const apps = await indexed('apis/apps/v1');
    await cluster.client.create(customResourceDefinitions, {
      metadata: { name: 'ships.sea.org' },
      spec: {
        group: 'sea.org',
        names,
        scope: 'Namespaced',
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      },
    });
    await expect.poll(() => indexed('apis/sea.org/v1')).toContain('hash=');
    expect(await indexed('apis/apps/v1')).toBe(apps);
  });
});

describe('what is the same as before', () => {
  const v2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

  it.each([
    ['/openapi/v2', {}],
    ['/openapi/v3', {}],
    ['/openapi/v3/api/v1', {}],
    ['/apis', { accept: v2 }],
    ['/api', { accept: v2 }],
  ])('is not sent again: %s', async (path, headers) => {
    const { headers: answered } = await get(path, headers);
    const again = await get(path, { ...headers, 'if-none-match': answered['etag'] ?? '' });
    expect(again.status).toBe(304);
    const among = await get(path, { ...headers, 'if-none-match': `"other", W/${answered['etag'] ?? ''}` });
    expect(among.status).toBe(304);
    expect((await get(path, { ...headers, 'if-none-match': '"other"' })).status).toBe(200);
  });
});

describe('what is accepted', () => {
  const form = (version: string): string =>
    `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
  const openApi = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

  it.each([
    ['/apis', `${form('v2beta1')},${form('v2')}`, 'v=v2beta1'],
    ['/apis', `${form('v3')},${form('v2')},application/json`, 'v=v2;'],
    ['/api', form('v2').replaceAll(';', '; '), 'v=v2;'],
    ['/apis', `application/json;q=0.9,${form('v2')};q=0.8`, undefined],
    ['/apis', `application/json,${form('v2')}`, undefined],
    ['/apis', form('v2').replace('APIGroupDiscoveryList', 'Table') + ',*/*', undefined],
    ['/openapi/v2', `${openApi},application/json`, 'protobuf'],
    ['/openapi/v2', `application/json,${openApi}`, 'application/json'],
  ])('is answered in its order: %s as %s', async (path, accept, type) => {
    const { headers, status } = await get(path, { accept });
    expect(status).toBe(200);
    expect(headers['content-type'] ?? 'undefined').toContain(String(type));
  });

  it.each(['text/html', form('v3')])('is not made up: %s', async (accept) => {
    await expect(get('/apis', { accept })).resolves.toMatchObject({ status: 406 });
  });
});

describe('metadata', () => {
  const as = (kind: string): object => ({ accept: `application/json;as=${kind};v=v1;g=meta.k8s.io` });
  const collection = '/api/v1/namespaces/default/configmaps';

  it.each([
    [collection, 'PartialObjectMetadata', 'a list (*core.ConfigMapList)'],
    [`${collection}/c`, 'PartialObjectMetadataList', 'not a list (*core.ConfigMap)'],
    ['/apis/rbac.authorization.k8s.io/v1/clusterroles', 'PartialObjectMetadata', 'a list (*rbac.ClusterRoleList)'],
  ])('of %s is not to be had as %s', async (path, kind, what) => {
    const { status, body } = await get(path, { ...as(kind) });
    expect(status).toBe(406);
    expect(body).toMatchObject({ value: { message: `you requested ${kind}, but the requested object is ${what}` } });
  });

  it('is not asked for in vain of something that is written', async () => {
    const asked = { method: 'POST', path: collection, query: new URLSearchParams() };
    const body = { json: { metadata: { name: 'vain' } } };
    const headers = { ...as('PartialObjectMetadataList') };
    expect(await cluster.api.handle({ ...asked, headers, body }, adminIdentity)).toMatchObject({ status: 406 });
    expect((await get(`${collection}/vain`)).status).toBe(404);
  });
});

describe('a table', () => {
  const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
  const path = '/api/v1/namespaces/default/configmaps/c';

  it.each([
    ['', 'PartialObjectMetadata'],
    ['?includeObject=Metadata', 'PartialObjectMetadata'],
    ['?includeObject=Object', 'ConfigMap'],
    ['?includeObject=None', undefined],
  ])('carries what is asked for beside its cells: %s', async (query, kind) => {
    const body = (await bodyOf(await get(path + query, table))) as Table;
    expect(body.rows.map(({ object }) => object?.kind)).toEqual([kind]);
  });

  it('carries nothing that there is not', async () => {
    expect((await get(`${path}?includeObject=All`, table)).status).toBe(400);
  });
});

it('a form that there is not is refused before anything is written', async () => {
  const path = '/api/v1/namespaces/default/configmaps';
  const asked = { method: 'POST', path, query: new URLSearchParams(), headers: { accept: 'application/xml' } };
  const { status } = await cluster.api.handle({ ...asked, body: { json: { metadata: { name: 'x' } } } }, adminIdentity);
  expect(status).toBe(406);
  expect((await get(`${path}/x`)).status).toBe(404);
});

it.each(['/version', '/apis', '/api/v1', '/openapi/v3'])('%s is only read', async (path) => {
  const asked = { path, query: new URLSearchParams(), headers: {} };
  const posted = await cluster.api.handle({ ...asked, method: 'POST' }, adminIdentity);
  expect([posted.status, (await get(path)).status]).toEqual([405, 200]);
});

describe('health', () => {
  const said = async (asked: string): Promise<string> => {
    const { status, body } = await get(asked);
    return body.kind === 'bytes' ? await text(Readable.from(body.chunks)) : String(status);
  };

  it('is told check by check to who asks', async () => {
    expect(await said('/readyz')).toBe('ok');
    expect(await said('/readyz?verbose&exclude=log')).toBe('[+]ping ok\n[+]log excluded: ok\nreadyz check passed\n');
    expect(await said('/livez/ping')).toBe('ok');
    expect(await said('/livez/nothing')).toBe('404');
  });

  it('says nothing of what it does not look at', async () => {
    expect(await said('/readyz?verbose')).not.toContain('etcd');
    expect(await said('/readyz/etcd')).toBe('404');
  });
});
