/** Back to any version: also to one that the cluster has forgotten. */
import { applications } from '@slipway/delivery/api/application';
import type { KubeClient } from '@slipway/kube/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { passOn } from '../../testing/pass-on.ts';
import { shopSpec, startTestServer, type TestServer } from '../../testing/test-server.ts';

const shop = '/api/v1/namespaces/default/applications/shop';
const releases = '/api/v1/namespaces/default/releases';
const history = { limit: 1, rollbackWindowSeconds: 0 };

let server: TestServer;
/** Is written before the server writes the next time. */
let meanwhile: (() => Promise<unknown>) | undefined;

const overtake = (client: KubeClient): KubeClient => ({
  ...passOn(client),
  update: async (...args) => {
    const write = args[2]?.dryRun === true ? undefined : meanwhile;
    if (write !== undefined) meanwhile = undefined;
    await write?.();
    return await client.update(...args);
  },
});

beforeAll(async () => {
  server = await startTestServer({ through: overtake });
  for (const version of ['1', '2', '3', '4']) {
    await server.cluster.deploy({ ...shopSpec(`web:${version}`), version, replicas: 2, history });
    await server.cluster.advance(60_000);
  }
  while ((await server.call('GET', `${releases}/shop-1`)).body.deletedAt === undefined)
    await server.cluster.advance(10_000);
});
afterAll(() => server.stop());

/** An answer that waits for the controller needs time to go on. */
const ask = (path: string, more: object = {}) => server.during(server.call('POST', path, more));

describe('a version that the cluster has forgotten', () => {
  it('is among the versions that can be compared, any two of them', async () => {
    expect((await server.call('GET', `${shop}/versions`)).body.items).toEqual(['4', '3', '2', '1']);
    const { status, body } = await server.call('GET', `${shop}/difference?from=1&to=2`);
    expect(status).toBe(200);
    expect(body.changes).toContainEqual(expect.objectContaining({ before: 'web:1', after: 'web:2' }));
  });

  it('is nothing to roll back to, which says what is', async () => {
    const { status, body } = await ask(`${shop}/commands`, { body: { verb: 'rollback', version: '1' } });
    expect(status).toBe(409);
    expect(body.detail).toContain(`POST ${releases}/shop-1/again`);
    // What nobody has heard of is for the controller to say.
    expect((await ask(`${shop}/commands`, { body: { verb: 'rollback', version: '0' } })).status).toBe(202);
  });

  it('is released again as it was asked for, by name of who asks, and once under one key', async () => {
    const send = () => ask(`${releases}/shop-1/again`, { headers: { 'idempotency-key': 'back' } });
    const annotations = { seen: 'true' };
    const key = { namespace: 'default', name: 'shop' };
    meanwhile = () =>
      server.cluster.client.patch(applications, key, { type: 'merge', body: { metadata: { annotations } } });
    const first = await send();
    expect(meanwhile).toBe(undefined);
    expect(first).toMatchObject({ status: 202, body: { application: 'shop', version: '1', release: 'shop-1' } });
    expect(first.headers.get('location')).toBe(`${releases}/shop-1`);
    expect((await send()).body).toEqual(first.body);
    // Killed before it could be answered.
    await server.database.query('UPDATE asked_requests SET answer = NULL');
    expect(await send()).toMatchObject({ status: 202, body: first.body });
    await server.cluster.advance(60_000);
    const { spec, status } = await server.cluster.application();
    expect(status?.serving?.version).toBe('1');
    expect(spec).toMatchObject({ replicas: 2, history, template: shopSpec('web:1').template });
    const { body } = await server.call('GET', `${releases}/shop-1`);
    expect(body).toMatchObject({ phase: 'Succeeded', requestedBy: 'admin (as claimed)' });
    expect(body.deletedAt).toBeUndefined();
  });

  it('is not released again where the cluster has it, where there is none, and by nobody who may not', async () => {
    expect((await ask(`${releases}/shop-1/again`)).body.detail).toContain('roll back to it');
    expect((await ask(`${releases}/shop-9/again`)).status).toBe(404);
    const token = await server.tokenFor({ role: 'view', namespaces: ['*'] });
    expect((await ask(`${releases}/shop-2/again`, { token })).status).toBe(403);
  });
});
