import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../testing/test-server.ts';
import { placeOf } from './public-place.ts';

const publicUrl = 'https://deploy.example.org';

describe('a public URL', () => {
  it.each([
    { name: 'a name over TLS', url: publicUrl, cookie: '__Host-slipway_session' },
    { name: 'a name without', url: 'http://deploy.example.org:8090/', cookie: 'slipway_session' },
    { name: 'none', url: undefined, cookie: 'slipway_session' },
  ])('may be $name', ({ url, cookie }) => {
    expect(placeOf(url).cookie.name).toBe(cookie);
  });

  it.each(['deploy.example.org', 'ftp://deploy.example.org', `${publicUrl}/slipway`, `${publicUrl}/?a=b`])(
    'is not %s',
    (url) => {
      expect(() => placeOf(url)).toThrow('expected https:// and a name, without a path');
    },
  );
});

describe('a server behind a proxy', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer({ publicUrl, trustedProxies: ['127.0.0.1'], anonymousRole: 'view' });
  });
  afterAll(() => server.stop());

  const logIn = (headers: Readonly<Record<string, string>> = {}) =>
    server.call('POST', '/api/v1/session', { token: '', body: { token: server.token }, headers });

  it('knows who asks by what the proxy says of him', async () => {
    await logIn({ 'x-forwarded-for': '198.51.100.7, 203.0.113.9' });
    const { body } = await server.call('GET', '/api/v1/audit?limit=1');
    expect(body.items[0]).toMatchObject({ address: '203.0.113.9' });
  });

  it('counts the requests of each one behind it', async () => {
    const guess = (address: string) =>
      server.call('POST', '/api/v1/session', {
        token: '',
        body: { token: 'guess' },
        headers: { 'x-forwarded-for': address },
      });
    const statuses = [];
    for (let attempt = 0; attempt < 12; attempt += 1) statuses.push((await guess('203.0.113.50')).status);
    expect(statuses.at(-1)).toBe(429);
    expect((await guess('203.0.113.51')).status).toBe(401);
    // Whatever the clock is set to meanwhile.
    server.cluster.clock.jump(-365 * 86_400_000);
    await server.cluster.advance(60_000);
    expect((await guess('203.0.113.50')).status).toBe(401);
    server.cluster.clock.jump(365 * 86_400_000);
  });

  it('gives a cookie that goes to this host over TLS alone', async () => {
    const cookie = (await logIn()).headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^__Host-slipway_session=[^;]+;/);
    expect(cookie).toMatch(/; Secure/);
    expect(cookie).toMatch(/; Path=\//);
    expect(cookie).not.toMatch(/Domain/);
    const headers = { cookie: cookie.split(';')[0] ?? '' };
    expect((await server.call('GET', '/api/v1/session', { token: '', headers })).body.name).toBe('admin');
    const other = { cookie: headers.cookie.replace('__Host-', '') };
    expect((await server.call('GET', '/api/v1/session', { token: '', headers: other })).body.name).toBe('anonymous');
  });

  it('is asked by its pages, under its name', async () => {
    const open = (headers: Readonly<Record<string, string>>) =>
      server.listen('/api/v1/applications/stream', { token: '', headers });
    expect(await open({ origin: 'https://evil.example.org' }).ended).toBe(403);
    expect(await open({ origin: publicUrl, host: 'evil.example.org' }).ended).toBe(403);
    const own = open({ origin: publicUrl, host: 'deploy.example.org' });
    await own.until(({ type }) => type === 'snapshot');
    own.close();
  });
});

describe('a server without a proxy', () => {
  it('believes nobody who says that he is one', async () => {
    const server = await startTestServer();
    const headers = {
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'evil.example.org',
    };
    const login = await server.call('POST', '/api/v1/session', { token: '', body: { token: server.token }, headers });
    expect(login.headers.get('set-cookie')).not.toMatch(/Secure/);
    const { body } = await server.call('GET', '/api/v1/audit?limit=1');
    expect(body.items[0]).toMatchObject({ address: '127.0.0.1' });
    const origin = 'https://evil.example.org';
    const cookie = (login.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const stream = server.listen('/api/v1/applications/stream', { token: '', headers: { ...headers, origin, cookie } });
    expect(await stream.ended).toBe(403);
    await server.stop();
  });

  it('does not start with a public URL that is none', async () => {
    await expect(startTestServer({ publicUrl: 'deploy' })).rejects.toThrow('the public URL deploy is none');
  });
});

describe('pages of other servers', () => {
  let server: TestServer;
  const origin = 'https://portal.example.org';

  beforeAll(async () => {
    server = await startTestServer({ corsOrigins: [origin] });
  });
  afterAll(() => server.stop());

  const preflight = (from: string) =>
    fetch(new URL('/api/v1/applications', server.server.url), {
      method: 'OPTIONS',
      headers: { origin: from, 'access-control-request-method': 'GET' },
    });

  it('may ask with a token where they are named', async () => {
    const allowed = await preflight(origin);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe(origin);
    expect(allowed.headers.get('access-control-allow-headers')).toContain('authorization');
    expect(allowed.headers.get('access-control-allow-credentials')).toBeNull();
    const asked = await server.call('GET', '/api/v1/applications', { headers: { origin } });
    expect(asked.headers.get('access-control-allow-origin')).toBe(origin);
    expect(asked.headers.get('vary')).toContain('origin');
  });

  it('may not where they are not', async () => {
    const refused = await preflight('https://evil.example.org');
    expect(refused.status).toBe(405);
    expect(refused.headers.get('access-control-allow-origin')).toBeNull();
    expect((await preflight(`${origin}.evil.example.org`)).status).toBe(405);
  });
});
