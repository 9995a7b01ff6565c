import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { loadCertificates, type ClusterCertificates } from '../../cluster/src/pki/certificates.ts';
import { describeClientContract } from '../testing/client-contract.ts';
import { FakeApi } from '../testing/fake-api.ts';
import { serveOverHttp, serveRequests } from '../testing/http-bridge.ts';
import { createHttpTransport, type ClientCertificate, type HttpTransportOptions } from './http-transport.ts';
import { createClient } from './kube-client.ts';
import { configMaps } from './resources.ts';

describeClientContract('a client over HTTP', async () => {
  const { server, close } = await serveOverHttp(new FakeApi());
  return { client: createClient(createHttpTransport({ server })), close };
});

const key = { namespace: 'default', name: 'a' };
const cleanUp: Array<() => Promise<unknown>> = [];

afterEach(async () => {
  for (const step of cleanUp.splice(0).toReversed()) await step();
});

async function serve(listener: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const { server, close } = await serveRequests(listener);
  cleanUp.push(close);
  return server;
}

function answer(response: ServerResponse, body: object, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

test('a request that is passed on keeps its query and says for whom it is', async () => {
  let received: IncomingMessage | undefined;
  const server = await serve((request, response) => {
    received = request;
    answer(response, {});
  });
  const client = createClient(createHttpTransport({ server, userAgent: 'ours' }));
  await client.request({ method: 'GET', path: '/a/../b?flag&c=d+e', headers: { 'user-agent': 'theirs' } });
  expect(received?.url).toBe('/a/../b?flag&c=d+e');
  expect(received?.headers['user-agent']).toBe('theirs');
  await client.request({ method: 'GET', path: '/' });
  expect(received?.headers['user-agent']).toBe('ours');
});

describe('a kept connection that the server closes as it is used again', () => {
  /** Answers once on each connection. */
  async function serveOnce(): Promise<{ readonly server: string; readonly seen: string[] }> {
    const used = new WeakSet<object>();
    const seen: string[] = [];
    const server = await serve((request, response) => {
      seen.push(request.method ?? '');
      if (used.has(request.socket)) request.socket.destroy();
      used.add(request.socket);
      request.resume().on('end', () => answer(response, { metadata: { name: 'a' } }));
    });
    return { server, seen };
  }

  test('costs nothing where nothing is changed: the request is sent again', async () => {
    const { server, seen } = await serveOnce();
    const client = createClient(createHttpTransport({ server }));
    await client.get(configMaps, key);
    expect((await client.get(configMaps, key)).metadata.name).toBe('a');
    expect(seen).toEqual(['GET', 'GET', 'GET']);
  });

  test('is a failure of a write, which may have been carried out', async () => {
    const { server, seen } = await serveOnce();
    const client = createClient(createHttpTransport({ server }));
    await client.get(configMaps, key);
    await expect(client.create(configMaps, { metadata: key })).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
    expect(seen).toEqual(['GET', 'POST']);
  });
});

describe('failures', () => {
  test('a server that is not there is named, and the cause is kept', async () => {
    const { server, close } = await serveRequests(() => undefined);
    await close();
    const error: unknown = await createClient(createHttpTransport({ server }))
      .get(configMaps, key)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ reason: 'ServiceUnavailable', cause: { code: 'ECONNREFUSED' } });
    expect(String(error)).toContain(`the API server at ${server} cannot be reached`);
  });

  test('a connection that breaks within an answer is not taken for the whole of it', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"metadata":');
      setImmediate(() => response.destroy());
    });
    await expect(createClient(createHttpTransport({ server })).get(configMaps, key)).rejects.toMatchObject({
      reason: 'ServiceUnavailable',
    });
  });

  test('an answer that is no JSON although it says so is not taken for one', async () => {
    const server = await serve((_request, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end('<html>'),
    );
    await expect(createClient(createHttpTransport({ server })).get(configMaps, key)).rejects.toThrow(
      'JSON that cannot be read',
    );
  });

  test('an error page of something between us and the server keeps its code and its text', async () => {
    const server = await serve((_request, response) => response.writeHead(503).end('no upstream'));
    await expect(createClient(createHttpTransport({ server })).get(configMaps, key)).rejects.toMatchObject({
      reason: 'ServiceUnavailable',
      message: 'no upstream',
    });
  });

  test('a request that is given up while it waits ends at once', async () => {
    const arrived = Promise.withResolvers<void>();
    const server = await serve(() => arrived.resolve());
    const stop = new AbortController();
    const got = createClient(createHttpTransport({ server })).get(configMaps, key, { signal: stop.signal });
    const outcome = got.catch((reason: unknown) => reason);
    await arrived.promise;
    stop.abort(new Error('enough'));
    expect(await outcome).toMatchObject({ name: 'AbortError' });
  });
});

