import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../testing/test-server.ts';

describe('a link that logs in', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  const follow = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
    const response = await fetch(new URL(path, server.server.url), { redirect: 'manual', headers });
    const cookie = (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    await response.body?.cancel();
    return { status: response.status, location: response.headers.get('location'), cookie };
  };

  const make = async (token?: string) => {
    const { status, body } = await server.call('POST', '/api/v1/session/links', token === undefined ? {} : { token });
    expect(status).toBe(201);
    return String(body.path);
  };

  it('makes its owner of a browser, once', async () => {
    const path = await make(await server.tokenFor({ role: 'view', namespaces: ['default'] }));
    const first = await follow(path);
    expect(first).toMatchObject({ status: 303, location: '/' });
    const session = await server.call('GET', '/api/v1/session', { token: '', headers: { cookie: first.cookie } });
    expect(session.body).toMatchObject({ name: 'test', grants: [{ role: 'view', namespaces: ['default'] }] });
    expect((await follow(path)).status).toBe(401);
    const page = await fetch(new URL(path, server.server.url), { headers: { accept: 'text/html' } });
    expect([page.status, await page.text()]).toEqual([401, expect.stringContaining('was used or has expired')]);
    expect(await follow(path, { cookie: first.cookie })).toMatchObject({ status: 303, cookie: '' });
  });

  it('is not used up by who asks whether it is there', async () => {
    const path = await make();
    expect((await server.call('HEAD', path, { token: '' })).status).toBe(405);
    expect((await follow(path)).status).toBe(303);
  });

  it('is over after a minute, and with its token', async () => {
    const late = await make();
    await server.cluster.advance(61_000);
    expect((await follow(late)).status).toBe(401);
    const { body } = await server.call('POST', '/api/v1/tokens', {
      body: { name: 'ci', grants: [{ role: 'view', namespaces: ['*'] }] },
    });
    const path = await make(body.token);
    await server.call('DELETE', `/api/v1/tokens/${body.record.id}`);
    expect((await follow(path)).status).toBe(401);
  });

  it('stands nowhere but with who asked for it', async () => {
    const path = await make();
    const secret = path.split('/').at(-1) ?? '';
    const rows = await server.database.query('SELECT * FROM pending_logins');
    expect(JSON.stringify(rows)).not.toContain(secret);
    expect(JSON.stringify((await server.call('GET', '/api/v1/audit')).body)).not.toContain(secret);
  });

  it('is for who has a login', async () => {
    expect((await server.call('POST', '/api/v1/session/links', { token: '' })).status).toBe(401);
  });
});
