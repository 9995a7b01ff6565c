import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pagePaths } from './page-paths.ts';
import { startTestServer, type TestServer } from '../../testing/test-server.ts';

const script = '// a line that comes again\n'.repeat(100);
let server: TestServer;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-pages-'));
  await mkdir(join(directory, 'assets'));
  await writeFile(
    join(directory, 'index.html'),
    '<!doctype html><link rel="icon" href="/assets/mark-4d5e6f.svg"><link rel="stylesheet" href="/assets/main-7f.css"><title>Slipway</title>',
  );
  await writeFile(join(directory, 'assets/main-1a2b3c.js'), script);
  await writeFile(join(directory, 'assets/mark-4d5e6f.svg'), '<svg/>');
  server = await startTestServer({ pages: directory });
});
afterAll(async () => {
  await server.stop();
  await rm(directory, { recursive: true });
});

const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  server.call('GET', path, { token: '', headers });

describe('the dashboard', () => {
  test.each(['/', '/history', '/applications/default/shop', '/releases/default/shop-1?line=3'])(
    'is one page at %s, which is asked for each time',
    async (path) => {
      const { status, headers, body } = await get(path);
      expect({ status, body }).toMatchObject({ status: 200, body: expect.stringContaining('<title>Slipway') });
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(headers.get('cache-control')).toBe('no-cache');
      expect(headers.get('content-security-policy')).toContain("script-src 'self'");
    },
  );

  test.each([
    '/nowhere',
    '/applications',
    '/applications/default',
    '/api/v1/nowhere',
    '/assets/other.js',
    '/index.html',
  ])('is nothing at %s, which is none of its places', async (path) => {
    expect(await get(path)).toMatchObject({ status: 404, body: { status: 404 } });
  });

  test.each(['/nowhere', '/applications/default', '/assets/other.js', '/descriptors/1'])(
    'tells whoever looks at %s in a browser that nothing is there, by its own page',
    async (path) => {
      const { status, headers, body } = await get(path, { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' });
      expect({ status, body }).toMatchObject({ status: 404, body: expect.stringContaining('<title>Slipway') });
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('content-security-policy')).toContain("script-src 'self'");
    },
  );

  test.each(['/api/v1/nowhere', '/api/nowhere', '/hooks', '/compat/nowhere'])(
    'leaves %s to programs, in a browser too',
    async (path) => {
      const { status, headers } = await get(path, { accept: 'text/html' });
      expect([status, headers.get('content-type')]).toEqual([404, 'application/problem+json; charset=utf-8']);
    },
  );

  test('has files that are kept for ever, compressed for who takes that', async () => {
    const { headers, body } = await get('/assets/main-1a2b3c.js', { 'accept-encoding': 'br;q=1, gzip' });
    expect(body).toBe(script);
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-encoding': 'gzip',
      'content-type': 'text/javascript; charset=utf-8',
      vary: 'accept-encoding',
    });
    const plain = await get('/assets/main-1a2b3c.js', { 'accept-encoding': 'gzip;q=0' });
    expect([plain.body, plain.headers.get('content-encoding')]).toEqual([script, null]);
    const small = await get('/assets/mark-4d5e6f.svg', { 'accept-encoding': 'gzip' });
    expect([small.body, small.headers.get('content-encoding')]).toEqual(['<svg/>', null]);
  });

  test('says that nothing has changed to who has it', async () => {
    const etag = (await get('/')).headers.get('etag') ?? '';
    expect(await get('/', { 'if-none-match': `"other", ${etag}` })).toMatchObject({ status: 304, body: '' });
    expect(await get('/', { 'if-none-match': '"other"' })).toMatchObject({ status: 200 });
  });

  test('lends its look to a page that says why a login did not succeed', async () => {
    const { status, body } = await get('/api/v1/session/links/none', { accept: 'text/html' });
    expect(status).toBe(401);
    expect(body).toContain('<link rel="stylesheet" href="/assets/main-7f.css">');
    expect(body).toContain('<link rel="icon" href="/assets/mark-4d5e6f.svg">');
  });

  test('stands in no document of the API', async () => {
    const { body } = await get('/api/v1/openapi.json');
    const places = pagePaths.map((path) => path.replaceAll(/:(\w+)/g, '{$1}'));
    expect(Object.keys(body.paths).filter((path) => places.some((place) => place === path))).toEqual([]);
  });
});

test('without a build its places say what to do', async () => {
  const bare = await startTestServer({ pages: join(directory, 'nowhere') });
  const { status, body } = await bare.call('GET', '/', { token: '' });
  expect({ status, detail: body.detail }).toMatchObject({
    status: 404,
    detail: expect.stringContaining('npm run build'),
  });
  await bare.stop();
});
