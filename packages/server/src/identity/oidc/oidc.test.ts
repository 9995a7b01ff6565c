import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { clientId, startTestIssuer, type TestIssuer } from '../../../testing/test-issuer.ts';
import { shopSpec, startTestServer, type TestServer } from '../../../testing/test-server.ts';
import { FakeClock } from '../../../../kube/testing/fake-clock.ts';
import { findIssuerFault, parseGroupGrant, type OidcOptions } from './oidc-options.ts';
import { OidcProvider } from './oidc-provider.ts';

const clock = new FakeClock();
const shop = '/api/v1/namespaces/default/applications/shop';

function optionsOf(issuer: TestIssuer): OidcOptions {
  return {
    issuer: issuer.url,
    clientId,
    scope: 'openid groups',
    groupsClaim: 'groups',
    nameClaim: 'preferred_username',
    grants: [
      { group: 'everybody', role: 'view', namespaces: ['*'] },
      { group: 'developers', role: 'operate', namespaces: ['default'] },
    ],
  };
}

describe('what an option says of a group', () => {
  it.each([
    { text: 'developers=operate', grant: { group: 'developers', role: 'operate', namespaces: ['*'] } },
    { text: '*=view:shop,bank', grant: { group: '*', role: 'view', namespaces: ['shop', 'bank'] } },
    { text: 'cn=a,dc=b=admin', grant: { group: 'cn=a,dc=b', role: 'admin', namespaces: ['*'] } },
  ])('is read of $text', ({ text, grant }) => {
    expect(parseGroupGrant(text)).toEqual(grant);
  });

  it.each(['', 'developers', '=view', 'developers=owner', 'developers=view:', 'developers=view:a,,b'])(
    'is nothing in "%s"',
    (text) => {
      expect(parseGroupGrant(text)).toBeUndefined();
    },
  );
});

describe('an issuer', () => {
  it.each(['https://login.example.org', 'https://login.example.org/realms/a', 'http://127.0.0.1:8080'])(
    'may be %s',
    (issuer) => {
      expect(findIssuerFault(issuer)).toBeUndefined();
    },
  );

  it.each(['login.example.org', 'http://login.example.org', 'https://a/?b=c', 'https://me@login.example.org'])(
    'is not %s',
    (issuer) => {
      expect(findIssuerFault(issuer)).toContain('expected');
    },
  );
});

