/** What holds for every answer and every request of the API. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shopSpec, startTestServer, type TestServer } from '../../testing/test-server.ts';

const shops = '/api/v1/namespaces/default/applications';
const maximumBytes = 1_500_000;

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

/** What comes back, until the connection ends. */
async function sendText(text: string): Promise<string> {
  const { port } = new URL(server.server.url);
  const socket = connect(Number(port), '127.0.0.1');
  // It may be answered, and closed, before all of it was sent.
  socket.on('error', () => undefined);
  socket.write(text);
  let answer = '';
  socket.on('data', (part) => {
    answer += String(part);
  });
  await new Promise((resolve) => {
    socket.once('close', resolve);
  });
  return answer;
}

describe('every answer', () => {
  it.each([
    { name: 'that is given', path: '/api/v1/applications', status: 200 },
    { name: 'to nobody known', path: '/api/v1/applications', token: '', status: 401 },
    { name: 'from nowhere', path: '/api/v1/nowhere', status: 404 },
    { name: 'to what cannot be', path: '/api/v1/releases?version=1%00', status: 400 },
    { name: 'to the deployer', path: '/compat/amdatu/descriptors/?namespace=default', status: 200 },
    { name: 'without a login', path: '/healthz', token: '', status: 200 },
  ])('$name forbids browsers to do more with it than show it', async ({ path, status, ...given }) => {
    const answer = await server.call('GET', path, given);
    expect(answer.status).toBe(status);
    const headers = Object.fromEntries(answer.headers);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'SAMEORIGIN',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'strict-transport-security': expect.stringContaining('max-age='),
    });
    const policy = headers['content-security-policy'] ?? '';
    for (const rule of ["default-src 'self'", "frame-ancestors 'none'", "object-src 'none'", "script-src 'self'"])
      expect(policy.split(';')).toContain(rule);
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers).not.toHaveProperty('server');
  });

  it.each([
    { method: 'DELETE', path: '/api/v1/applications', allow: 'GET, HEAD' },
    { method: 'PATCH', path: `${shops}/shop/`, allow: 'DELETE, GET, HEAD, PUT' },
    { method: 'POST', path: '/api/v1/openapi.json', allow: 'GET, HEAD' },
    { method: 'OPTIONS', path: '/api/v1/tokens?a=b', allow: 'GET, HEAD, POST' },
    { method: 'PROPFIND', path: '/api/v1/tokens', allow: 'GET, HEAD, POST' },
    { method: 'GET', path: '/hooks/some', allow: 'POST' },
    { method: 'PUT', path: '/api/v1/session/links/some', allow: 'GET' },
    { method: 'PUT', path: '/compat/amdatu/deployments/', allow: 'DELETE, GET, HEAD, POST' },
    { method: 'POST', path: '/compat/amdatu/deployments/1/?namespace=default', allow: 'DELETE, GET, HEAD, PUT' },
    { method: 'POST', path: '/', allow: 'GET, HEAD' },
  ])('to $method where $path takes $allow alone says so', async ({ method, path, allow }) => {
    const { status, headers, body } = await server.call(method, path, { token: '' });
    expect([status, headers.get('allow')]).toEqual([405, allow]);
    expect(body).toMatchObject({ title: 'Method Not Allowed', status: 405, detail: expect.stringContaining(allow) });
    const entries = (await server.call('GET', '/api/v1/audit')).body.items;
    expect(entries.filter(({ outcome }: { outcome: string }) => outcome === '405')).toEqual([]);
  });

  it.each([
    { name: 'no request', text: '\u0016\u0003\u0001 hello', status: 400 },
    { name: 'a request of HTTP/2', text: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', status: 400 },
    {
      name: 'two lengths of a body',
      text: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc',
      status: 400,
    },
    { name: 'long headers', text: `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`, status: 431 },
    { name: 'a long path', text: `GET /${'x'.repeat(100_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, status: 431 },
  ])('to $name is a problem too', async ({ text, status }) => {
    const answer = await sendText(text);
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} [A-Z][^\r]*\r\n`));
    expect(head).toContain('content-type: application/problem+json');
    expect(JSON.parse(body)).toMatchObject({ type: 'about:blank', status });
    expect((await server.call('GET', '/healthz')).status).toBe(200);
  });

  it('for a stream that is asked for as any other path says that it is one', async () => {
    const path = '/api/v1/applications/stream';
    const answer = await server.call('GET', path);
    expect(answer).toMatchObject({ status: 426, body: { title: 'Upgrade Required', status: 426 } });
    expect(answer.headers.get('upgrade')).toBe('websocket');
    const headers = { authorization: `Bearer ${server.token}` };
    expect((await fetch(new URL(path, server.server.url), { method: 'HEAD', headers })).status).toBe(426);
    expect((await server.call('GET', path, { token: '' })).status).toBe(401);
    const document = (await server.call('GET', '/api/v1/openapi.json')).body;
    expect(Object.keys(document.paths[path].get.responses)).toContain('101');
  });

  it('to a path that is no text is a problem too, and nothing else', async () => {
    const response = await fetch(new URL('/api/v1/%zz', server.server.url));
    expect(response.status).toBe(400);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ status: 400 });
  });
});

describe('a body', () => {
  /** As long as that, all in all. */
  const bodyOf = (bytes: number): string => {
    const body = (fill: string) =>
      JSON.stringify({ name: 'long', spec: { ...shopSpec('web:1'), version: '1', replicas: -1 }, fill });
    return body('x'.repeat(bytes - body('').length));
  };

  it('may be a million and a half bytes long, and not one more', async () => {
    const longest = await server.call('POST', shops, { body: bodyOf(maximumBytes) });
    // It was read, and is wrong.
    expect(longest.status).toBe(400);
    const longer = await server.call('POST', shops, { body: bodyOf(maximumBytes + 1) });
    expect(longer).toMatchObject({ status: 413, body: { title: 'Content Too Large', status: 413 } });
    expect(longer.headers.get('content-type')).toContain('application/problem+json');
    const { items } = (await server.call('GET', '/api/v1/applications')).body;
    expect(items).toEqual([]);
  });

  it('that is empty is none, whatever its type is said to be', async () => {
    const headers = { 'content-type': 'application/json' };
    const ask = (method: string, path: string) => server.call(method, path, { headers });
    expect((await ask('DELETE', `${shops}/none`)).status).toBe(404);
    expect(await ask('POST', shops)).toMatchObject({ status: 400, body: { errors: [{ field: 'body' }] } });
    expect((await server.call('POST', shops, { headers, body: '{' })).status).toBe(400);
  });

  it('of another type is refused with the type that is taken', async () => {
    const { status, body } = await server.call('POST', shops, {
      headers: { 'content-type': 'text/yaml' },
      body: 'a: b',
    });
    expect([status, body.detail]).toEqual([415, expect.stringContaining('send application/json')]);
  });

  it('that does not say how long it is ends where it is too long', async () => {
    const bytes = Buffer.from(bodyOf(maximumBytes + 1));
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (let from = 0; from < bytes.length; from += 65_536) controller.enqueue(bytes.subarray(from, from + 65_536));
        controller.close();
      },
    });
    const headers = { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' };
    const response = await fetch(new URL(shops, server.server.url), { method: 'POST', headers, body, duplex: 'half' });
    expect(response.status).toBe(413);
    await response.body?.cancel();
    expect((await server.call('GET', '/healthz', { token: '' })).status).toBe(200);
  });
});
