import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shopSpec, startTestServer, type TestServer } from '../../testing/test-server.ts';

const shop = '/api/v1/namespaces/default/applications/shop';

describe('who may', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
    await server.cluster.deploy({ ...shopSpec('web:1'), version: '1' });
    await server.cluster.advance(5_000);
  });
  afterAll(() => server.stop());

  it('nobody without a login', async () => {
    for (const path of [shop, '/api/v1/applications', '/api/v1/releases', '/api/v1/audit', '/api/v1/tokens']) {
      const { status, headers } = await server.call('GET', path, { token: '' });
      expect([path, status]).toEqual([path, 401]);
      expect(headers.get('www-authenticate')).toContain('Bearer');
    }
    expect((await server.call('GET', shop, { token: 'slipway_AAAAAAAAAAAA.forged' })).status).toBe(401);
  });

  it('view sees its namespace and changes nothing', async () => {
    const token = await server.tokenFor({ role: 'view', namespaces: ['default'] });
    expect((await server.call('GET', shop, { token })).status).toBe(200);
    expect((await server.call('POST', `${shop}/commands`, { token, body: { verb: 'abort' } })).status).toBe(403);
    expect((await server.call('GET', '/api/v1/tokens', { token })).status).toBe(403);
  });

  it('nobody learns of another namespace', async () => {
    const token = await server.tokenFor({ role: 'admin', namespaces: ['bank'] });
    expect((await server.call('GET', '/api/v1/applications', { token })).body.items).toEqual([]);
    expect((await server.call('GET', '/api/v1/releases', { token })).body.items).toEqual([]);
    expect((await server.call('GET', '/api/v1/releases?namespace=default', { token })).body.items).toEqual([]);
    expect((await server.call('GET', shop, { token })).status).toBe(403);
  });

  it('operate does not approve', async () => {
    const token = await server.tokenFor({ role: 'operate', namespaces: ['default'] });
    const approvals = '/api/v1/namespaces/default/releases/shop-1/approvals';
    expect((await server.call('POST', approvals, { token, body: { hook: 'sign-off' } })).status).toBe(403);
    expect((await server.call('POST', `${shop}/commands`, { token, body: { verb: 'abort' } })).status).toBe(202);
  });

  it('a cookie alone changes nothing', async () => {
    const login = await server.call('POST', '/api/v1/session', { token: '', body: { token: server.token } });
    expect(login.status).toBe(201);
    const cookie = login.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    const headers = { cookie: cookie.split(';')[0] ?? '' };
    expect((await server.call('GET', shop, { token: '', headers })).status).toBe(200);
    const command = { token: '', body: { verb: 'abort' } };
    expect((await server.call('POST', `${shop}/commands`, { ...command, headers })).status).toBe(403);
    const proven = { ...headers, 'x-slipway-csrf': String(login.body.csrf) };
    expect((await server.call('POST', `${shop}/commands`, { ...command, headers: proven })).status).toBe(202);
    expect((await server.call('DELETE', '/api/v1/session', { token: '', headers: proven })).status).toBe(204);
    expect((await server.call('GET', shop, { token: '', headers })).status).toBe(401);
  });

  it('a revoked token is nobody', async () => {
    const { body } = await server.call('POST', '/api/v1/tokens', {
      body: { name: 'ci', grants: [{ role: 'view', namespaces: ['*'] }] },
    });
    expect((await server.call('GET', shop, { token: body.token })).status).toBe(200);
    expect((await server.call('DELETE', `/api/v1/tokens/${body.record.id}`)).status).toBe(204);
    expect((await server.call('GET', shop, { token: body.token })).status).toBe(401);
  });

  it('who logs in by guessing is slowed down', async () => {
    const attempts = [];
    for (let attempt = 0; attempt < 12; attempt += 1)
      attempts.push(
        (await server.call('POST', '/api/v1/session', { token: '', body: { token: `guess-${attempt}` } })).status,
      );
    expect(attempts.at(0)).toBe(401);
    expect(attempts.at(-1)).toBe(429);
  });
});

describe('a server that is open for reading', () => {
  it('shows everything and changes nothing', async () => {
    const server = await startTestServer({ anonymousRole: 'view' });
    await server.cluster.deploy({ ...shopSpec('web:1'), version: '1' });
    await server.cluster.advance(5_000);
    expect((await server.call('GET', shop, { token: '' })).status).toBe(200);
    expect((await server.call('POST', `${shop}/commands`, { token: '', body: { verb: 'abort' } })).status).toBe(403);
    await server.stop();
  });
});

describe('a server that anybody may ask', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer({ anonymousRole: 'operate' });
    await server.cluster.deploy({ ...shopSpec('web:1'), version: '1' });
    await server.cluster.advance(5_000);
  });
  afterAll(() => server.stop());

  const abort = (headers: Readonly<Record<string, string>>) =>
    server.call('POST', `${shop}/commands`, { token: '', body: { verb: 'abort' }, headers });

  it('is asked by no foreign page', async () => {
    expect((await abort({ origin: 'https://evil.example.com' })).status).toBe(403);
    expect((await abort({ origin: server.server.url })).status).toBe(202);
    expect((await abort({})).status).toBe(202);
    const stream = (origin: string) => server.listen('/api/v1/applications/stream', { token: '', headers: { origin } });
    expect(await stream('https://evil.example.com').ended).toBe(403);
    const own = stream(server.server.url);
    await own.until(({ type }) => type === 'snapshot');
    own.close();
  });

  it('is asked by its own name alone, so that no foreign name leads to it', async () => {
    const ask = (host: string) => server.listen('/api/v1/applications/stream', { token: '', headers: { host } });
    expect(await ask('evil.example.com').ended).toBe(403);
    for (const host of ['localhost', '[::1]:80', '127.0.0.1']) {
      const stream = ask(host);
      await stream.until(({ type }) => type === 'snapshot');
      stream.close();
    }
  });
});

describe('a server of one namespace', () => {
  it('answers for no other', async () => {
    const server = await startTestServer({ namespace: 'default' });
    await server.cluster.deploy({ ...shopSpec('web:1'), version: '1' });
    await server.cluster.advance(5_000);
    expect((await server.call('GET', shop)).status).toBe(200);
    expect((await server.call('GET', '/api/v1/releases')).body.items).toHaveLength(1);
    expect((await server.call('GET', '/api/v1/releases?namespace=bank')).body.items).toEqual([]);
    const create = { body: { name: 'shop', spec: shopSpec('web:1') } };
    expect((await server.call('POST', '/api/v1/namespaces/bank/applications', create)).status).toBe(404);
    await server.stop();
  });
});

describe('who asks too often', () => {
  it('is refused before he is asked who he is', async () => {
    const server = await startTestServer();
    const ask = async () => (await server.call('GET', shop, { token: 'guess' })).status;
    const seen = new Set<number>();
    for (let round = 0; round < 31; round += 1)
      for (const status of await Promise.all(Array.from({ length: 100 }, ask))) seen.add(status);
    expect(seen).toEqual(new Set([401, 429]));
    await server.stop();
  });
});