describe('a token of the issuer', () => {
  let issuer: TestIssuer;
  const provider = (more: Partial<OidcOptions> = {}) => new OidcProvider({ ...optionsOf(issuer), ...more }, clock);
  const seconds = (): number => Math.floor(clock.now() / 1_000);

  beforeAll(async () => {
    issuer = await startTestIssuer(() => clock.now());
  });
  afterAll(() => issuer.close());

  it('says who comes, and his groups what he may', async () => {
    const token = await issuer.token({ preferred_username: 'jane.d', groups: ['developers', 'others'] });
    expect(provider().isMeant(token)).toBe(true);
    expect(await provider().identify(token)).toEqual({
      identity: { source: 'oidc', name: 'oidc:jane.d', grants: [{ role: 'operate', namespaces: ['default'] }] },
      expiresAt: (seconds() + 300) * 1_000,
    });
  });

  it('calls nobody by an address that he has not shown to be his', async () => {
    const named = provider({ nameClaim: 'email' });
    const email = 'boss@example.org';
    expect(await named.identify(await issuer.token({ email }))).toMatchObject({ identity: { name: 'oidc:jane' } });
    const shown = await issuer.token({ email, email_verified: true });
    expect(await named.identify(shown)).toMatchObject({ identity: { name: `oidc:${email}` } });
  });

  it.each([
    { name: 'of another audience', claims: { aud: 'another' } },
    { name: 'for several, that another asked for', claims: { aud: [clientId, 'another'], azp: 'another' } },
    { name: 'for several, that does not say who asked for it', claims: { aud: [clientId, 'another'] } },
    { name: 'that has expired', claims: { exp: Date.UTC(2025, 0, 1) / 1_000 } },
    { name: 'that never expires', claims: { exp: undefined } },
    { name: 'that holds later', claims: { nbf: Date.UTC(2027, 0, 1) / 1_000 } },
    { name: 'of nobody', claims: { sub: undefined } },
    { name: 'of another issuer', claims: { iss: 'https://evil.example.org' } },
  ])('is none $name', async ({ claims }) => {
    expect(await provider().identify(await issuer.token(claims))).toBeUndefined();
  });

  it('may be of a clock that goes a little otherwise', async () => {
    expect(await provider().identify(await issuer.token({ nbf: seconds() + 20 }))).toBeDefined();
    expect(await provider().identify(await issuer.token({ exp: seconds() - 20 }))).toBeDefined();
    expect(await provider().identify(await issuer.token({ exp: seconds() - 40 }))).toBeUndefined();
  });

  it('is none without a signature, or by a secret that everybody can read', async () => {
    expect(await provider().identify(issuer.unsigned())).toBeUndefined();
    const key = new TextEncoder().encode('0123456789abcdef0123456789abcdef');
    expect(await provider().identify(await issuer.token({}, { algorithm: 'HS256', key }))).toBeUndefined();
    const [header = '', , signature = ''] = (await issuer.token()).split('.');
    const claims = Buffer.from(JSON.stringify({ iss: issuer.url, sub: 'root' })).toString('base64url');
    expect(await provider().identify([header, claims, signature].join('.'))).toBeUndefined();
  });

  it('is looked for among its keys again when they have changed', async () => {
    const patient = provider({ keysCooldownMilliseconds: 0 });
    const former = await issuer.token();
    expect(await patient.identify(former)).toBeDefined();
    await issuer.rotate();
    expect(await patient.identify(await issuer.token())).toBeDefined();
    expect(await patient.identify(former)).toBeUndefined();
  });

  it('by a key that nobody knows asks for the keys no more than once', async () => {
    const asked = provider({ keysCooldownMilliseconds: 600_000 });
    expect(await asked.identify(await issuer.token())).toBeDefined();
    const before = issuer.keyRequests;
    for (const kid of ['a', 'b', 'c', 'd'])
      expect(await asked.identify(await issuer.token({}, { kid }))).toBeUndefined();
    expect(issuer.keyRequests - before).toBeLessThanOrEqual(1);
  });

  it('is nobody while the issuer does not answer', async () => {
    const other = await startTestIssuer(() => clock.now());
    const token = await other.token();
    const asked = new OidcProvider(optionsOf(other), clock);
    await other.close();
    await expect(asked.identify(token)).rejects.toThrow('the issuer does not answer');
  });

  it('is of what is described where the issuer is', async () => {
    await expect(provider({ issuer: `${issuer.url}/` }).identify(await issuer.token())).rejects.toThrow(
      'is no description of',
    );
  });
});

