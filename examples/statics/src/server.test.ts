import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type StaticsServer } from './server.ts';
import { readSettings } from './settings.ts';

let directory: string;
let server: StaticsServer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'statics-'));
  const pages = join(directory, 'pages');
  await mkdir(join(pages, 'sub'), { recursive: true });
  await writeFile(join(pages, 'index.html'), '<h1>hello</h1>');
  await writeFile(join(pages, 'sub/index.html'), 'sub');
  await writeFile(join(pages, 'digits.txt'), '0123456789');
  await writeFile(join(pages, 'empty.txt'), '');
  await writeFile(join(directory, 'secret.txt'), 'secret');
  await symlink('../secret.txt', join(pages, 'link.txt'));
  server = await startServer({ port: 0, address: '127.0.0.1', directory: pages }, { version: 'v7', healthy: true });
});

afterAll(async () => {
  await server.stop();
  await rm(directory, { recursive: true });
});

async function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
  // Raw: fetch would resolve `..` before it sends.
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ host: '127.0.0.1', port: server.port, path, headers, method, agent: false }, resolve)
      .once('error', reject)
      .end();
  });
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

describe('files', () => {
  it.each([
    { name: 'index of the top', path: '/', status: 200, body: '<h1>hello</h1>' },
    { name: 'index of a directory', path: '/sub/', status: 200, body: 'sub' },
    { name: 'a file, whatever the query', path: '/digits.txt?x=/..', status: 200, body: '0123456789' },
    { name: 'an empty file', path: '/empty.txt', status: 200, body: '' },
    { name: 'no file', path: '/none', status: 404, body: '' },
    { name: 'a path above the top', path: '/../secret.txt', status: 404, body: '' },
    { name: 'an encoded path above the top', path: '/%2e%2e/secret.txt', status: 404, body: '' },
    { name: 'an encoded slash', path: '/..%2fsecret.txt', status: 404, body: '' },
    { name: 'a link out of the directory', path: '/link.txt', status: 404, body: '' },
    { name: 'a bad encoding', path: '/%zz', status: 400, body: '' },
    { name: 'a zero byte', path: '/a%00b', status: 400, body: '' },
  ])('answers for $name', async ({ path, status, body }) => {
    expect(await get(path)).toMatchObject({ status, body });
  });

  it('answers HEAD like GET without a body, and other methods with 405', async () => {
    expect(await get('/digits.txt', {}, 'HEAD')).toMatchObject({
      status: 200,
      body: '',
      headers: { 'content-length': '10' },
    });
    expect(await get('/digits.txt', {}, 'POST')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });

  it.each([
    { range: 'bytes=2-4', status: 206, body: '234', contentRange: 'bytes 2-4/10' },
    { range: 'bytes=8-', status: 206, body: '89', contentRange: 'bytes 8-9/10' },
    { range: 'bytes=-3', status: 206, body: '789', contentRange: 'bytes 7-9/10' },
    { range: 'bytes=5-100', status: 206, body: '56789', contentRange: 'bytes 5-9/10' },
    { range: 'bytes=10-', status: 416, body: '', contentRange: 'bytes */10' },
    { range: 'bytes=4-2', status: 200, body: '0123456789', contentRange: undefined },
    { range: 'bytes=0-1,4-5', status: 200, body: '0123456789', contentRange: undefined },
  ])('answers the range $range', async ({ range, status, body, contentRange }) => {
    const answer = await get('/digits.txt', { range });
    expect({ ...answer, contentRange: answer.headers['content-range'] }).toMatchObject({ status, body, contentRange });
  });

  it('answers 304 by tag and by date, and the whole for a range of another version', async () => {
    const { headers } = await get('/digits.txt');
    const tag = String(headers.etag);
    expect((await get('/digits.txt', { 'if-none-match': `"x", ${tag}` })).status).toBe(304);
    expect((await get('/digits.txt', { 'if-modified-since': String(headers['last-modified']) })).status).toBe(304);
    expect((await get('/digits.txt', { 'if-none-match': '"x"' })).status).toBe(200);
    expect((await get('/digits.txt', { range: 'bytes=0-1', 'if-range': '"x"' })).status).toBe(200);
  });
});

describe('what it says of itself', () => {
  it('answers the three questions apart, in both forms', async () => {
    expect(await get('/version')).toMatchObject({ status: 200, body: 'v7' });
    expect(await get('/livez')).toMatchObject({ status: 200, body: 'ok' });
    expect(await get('/readyz')).toMatchObject({ status: 200, body: 'ok' });
    expect(await get('/health')).toMatchObject({ status: 200, body: '{"healthy":true}' });
    expect(await get('/health', { accept: 'text/plain' })).toMatchObject({ status: 200, body: 'ok' });
  });

  it.each([
    { PORT: 'http', message: 'PORT is "http": expected a number from 0 to 65535' },
    { PORT: '70000', message: 'PORT is "70000"' },
    { STATICS_PATH: '/nowhere', message: 'STATICS_PATH is "/nowhere": expected a directory' },
  ])('refuses settings: $message', ({ message, ...environment }) => {
    expect(() => readSettings({ STATICS_PATH: '/', ...environment })).toThrow(message);
  });
});

describe('the build', () => {
  it('compiles version and health in, and finishes what it has begun on SIGTERM', async () => {
    const work = await mkdtemp(join(tmpdir(), 'statics-build-'));
    await cp(fileURLToPath(new URL('..', import.meta.url)), work, { recursive: true });
    const environment = { ...process.env, VERSION: 'v3', HEALTHY: 'false' };
    await promisify(execFile)(process.execPath, ['build.ts'], { cwd: work, env: environment });
    const child = spawn(process.execPath, ['dist/main.js'], {
      cwd: work,
      env: { ...process.env, PORT: '0', POD_IP: '127.0.0.1' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const line = await new Promise<string>((resolve) => child.stdout.once('data', (chunk) => resolve(String(chunk))));
    const base = `http://127.0.0.1:${/:(\d+)\n/.exec(line)?.[1]}`;
    expect(await (await fetch(`${base}/version`)).text()).toBe('v3');
    expect((await fetch(`${base}/readyz`)).status).toBe(200);
    const health = await fetch(`${base}/health`);
    expect({ status: health.status, body: await health.json() }).toEqual({ status: 503, body: { healthy: false } });
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    await rm(work, { recursive: true });
  });
});