describe('tokens', () => {
  test('are asked for before each request', async () => {
    const received: Array<string | undefined> = [];
    const server = await serve((request, response) => {
      received.push(request.headers.authorization);
      answer(response, { metadata: {} });
    });
    const tokens = ['first', 'second'];
    const client = createClient(createHttpTransport({ server, token: () => tokens.shift() }));
    for (let request = 0; request < 3; request++) await client.get(configMaps, key);
    expect(received).toEqual(['Bearer first', 'Bearer second', undefined]);
  });

  test('that the server refuses are told to whoever gave them', async () => {
    const server = await serve((_request, response) =>
      answer(response, { kind: 'Status', reason: 'Unauthorized' }, 401),
    );
    let refusals = 0;
    const client = createClient(
      createHttpTransport({ server, token: () => 'x', onUnauthorized: () => (refusals += 1) }),
    );
    await expect(client.get(configMaps, key)).rejects.toMatchObject({ reason: 'Unauthorized' });
    expect(refusals).toBe(1);
  });
});

describe('TLS', () => {
  async function issue(): Promise<ClusterCertificates> {
    const directory = await mkdtemp(join(tmpdir(), 'slipway-tls-'));
    cleanUp.push(() => rm(directory, { recursive: true, force: true }));
    return loadCertificates({ directory, now: Date.now(), names: ['127.0.0.1', 'cluster.example.org'] });
  }

  /** Says which client it was asked by. */
  async function serveSecurely(own: ClusterCertificates, authorities: readonly string[]): Promise<string> {
    const { certificate: cert, key } = own.server;
    const options = { cert, key, ca: [...authorities], requestCert: true, rejectUnauthorized: false };
    const server = createServer(options, ({ socket }, response) => {
      const isKnown = socket instanceof TLSSocket && socket.authorized;
      answer(response, { metadata: { name: isKnown ? socket.getPeerCertificate().serialNumber : 'anonymous' } });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanUp.push(async () => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    return `https://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  const askWho = async (options: HttpTransportOptions): Promise<string | undefined> =>
    (await createClient(createHttpTransport(options)).get(configMaps, key)).metadata.name;

  test('trusts only the authority that was named', async () => {
    const [own, other] = [await issue(), await issue()];
    const server = await serveSecurely(own, []);
    expect(await askWho({ server, ca: own.authority })).toBe('anonymous');
    await expect(askWho({ server, ca: other.authority })).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
    expect(await askWho({ server, ca: other.authority, insecureSkipTlsVerify: true })).toBe('anonymous');
  });

  test('expects the name that was given in place of the host', async () => {
    const own = await issue();
    const server = await serveSecurely(own, []);
    expect(await askWho({ server, ca: own.authority, tlsServerName: 'cluster.example.org' })).toBe('anonymous');
    await expect(askWho({ server, ca: own.authority, tlsServerName: 'example.org' })).rejects.toMatchObject({
      reason: 'ServiceUnavailable',
    });
  });

  test('makes new connections with a new certificate, and keeps them otherwise', async () => {
    const [own, other] = [await issue(), await issue()];
    const server = await serveSecurely(own, [own.authority, other.authority]);
    const pairs = [own, other].map(({ admin }) => ({ cert: admin.certificate, key: admin.key }));
    let current: ClientCertificate | undefined = pairs[0];
    const client = createClient(
      createHttpTransport({ server, ca: own.authority, ...pairs[0], certificate: async () => current }),
    );
    const ask = async (): Promise<string | undefined> => (await client.get(configMaps, key)).metadata.name;
    const first = await ask();
    expect(first).toMatch(/^[0-9A-F]+$/);
    expect(await ask()).toBe(first);
    current = pairs[1];
    const second = await ask();
    expect(second).toMatch(/^[0-9A-F]+$/);
    expect(second).not.toBe(first);
  });
});
