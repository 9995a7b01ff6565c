import { applications } from '@slipway/delivery/api/application';
import { createCommand, releaseCommands } from '@slipway/delivery/api/release-command';
import type { KubeClient } from '@slipway/kube/client';
import { StatusError } from '@slipway/kube/status-error';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { passOn } from '../../testing/pass-on.ts';
import { shopSpec, startTestServer, type Answer, type TestServer } from '../../testing/test-server.ts';
import { createOnce } from './create-once.ts';

const shop = '/api/v1/namespaces/default/applications/shop';

/** Of the server too. */
const hide = (client: KubeClient): KubeClient => ({
  ...passOn(client),
  get: async (type, key, ...more) => {
    if (key.name === 'hidden') throw new StatusError('Forbidden', 'you may not read hidden');
    return await client.get(type, key, ...more);
  },
});

describe('the API', () => {
  let server: TestServer;
  let created: Answer;

  beforeAll(async () => {
    server = await startTestServer({ through: hide });
    [created] = await Promise.all([
      server.call('POST', '/api/v1/namespaces/default/applications', {
        body: { name: 'shop', spec: { ...shopSpec('web:1'), version: '1' } },
      }),
      server.cluster.advance(4_000),
    ]);
    await server.cluster.advance(5_000);
  });
  afterAll(() => server.stop());

  it('accepts an application, and says where it is and what was begun', () => {
    expect(created).toMatchObject({ status: 202, body: { name: 'shop', generation: 1, release: 'shop-1' } });
    expect(created.headers.get('location')).toBe(shop);
  });

  it('shows an application with what serves', async () => {
    const { status, body } = await server.call('GET', shop);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      namespace: 'default',
      name: 'shop',
      strategy: 'blueGreen',
      serving: { version: '1', release: 'shop-1' },
      split: { 1: 100 },
      spec: { version: '1' },
    });
  });

  it('says in its document which requests may be conditional', async () => {
    const { paths } = (await server.call('GET', '/api/v1/openapi.json')).body;
    const parts = ['applications/{name}', 'releases/{name}'].map((part) => `/api/v1/namespaces/{namespace}/${part}`);
    const named = [...parts, '/api/v1/environments/{namespace}/variables'].map((path) =>
      Object.entries<{ parameters: ReadonlyArray<{ in: string; name: string }> }>(paths[path]).map(
        ([method, { parameters }]) => [
          method,
          ...parameters.filter((each) => each.in === 'header').map(({ name }) => name),
        ],
      ),
    );
    const both = ['if-match', 'if-none-match'];
    expect(named).toEqual([
      [
        ['get', 'if-none-match'],
        ['put', ...both],
        ['delete', ...both],
      ],
      [['get', 'if-none-match']],
      [
        ['get', 'if-none-match'],
        ['put', 'if-match'],
        ['patch', 'if-match'],
        ['delete', 'if-match'],
      ],
    ]);
  });

  it('answers that nothing has changed since', async () => {
    const etag = (await server.call('GET', shop)).headers.get('etag') ?? '';
    expect((await server.call('GET', shop, { headers: { 'if-none-match': etag } })).status).toBe(304);
    expect((await server.call('GET', shop, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
    expect((await server.call('GET', shop, { headers: { 'if-none-match': `"other", W/${etag}` } })).status).toBe(304);
    const release = '/api/v1/namespaces/default/releases/shop-1';
    const known = { headers: { 'if-none-match': (await server.call('GET', release)).headers.get('etag') ?? '' } };
    expect((await server.call('GET', release, known)).status).toBe(304);
    expect((await server.call('GET', release, { headers: { 'if-none-match': etag } })).status).toBe(200);
  });

  it('lists applications page by page', async () => {
    const { body } = await server.call('GET', '/api/v1/applications?limit=1');
    expect(body.items).toMatchObject([{ name: 'shop' }]);
    expect(body.next).toBeUndefined();
    expect((await server.call('GET', '/api/v1/applications?search=nothing')).body.items).toEqual([]);
  });

  it('keeps the release with its log', async () => {
    const { body: page } = await server.call('GET', '/api/v1/releases?application=shop');
    expect(page.items).toMatchObject([{ name: 'shop-1', version: '1', phase: 'Succeeded' }]);
    const { body: release } = await server.call('GET', '/api/v1/namespaces/default/releases/shop-1');
    expect(release).toMatchObject({ spec: { version: '1' }, status: { phase: 'Succeeded' } });
    const { body: log } = await server.call('GET', '/api/v1/namespaces/default/releases/shop-1/log?after=2&limit=3');
    expect(log.items.map(({ number }: { number: number }) => number)).toEqual([3, 4, 5]);
    expect(log.length).toBe(release.logLength);
  });

  it('says who asked for a release, and of a change by other means nobody', async () => {
    const path = '/api/v1/namespaces/default/applications/asked';
    const askedBy = async (version: string) => {
      await server.cluster.advance(20_000);
      return (await server.call('GET', `/api/v1/namespaces/default/releases/asked-${version}`)).body.requestedBy;
    };
    const put = (version: string) =>
      server.call('PUT', path, { body: { spec: { ...shopSpec(`web:${version}`), version } } });
    await put('1');
    expect(await askedBy('1')).toBe('admin (as claimed)');
    const { client } = server.cluster;
    const body = { spec: { ...shopSpec('web:2'), version: '2' } };
    await client.patch(applications, { namespace: 'default', name: 'asked' }, { type: 'merge', body });
    expect(await askedBy('2')).toBeUndefined();
    await put('2');
    await put('3');
    expect(await askedBy('3')).toBe('admin (as claimed)');
    await server.call('DELETE', path);
    await server.cluster.advance(20_000);
  });

  it('tries a manifest without changing anything', async () => {
    const body = { spec: { ...shopSpec('web:2'), version: '2', replicas: -1 } };
    const refused = await server.call('PUT', `${shop}?dryRun=true`, { body });
    expect(refused).toMatchObject({ status: 422, body: { title: 'Unprocessable Content', status: 422 } });
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    expect(refused.body.errors).toMatchObject([{ field: 'spec.replicas' }]);
    expect((await server.call('GET', shop)).body.generation).toBe(1);
  });

  it('says in a dry run what the controller would not release, all at once', async () => {
    const service = { ports: [{ name: 'http', port: 80, targetPort: 'web' }] };
    const body = { spec: { ...shopSpec('web:9'), version: '1', service } };
    const refused = await server.call('PUT', `${shop}?dryRun=true`, { body });
    expect(refused).toMatchObject({ status: 422, body: { detail: expect.stringContaining('would not be released') } });
    expect(refused.body.errors).toEqual([
      { field: 'spec.service.ports[0].targetPort', message: expect.stringContaining('web') },
      { field: 'spec.version', message: expect.stringContaining('exists with other content') },
    ]);
    const fine = { spec: { ...shopSpec('web:9'), version: '9' } };
    expect((await server.call('PUT', `${shop}?dryRun=true`, { body: fine })).status).toBe(200);
    expect((await server.call('GET', shop)).body.generation).toBe(1);
  });

  it('says in a dry run whether the API server would take the pods, with what else is wrong, each at its field', async () => {
    const { template, ...rest } = shopSpec('');
    const limited = template.spec.containers.map((container) => ({
      ...container,
      ports: [{ containerPort: 99_999 }],
    }));
    const wrong = { template: { spec: { containers: limited } }, dependsOn: ['tried'] };
    const strategy = { type: 'blueGreen', blueGreen: { previewHosts: ['look.localhost'] } };
    const body = { name: 'tried', spec: { ...rest, ...wrong, replicas: -1, strategy } };
    const path = '/api/v1/namespaces/default/applications?dryRun=true';
    const refused = await server.call('POST', path, { body });
    expect(refused.status).toBe(422);
    expect(refused.body.errors.map(({ field }: { readonly field: string }) => field).toSorted()).toEqual([
      'spec.dependsOn',
      'spec.replicas',
      'spec.service.ports[0].targetPort',
      'spec.strategy.blueGreen.previewHosts',
      'spec.template.spec.containers[0].image',
      'spec.template.spec.containers[0].ports[0].containerPort',
    ]);
    const checked = { name: 'tried', spec: { ...body.spec, checks: [{ name: 'errors' }] } };
    const { body: other } = await server.call('POST', path, { body: checked });
    expect(other.errors.map(({ field }: { readonly field: string }) => field).toSorted()).toEqual([
      'spec.checks[0].provider',
      'spec.checks[0].successWhen',
      'spec.replicas',
      'spec.template.spec.containers[0].image',
      'spec.template.spec.containers[0].ports[0].containerPort',
    ]);
  });

  it.each([
    { name: 'no spec', template: { spec: null } },
    { name: 'a container that is nothing', template: { spec: { containers: [null] } } },
    { name: 'variables that are nothing', template: { spec: { containers: [{ name: 'web', envFrom: [null] }] } } },
    { name: 'text in place of a list', template: { spec: { containers: [{ name: 'web', image: 'a', env: 'b' }] } } },
    { name: 'nothing in place of one', template: { spec: { containers: [{ name: 'web', image: 'a', env: null }] } } },
  ])('says in a dry run what is wrong with a template of $name', async ({ template }) => {
    const body = { name: 'tried', spec: { template, replicas: -1 } };
    const refused = await server.call('POST', '/api/v1/namespaces/default/applications?dryRun=true', { body });
    expect(refused.status).toBe(422);
    expect(refused.body.errors).not.toEqual([]);
  });

  it('says in a dry run that variables of nothing cannot be', async () => {
    const body = { spec: { ...shopSpec('web:9'), environmentFrom: [null] } };
    const refused = await server.call('PUT', `${shop}?dryRun=true`, { body });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ field: 'spec.environmentFrom[0]' }] } });
  });

  it('says in a dry run what the version would lack', async () => {
    const environmentFrom = [{ secretRef: { name: 'nowhere' } }];
    const body = { spec: { ...shopSpec('web:9'), version: '9', environmentFrom } };
    expect((await server.call('PUT', `${shop}?dryRun=true`, { body })).body).toMatchObject({
      status: 422,
      errors: [{ field: 'spec', message: expect.stringContaining('does not exist: Secret/nowhere; create it') }],
    });
  });

  it('says in a dry run of what it may not read that it knows nothing', async () => {
    const environmentFrom = [{ secretRef: { name: 'hidden' } }];
    const body = { spec: { ...shopSpec('web:9'), version: '9', environmentFrom } };
    const unread = ['Secret/hidden'];
    expect(await server.call('PUT', `${shop}?dryRun=true`, { body })).toMatchObject({ status: 200, body: { unread } });
    const other = { name: 'other', ...body };
    expect(
      await server.call('POST', '/api/v1/namespaces/default/applications?dryRun=true', { body: other }),
    ).toMatchObject({ status: 200, body: { unread } });
  });

  it('creates nothing over what is there', async () => {
    const body = { name: 'shop', spec: { ...shopSpec('web:9'), version: '9' } };
    expect(await server.call('POST', '/api/v1/namespaces/default/applications', { body })).toMatchObject({
      status: 409,
    });
  });

  it('replaces only the state that a caller has seen', async () => {
    const body = { spec: { ...shopSpec('web:9'), version: '9' } };
    const headers = { 'if-match': '"of yesterday"' };
    expect(await server.call('PUT', shop, { body, headers })).toMatchObject({ status: 412 });
  });

  it('names all that is wrong with a request', async () => {
    const { status, body } = await server.call('POST', `${shop}/commands`, { body: { verb: 'explode', extra: 1 } });
    expect(status).toBe(400);
    expect(body.errors.map(({ field }: { field: string }) => field)).toEqual(
      expect.arrayContaining(['body', 'body/verb']),
    );
  });

  it('says what came of a command, which is one however often it is sent', async () => {
    const headers = { 'idempotency-key': 'one' };
    const send = () => server.call('POST', `${shop}/commands`, { body: { verb: 'promote' }, headers });
    const [first, second] = [await send(), await send()];
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.body.name).toBe(first.body.name);
    await server.cluster.advance(1_000);
    const { body } = await server.call('GET', first.headers.get('location') ?? '');
    expect(body).toMatchObject({ outcome: 'refused' });
    expect(body.message).not.toBe('');
  });

  it('refuses another request under the key of an earlier one, and lets others have the same key', async () => {
    const send = (body: object, token = server.token) =>
      server.call('POST', `${shop}/commands`, { token, body, headers: { 'idempotency-key': 'two' } });
    const first = await send({ verb: 'rollback', version: '1' });
    expect(await send({ verb: 'abort' })).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'headers/idempotency-key' }] },
    });
    // Tokens of one name are not one caller.
    const [one, other] = [
      await server.tokenFor({ role: 'admin', namespaces: ['*'] }),
      await server.tokenFor({ role: 'admin', namespaces: ['*'] }),
    ];
    const names = [first, await send({ verb: 'pause' }, one), await send({ verb: 'pause' }, other)].map(
      ({ body }) => body.name,
    );
    expect(new Set(names).size).toBe(3);
    await server.cluster.advance(1_000);
    expect((await send({ verb: 'abort' })).status).toBe(422);
    expect((await send({ verb: 'rollback', version: '2' })).status).toBe(422);
    expect(await send({ verb: 'rollback', version: '1' })).toMatchObject({
      status: 202,
      body: { name: first.body.name, outcome: expect.stringMatching(/accepted|refused/) },
    });
  });

  it('tells a request that is sent again from another one while it waits', async () => {
    const taken = createCommand('rollback', 'shop', { namespace: 'default', name: 'taken', version: '1' });
    const client = {
      ...server.cluster.client,
      create: () => Promise.reject(new StatusError('AlreadyExists', 'taken')),
      get: () => Promise.resolve(structuredClone(taken)),
    } as unknown as KubeClient;
    const again = createCommand('rollback', 'shop', { namespace: 'default', name: 'taken', version: '1' });
    await createOnce(client, releaseCommands, again);
    const other = createCommand('rollback', 'shop', { namespace: 'default', name: 'taken', version: '2' });
    await expect(createOnce(client, releaseCommands, other)).rejects.toMatchObject({ status: 422 });
  });

  it('makes the whole spec what it was told, whoever wrote what was there', async () => {
    const path = '/api/v1/namespaces/default/applications/whole';
    const put = (spec: object, headers = {}) => server.call('PUT', `${path}?dryRun=false`, { body: { spec }, headers });
    const paused = { ...shopSpec('web:1'), paused: true };
    const write = async (asked: Promise<Answer>) => (await Promise.all([asked, server.cluster.advance(4_000)]))[0];
    const create = { body: { name: 'whole', spec: { ...paused, replicas: 2, version: '1' } } };
    expect((await write(server.call('POST', '/api/v1/namespaces/default/applications', create))).status).toBe(202);
    expect((await write(put({ ...paused, version: '1' }))).status).toBe(202);
    expect((await server.call('GET', path)).body.spec).toMatchObject({ replicas: 1, version: '1' });
    const etag = (await server.call('GET', path)).headers.get('etag') ?? '';
    expect((await write(put({ ...paused, replicas: 3, version: '1' }, { 'if-match': etag }))).status).toBe(202);
    expect((await put({ ...paused, version: '1' }, { 'if-match': etag })).status).toBe(412);
    expect((await write(put({ ...paused, version: '1' }))).status).toBe(202);
    expect((await server.call('GET', path)).body.spec).toMatchObject({ replicas: 1 });
    expect((await put(paused, { 'if-none-match': '*' })).status).toBe(412);
    const now = (await server.call('GET', path)).headers.get('etag') ?? '';
    expect((await put({ ...paused, version: '1' }, { 'if-none-match': `${etag}, ${now}` })).status).toBe(412);
    const both = (other: string) =>
      put({ ...paused, replicas: 2, version: '1' }, { 'if-match': now, 'if-none-match': other });
    expect((await both('*')).status).toBe(412);
    expect((await both(now)).status).toBe(412);
    expect((await write(both(etag))).status).toBe(202);
    expect((await write(put({ ...paused, replicas: 3, version: '1' }, { 'if-none-match': etag }))).status).toBe(202);
    expect((await server.call('DELETE', path, { headers: { 'if-match': etag } })).status).toBe(412);
    expect((await server.call('DELETE', path)).status).toBe(202);
  });

  it('has no application where there is none', async () => {
    expect(await server.call('GET', `${shop}x`)).toMatchObject({
      status: 404,
      body: { status: 404, title: 'Not Found' },
    });
    expect((await server.call('POST', `${shop}x/commands`, { body: { verb: 'abort' } })).status).toBe(404);
  });

  it('refuses a cursor that no page ended with', async () => {
    expect((await server.call('GET', '/api/v1/releases?cursor=x')).status).toBe(400);
    expect((await server.call('GET', '/api/v1/audit?cursor=x')).status).toBe(400);
    const forged = Buffer.from(JSON.stringify(['\0', 'x'])).toString('base64url');
    expect((await server.call('GET', `/api/v1/releases?cursor=${forged}`)).status).toBe(400);
  });

  it.each([
    '/api/v1/releases?version=1%00',
    '/api/v1/releases?version=1%0a',
    '/api/v1/namespaces/default/releases/shop-1%00',
    '/api/v1/namespaces/default/releases/shop-1/log?after=2147483648',
    '/api/v1/namespaces/default/releases/shop-1/log?after=1e300',
  ])('refuses %s as what it cannot be', async (path) => {
    expect((await server.call('GET', path)).status).toBe(400);
    expect((await server.call('DELETE', '/api/v1/tokens/a%00')).status).toBe(400);
  });

  it('describes itself', async () => {
    const { body } = await server.call('GET', '/api/v1/openapi.json', { token: '' });
    expect(body.openapi).toBe('3.1.0');
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining(['/api/v1/applications', '/api/v1/namespaces/{namespace}/applications/{name}/commands']),
    );
  });
});