describe('a server with an issuer', () => {
  let issuer: TestIssuer;
  let server: TestServer;
  let now = () => clock.now();

  beforeAll(async () => {
    issuer = await startTestIssuer(() => now());
    server = await startTestServer({ oidc: optionsOf(issuer) });
    now = () => server.cluster.clock.now();
    await server.cluster.deploy({ ...shopSpec('web:1'), version: '1' });
    await server.cluster.advance(5_000);
  });
  afterAll(async () => {
    await server.stop();
    await issuer.close();
  });
  afterEach(() => {
    issuer.person = { sub: 'jane', groups: [] };
    issuer.distort = (claims) => claims;
  });

  const visit = async (url: string | URL, cookie = '') => {
    const response = await fetch(url, { redirect: 'manual', headers: cookie === '' ? {} : { cookie } });
    await response.body?.cancel();
    const cookies = response.headers.getSetCookie().map((each) => each.split(';')[0] ?? '');
    return { status: response.status, location: response.headers.get('location') ?? '', cookies };
  };
  const begin = async () => {
    const begun = await visit(new URL('/api/v1/session/oidc', server.server.url));
    const back = await visit(begun.location);
    return { begun, callback: back.location, cookie: begun.cookies[0] ?? '' };
  };

  it('takes its tokens, for what their groups may', async () => {
    const token = await issuer.token({ groups: ['developers'] });
    expect((await server.call('GET', shop, { token })).status).toBe(200);
    const command = { token, body: { verb: 'abort' } };
    expect((await server.call('POST', `${shop}/commands`, command)).status).toBe(202);
    const other = await issuer.token({ groups: ['others'] });
    expect((await server.call('GET', shop, { token: other })).status).toBe(403);
    const over = await issuer.token({ exp: 1 });
    expect((await server.call('GET', shop, { token: over })).status).toBe(401);
  });

  it('logs a browser in', async () => {
    issuer.person = { sub: 'jane', groups: ['developers'] };
    expect((await server.call('GET', '/api/v1/session/methods', { token: '' })).body).toEqual({
      token: true,
      oidc: { issuer: issuer.url, path: '/api/v1/session/oidc' },
    });
    const { begun, callback, cookie } = await begin();
    const asked = new URL(begun.location).searchParams;
    expect(asked.get('code_challenge_method')).toBe('S256');
    expect(asked.get('redirect_uri')).toBe(`${server.server.url}/api/v1/session/oidc/callback`);
    const entered = await visit(callback, cookie);
    expect(entered).toMatchObject({ status: 303, location: '/' });
    const session = entered.cookies.find((each) => each.startsWith('slipway_session=')) ?? '';
    const asJane = { token: '', headers: { cookie: session } };
    const who = await server.call('GET', '/api/v1/session', asJane);
    expect(who.body).toMatchObject({
      name: 'oidc:jane',
      source: 'oidc',
      grants: [{ role: 'operate', namespaces: ['default'] }],
    });
    expect((await server.call('GET', '/api/v1/session/methods', asJane)).body.session).toEqual(who.body);
    const { body } = await server.call('GET', '/api/v1/audit?limit=1');
    expect(body.items[0]).toMatchObject({ principal: 'oidc:jane', outcome: '303' });
    expect((await visit(callback, cookie)).status).toBe(401);
  });

  it('logs a browser in by a key that the issuer has changed to just now', async () => {
    expect((await server.call('GET', shop, { token: await issuer.token({ groups: ['developers'] }) })).status).toBe(
      200,
    );
    await issuer.rotate();
    const { callback, cookie } = await begin();
    expect(await visit(callback, cookie)).toMatchObject({ status: 303, location: '/' });
  });

  it('ends a login in the browser that began it alone', async () => {
    const { callback } = await begin();
    const other = await begin();
    expect((await visit(callback)).status).toBe(401);
    expect((await visit((await begin()).callback, other.cookie)).status).toBe(401);
  });

  it('takes no answer that belongs to another login', async () => {
    issuer.distort = () => ({ nonce: 'of another' });
    const first = await begin();
    expect((await visit(first.callback, first.cookie)).status).toBe(401);
    issuer.distort = (claims) => ({ ...claims, aud: 'another' });
    const second = await begin();
    expect((await visit(second.callback, second.cookie)).status).toBe(401);
  });

  it('sends no code of another issuer to this one, and takes none that is made up', async () => {
    for (const [name, value] of [
      ['iss', 'https://evil.example.org'],
      ['code', 'made-up'],
      ['state', 'made-up'],
    ] as const) {
      const { callback, cookie } = await begin();
      const changed = new URL(callback);
      changed.searchParams.set(name, value);
      expect([name, (await visit(changed, cookie)).status]).toEqual([name, 401]);
    }
  });

  const look = async (url: string | URL, cookie: string) => {
    const response = await fetch(url, { redirect: 'manual', headers: { cookie, accept: 'text/html,*/*;q=0.8' } });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  it('says on a page why a login did not succeed, and what to do', async () => {
    const denied = await begin();
    const changed = new URL(denied.callback);
    changed.searchParams.delete('code');
    changed.searchParams.set('error', 'access_denied');
    const page = await look(changed, denied.cookie);
    expect([page.status, page.headers.get('content-type')]).toEqual([401, 'text/html; charset=utf-8']);
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(page.text).toContain('The login did not succeed: the issuer denies it (access_denied): whoever administers');
    expect(page.text).toContain('<a class="button primary" href="/">Go to the login</a>');
    // A second look is not taken for the first.
    expect((await look(changed, denied.cookie)).text).toContain('took too long. Begin again');
  });

  it('says nothing on a page that somebody has put into the address', async () => {
    const { callback, cookie } = await begin();
    const changed = new URL(callback);
    changed.searchParams.delete('code');
    changed.searchParams.set('error', '<script src="//evil.example.org">');
    const { status, text } = await look(changed, cookie);
    expect(status).toBe(401);
    expect(text).not.toMatch(/evil|script/);
    const unread = await look(new URL('/api/v1/session/oidc/callback?iss=<b>', server.server.url), '');
    expect(unread.status).toBe(400);
    expect(unread.text).not.toContain('<b>');
    expect(unread.text).toContain('&#39;state&#39;');
  });

  it('says on a page that the issuer does not answer', async () => {
    const away = await startTestServer({ oidc: { ...optionsOf(issuer), issuer: 'http://127.0.0.1:1' } });
    const page = await look(new URL('/api/v1/session/oidc', away.server.url), '');
    expect([page.status, page.text]).toEqual([503, expect.stringContaining('Who you are cannot be told just now')]);
    await away.stop();
  });

  it('is over after ten minutes', async () => {
    const { callback, cookie } = await begin();
    await server.cluster.advance(601_000);
    expect((await visit(callback, cookie)).status).toBe(401);
  });
});
