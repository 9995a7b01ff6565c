import { configMaps, secrets } from '@slipway/kube/resources';
import { environmentName } from '@slipway/delivery/api/environment';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shopSpec, startTestServer, type CallOptions, type TestServer } from '../../testing/test-server.ts';

const path = '/api/v1/environments/default/variables';
const key = { namespace: 'default', name: environmentName };
const word = 'sesame-opens';

describe('the variables of a namespace', () => {
  let server: TestServer;
  const put = (variables: readonly object[], options: CallOptions = {}) =>
    server.call('PUT', path, { ...options, body: { variables } });
  const patch = (body: object) => server.call('PATCH', path, { body });

  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  it('are none at first', async () => {
    const { status, body, headers } = await server.call('GET', path);
    expect([status, body, headers.get('etag')]).toEqual([200, { items: [] }, '"none"']);
  });

  it('are kept in the cluster, and those that are secret in a Secret', async () => {
    const { status, body } = await put([
      { name: 'LEVEL', value: 'info' },
      { name: 'DB_KEY', value: word, secret: true },
    ]);
    const items = [
      { name: 'DB_KEY', secret: true },
      { name: 'LEVEL', value: 'info', secret: false },
    ];
    expect([status, body]).toEqual([200, { items }]);
    expect((await server.call('GET', path)).body).toEqual({ items });
    expect((await server.cluster.client.get(configMaps, key)).data).toEqual({ LEVEL: 'info' });
    expect((await server.cluster.client.get(secrets, key)).data).toEqual({
      DB_KEY: Buffer.from(word).toString('base64'),
    });
  });

  it('are what the next release is given, which says what is new and shows no secret', async () => {
    const release = async (version: string) => {
      await server.cluster.deploy({ ...shopSpec(`web:${version}`), version });
      await server.cluster.advance(60_000);
    };
    await release('1');
    await patch({
      variables: [
        { name: 'LEVEL', value: 'debug' },
        { name: 'DB_KEY', value: `${word}-again` },
      ],
    });
    await release('2');
    const { body } = await server.call('GET', '/api/v1/namespaces/default/applications/shop/difference?from=1&to=2');
    expect(body.changes).toEqual(
      expect.arrayContaining([
        { part: `ConfigMap/${environmentName}`, field: 'LEVEL', type: 'changed', before: 'info', after: 'debug' },
        { part: `Secret/${environmentName}`, field: 'DB_KEY', type: 'changed' },
      ]),
    );
  });

  it('are changed only where they are as they were read', async () => {
    const { headers } = await server.call('GET', path);
    const etag = headers.get('etag') ?? '';
    const unchanged = await server.call('GET', path, { headers: { 'if-none-match': etag } });
    expect([unchanged.status, unchanged.body]).toEqual([304, '']);
    const given = { headers: { 'if-match': etag } };
    const wanted = [{ name: 'DB_KEY' }, { name: 'LEVEL', value: 'warn' }];
    const first = await put(wanted, given);
    expect([first.status, first.headers.get('etag') === etag]).toEqual([200, false]);
    expect((await put(wanted, given)).status).toBe(412);
    expect((await server.call('DELETE', path, given)).status).toBe(412);
    expect((await put(wanted, { headers: { 'if-match': '*' } })).status).toBe(200);
  });

  it('are all there when several people set some at once', async () => {
    const names = ['A', 'B', 'C', 'D', 'E'];
    const all = await Promise.all(
      names.map((name, index) => patch({ variables: [{ name, value: name, secret: index % 2 === 0 }] })),
    );
    expect(all.map(({ status }) => status)).toEqual(names.map(() => 200));
    const { body } = await server.call('GET', path);
    expect(body.items.map(({ name }: { readonly name: string }) => name)).toEqual([
      'A',
      'B',
      'C',
      'D',
      'DB_KEY',
      'E',
      'LEVEL',
    ]);
    expect((await patch({ remove: names })).body.items).toHaveLength(2);
  });

  it('are told with every fault, and without a value', async () => {
    const { status, body } = await put([
      { name: 'DB_KEY', secret: false },
      { name: 'NEW' },
      { name: 'POD_NAME', value: word },
    ]);
    expect(status).toBe(422);
    expect(body.errors).toMatchObject([
      { field: 'body/variables/0/value' },
      { field: 'body/variables/1/value' },
      { field: 'body/variables/2/name' },
    ]);
    const refused = await put([{ name: '1A', value: `${word}\0` }]);
    expect(refused.status).toBe(400);
    expect(JSON.stringify([body, refused.body])).not.toContain(word);
  });

  it('are of a namespace that there is', async () => {
    const body = { variables: [{ name: 'A', value: '1' }] };
    expect((await server.call('PATCH', '/api/v1/environments/nowhere/variables', { body })).status).toBe(404);
  });

  it('are seen by who may look, and changed by who may release', async () => {
    const token = await server.tokenFor({ role: 'view', namespaces: ['default'] });
    expect((await server.call('GET', path, { token })).status).toBe(200);
    expect((await put([], { token })).status).toBe(403);
    const other = await server.tokenFor({ role: 'operate', namespaces: ['other'] });
    expect((await server.call('GET', path, { token: other })).status).toBe(403);
    const operator = await server.tokenFor({ role: 'operate', namespaces: ['default'] });
    const named = { body: { remove: ['NONE'] }, token: operator };
    expect((await server.call('PATCH', path, named)).status).toBe(200);
  });

  it('are in nothing that is kept or exported where they are secret', async () => {
    const [audit, exported, releases] = await Promise.all([
      server.call('GET', '/api/v1/audit'),
      server.call('GET', '/api/v1/export'),
      server.call('GET', '/api/v1/namespaces/default/releases/shop-2'),
    ]);
    const all = JSON.stringify([audit.body, exported.body, releases.body]);
    expect(all).toContain('DB_KEY');
    for (const hidden of [word, Buffer.from(word).toString('base64').slice(0, 12)]) expect(all).not.toContain(hidden);
  });

  it('go all at once, and nothing is left of them', async () => {
    expect((await server.call('DELETE', path)).status).toBe(204);
    expect((await server.call('GET', path)).headers.get('etag')).toBe('"none"');
    await expect(server.cluster.client.get(secrets, key)).rejects.toThrow('not found');
  });
});
