/** Streams that are opened with anything, and readers who send anything: no fault of ours, nothing secret, nothing left open. */
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { nasty } from '../../testing/arbitrary-requests.ts';
import { shopSpec, startTestServer, type TestServer } from '../../testing/test-server.ts';

const namespace = '/api/v1/namespaces/default';
const paths = [
  '/api/v1/applications/stream',
  `${namespace}/releases/shop-1/log/stream`,
  `${namespace}/applications/shop/logs/stream`,
  '/compat/amdatu/stream/deployments/none/logs',
];
/** As a stream gives them, and bent in one place. */
const positions = fc.oneof(
  nasty,
  fc.string({ unit: 'binary' }),
  fc.integer().map(String),
  fc.tuple(fc.base64String({ maxLength: 40 }), fc.integer()).map(([epoch, number]) => `${epoch}.${number}`),
  fc.base64String({ maxLength: 2_000 }),
  fc.json({ maxDepth: 3 }).map((text) => Buffer.from(text).toString('base64url')),
);
const queries = fc.record(
  {
    after: positions,
    tail: fc.oneof(nasty, fc.integer().map(String)),
    pod: nasty,
    container: nasty,
    namespace: fc.constantFrom('default', 'none', ''),
  },
  { requiredKeys: [] },
);
const frames = fc.array(
  fc.oneof(
    nasty,
    fc.string({ unit: 'binary', maxLength: 2_000 }),
    fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
  ),
  { maxLength: 5 },
);

describe('streams', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
    await server.cluster.deploy({ ...shopSpec('web:1'), version: '1' });
    await server.cluster.advance(2_000);
  });
  afterAll(() => server.stop());

  const open = () => server.server.app.websocketServer.clients.size;

  async function isHealthy(): Promise<void> {
    expect((await server.call('GET', '/healthz')).status).toBe(200);
    while (open() > 0) await new Promise(setImmediate);
  }

  function encode(text: string): string {
    return text.isWellFormed() ? encodeURIComponent(text) : '%ED%A0%80';
  }

  /** Resolves with the status of the handshake and all that was sent. */
  function converse(path: string, sent: readonly (string | Buffer)[]): Promise<{ status: number; text: string }> {
    const url = server.server.url.replace('http', 'ws');
    const socket = new WebSocket(`${url}${path}`, { headers: { authorization: `Bearer ${server.token}` } });
    const heard: string[] = [];
    return new Promise((resolve) => {
      const end = (status: number): void => resolve({ status, text: heard.join('') });
      socket.on('message', (data) => heard.push(String(data)));
      socket.on('unexpected-response', (request, response) => {
        request.destroy();
        end(response.statusCode ?? 0);
      });
      socket.on('error', () => undefined);
      socket.on('close', () => end(101));
      socket.on('open', () => {
        for (const frame of sent) socket.send(typeof frame === 'string' ? frame.toWellFormed() : frame);
        socket.ping('?');
        socket.close();
      });
    });
  }

  it('take any position and any frame, and end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), queries, frames, async (path, query, sent) => {
        const words = Object.entries(query).map(([name, value]) => `${name}=${encode(value)}`);
        const { status, text } = await converse(`${path}?${words.join('&')}`, sent);
        expect([101, 400, 404, 414]).toContain(status);
        expect(text).not.toContain(server.token);
      }),
      { numRuns: 150, seed: 1, endOnFailure: true },
    );
    await isHealthy();
  });

  it('outlive readers who speak no protocol', async () => {
    const { hostname, port } = new URL(server.server.url);
    const handshake = [
      'GET /api/v1/applications/stream HTTP/1.1',
      `Host: ${hostname}:${port}`,
      `Authorization: Bearer ${server.token}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      '\r\n',
    ].join('\r\n');
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.boolean(), async (bytes, isUpgraded) => {
        const socket = connect(Number(port), hostname);
        const ended = new Promise((resolve) => socket.on('close', resolve));
        socket.on('error', () => undefined);
        // What is sent is of interest, and not what is heard.
        socket.resume();
        if (isUpgraded) socket.write(handshake);
        socket.end(bytes);
        await ended;
      }),
      { numRuns: 60, seed: 2, endOnFailure: true },
    );
    await isHealthy();
  });
});
