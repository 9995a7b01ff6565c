import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shopSpec, startTestServer, type TestServer } from '../../testing/test-server.ts';

const shop = '/api/v1/namespaces/default/applications/shop';

describe('the audit', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
    await server.cluster.deploy({ ...shopSpec('web:1'), version: '1' });
    await server.cluster.advance(5_000);
  });
  afterAll(() => server.stop());

  it('notes who changed what, without what is secret', async () => {
    await server.call('POST', '/api/v1/session', { body: { token: server.token } });
    const { body } = await server.call('GET', '/api/v1/audit');
    expect(body.items[0]).toMatchObject({ principal: 'admin', action: 'POST /api/v1/session', outcome: '201' });
    expect(JSON.stringify(body)).not.toContain(server.token);
  });

  it('notes why something was not done, and which fields were at fault', async () => {
    const last = async () => (await server.call('GET', '/api/v1/audit?limit=1')).body.items[0];
    await server.call('POST', '/api/v1/namespaces/default/applications/nobody/commands', { body: { verb: 'pause' } });
    expect(await last()).toMatchObject({ outcome: '404', details: { refusal: expect.stringContaining('nobody') } });
    await server.call('POST', `${shop}/commands`, { body: { verb: 'explode' } });
    expect(await last()).toMatchObject({ outcome: '400', details: { refusal: 'Bad Request: body/verb' } });
    const spec = { ...shopSpec('web:1'), version: '1', replicas: -7 };
    await server.call('PUT', shop, { body: { spec } });
    expect(await last()).toMatchObject({
      outcome: '422',
      details: { refusal: 'Unprocessable Content: spec.replicas' },
    });
    await server.call('POST', `${shop}/commands`, { body: { verb: 'pause' } });
    expect(await last()).not.toHaveProperty('details.refusal');
  });

  it('notes no dry run, and everything that only calls itself one', async () => {
    const last = async () => (await server.call('GET', '/api/v1/audit?limit=1')).body.items[0];
    const before = await last();
    await server.call('PUT', `${shop}?dryRun=true`, { body: { spec: {} } });
    expect((await last()).id).toBe(before.id);
    await server.call('POST', `${shop}/commands?dryRun=true`, { body: { verb: 'pause' } });
    expect(await last()).toMatchObject({ action: expect.stringContaining('commands'), outcome: '202' });
  });

  it('takes no body but JSON, and notes none that is no object', async () => {
    const command = `${shop}/commands`;
    const secret = 'slipway_of-somebody';
    const sent = (body: string, type: string) =>
      server.call('POST', command, { body, headers: { 'content-type': type } });
    expect((await sent(secret, 'text/plain')).status).toBe(415);
    expect((await sent(JSON.stringify(secret), 'application/json')).status).toBe(400);
    expect((await sent(JSON.stringify([secret]), 'application/json')).status).toBe(400);
    const { body } = await server.call('GET', '/api/v1/audit');
    expect(JSON.stringify(body)).not.toContain(secret);
    expect(body.items[0].details.body).toEqual({ type: 'array', length: 1 });
  });

  it('notes who it was that was refused, and nothing where nobody knows him', async () => {
    const { body: before } = await server.call('GET', '/api/v1/audit?limit=1');
    const login = await server.call('POST', '/api/v1/session', { token: '', body: { token: server.token } });
    const cookie = (login.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const command = { token: '', body: { verb: 'abort' } };
    expect((await server.call('POST', `${shop}/commands`, { ...command, headers: { cookie } })).status).toBe(403);
    expect((await server.call('POST', `${shop}/commands`, command)).status).toBe(401);
    const { body } = await server.call('GET', '/api/v1/audit');
    const since = body.items.filter(({ id }: { id: number }) => id > before.items[0].id);
    expect(since).toMatchObject([
      { principal: 'admin', action: expect.stringContaining('/commands'), outcome: '403' },
      { principal: 'admin', action: 'POST /api/v1/session' },
    ]);
  });
});
