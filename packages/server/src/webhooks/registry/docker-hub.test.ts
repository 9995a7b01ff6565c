/** Docker Hub, whose name is not its address, and whose tokens are had at another: stood for by what it answers. */
import { describe, expect, it } from 'vitest';
import type { AskPlainly, PlainAnswer } from '../../platform/ask-plainly.ts';
import { normalizeRepository } from '../image-reference.ts';
import { TryLater } from '../run-deliveries.ts';
import { findDigest } from './find-digest.ts';

const index = `sha256:${'1'.repeat(64)}`;
const ofOneMachine = `sha256:${'2'.repeat(64)}`;
const { signal } = new AbortController();

interface Hub {
  readonly ask: AskPlainly;
  readonly asked: readonly string[];
}

type Answer = Partial<PlainAnswer>;

/** `library/nginx:stable` for several kinds of machine. `answer` stands for what is said of the manifest. */
function createHub({ answer, password }: { readonly answer?: Answer; readonly password?: string } = {}): Hub {
  const asked: string[] = [];
  const given = ({ status = 200, headers = {}, body = '' }: Answer): PlainAnswer => ({ status, headers, body });
  const giveToken = (url: URL, authorization = ''): PlainAnswer => {
    const expected = password === undefined ? '' : `Basic ${Buffer.from(`robot:${password}`).toString('base64')}`;
    if (authorization !== expected) return given({ status: 401, body: '{"details":"incorrect username or password"}' });
    const token = `${url.searchParams.get('service') ?? ''}|${url.searchParams.get('scope') ?? ''}`;
    return given({ body: JSON.stringify({ token, access_token: token, expires_in: 300 }) });
  };
  const giveManifest = (url: URL, headers: Readonly<Record<string, string>>): PlainAnswer => {
    const [, path = '', tag = ''] = /^\/v2\/(.+)\/manifests\/(.+)$/.exec(url.pathname) ?? [];
    if (headers['authorization'] !== `Bearer registry.docker.io|repository:${path}:pull`) {
      const realm = 'https://auth.docker.io/token';
      const challenge = `Bearer realm="${realm}",service="registry.docker.io",scope="repository:${path}:pull"`;
      return given({ status: 401, headers: { 'www-authenticate': challenge } });
    }
    if (answer !== undefined) return given(answer);
    if (`${path}:${tag}` !== 'library/nginx:stable') return given({ status: 404 });
    const takesIndex = headers['accept']?.includes('application/vnd.oci.image.index.v1+json') === true;
    return given({ headers: { 'docker-content-digest': takesIndex ? index : ofOneMachine } });
  };
  return {
    asked,
    ask: async ({ url, method, headers, judge }) => {
      asked.push(`${method} ${url.href}`);
      expect(judge(url.hostname, '44.0.0.1'), 'an address of the internet').toBeUndefined();
      if (url.origin === 'https://auth.docker.io' && url.pathname === '/token')
        return giveToken(url, headers['authorization']);
      if (url.origin === 'https://registry-1.docker.io') return giveManifest(url, headers);
      throw new Error(`nobody is at ${url.host}`);
    },
  };
}

const find = (hub: Hub, name = 'nginx', more: object = {}) =>
  findDigest(
    { repository: normalizeRepository(name) ?? '', tag: 'stable', allowAddresses: [], ...more },
    signal,
    hub.ask,
  );

describe('the digest of a tag of Docker Hub', () => {
  it.each([
    'nginx',
    'library/nginx',
    'docker.io/nginx',
    'docker.io/library/nginx',
    'index.docker.io/library/nginx',
    'registry-1.docker.io/library/nginx',
  ])('is that of the index, with a token of its own place, by the name %s', async (name) => {
    const hub = createHub();
    expect(await find(hub, name)).toBe(index);
    const manifest = 'HEAD https://registry-1.docker.io/v2/library/nginx/manifests/stable';
    const scope = 'scope=repository%3Alibrary%2Fnginx%3Apull';
    expect(hub.asked).toEqual([
      manifest,
      `GET https://auth.docker.io/token?service=registry.docker.io&${scope}`,
      manifest,
    ]);
  });

  it('is had with credentials, and not with others', async () => {
    const hub = createHub({ password: 'sesame' });
    const credentials = { username: 'robot', password: 'sesame' };
    expect(await find(hub, 'nginx', { credentials })).toBe(index);
    await expect(find(hub, 'nginx', { credentials: { ...credentials, password: 'open' } })).rejects.toThrow(
      'wants other credentials (401)',
    );
    await expect(find(hub)).rejects.toThrow('wants credentials, and the webhook has none (401)');
  });

  it('is none of a repository that there is none of', async () => {
    await expect(find(createHub(), 'acme/shop')).rejects.toThrow('the registry has no docker.io/acme/shop:stable');
  });

  it.each<{ name: string; headers: PlainAnswer['headers']; said: string; after: number | undefined }>([
    {
      name: 'in seconds',
      headers: { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '0;w=21600', 'retry-after': '900' },
      said: 'the registry of docker.io/library/nginx answers 429: it takes 100 requests in 21600 s',
      after: 900,
    },
    {
      name: 'by a moment of its clock',
      headers: { date: 'Sun, 22 Nov 2026 10:00:00 GMT', 'retry-after': 'Sun, 22 Nov 2026 10:05:00 GMT' },
      said: 'the registry of docker.io/library/nginx answers 429',
      after: 300,
    },
    {
      name: 'nowhere',
      headers: { 'ratelimit-limit': 'many', 'retry-after': 'soon' },
      said: 'the registry of docker.io/library/nginx answers 429',
      after: undefined,
    },
  ])('is asked for again not before it says, $name, where it has had enough', async ({ headers, said, after }) => {
    const passing = await find(createHub({ answer: { status: 429, headers } })).catch((error: unknown) => error);
    expect(passing).toBeInstanceOf(TryLater);
    expect(passing).toMatchObject({ message: said });
    expect((passing as TryLater).afterSeconds).toBe(after);
  });
});
