import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type ClientRequest, type IncomingMessage, request, type RequestOptions } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { bodyOf, eventually, exchangeRaw, readUntil, ruleOf, World } from './world.ts';
import type { DataPlane } from '../src/data-plane.ts';
import { emptyRoutingTable, type PathRoute, type RouteRule } from '../src/routing/routing-table.ts';

/** What every data plane does with requests; `open` makes one that does not listen yet. */
export function describeDataPlane(name: string, open: () => DataPlane): void {
  describe(name, () => {
    dataPlaneContract(open);
  });
}

function dataPlaneContract(openPlane: () => DataPlane): void {
  let world: World;
  let agent: Agent;
  beforeEach(async () => {
    world = await new World(openPlane()).start();
    agent = new Agent({ keepAlive: true });
  });
  afterEach(async () => {
    agent.destroy();
    await world.close();
  });

  interface Answer {
    readonly status: number;
    readonly headers: IncomingMessage['headers'];
    readonly trailers: IncomingMessage['trailers'];
    readonly body: string;
  }

  function open(options: RequestOptions = {}): ClientRequest {
    return request({ host: '127.0.0.1', port: world.port, agent, ...options });
  }

  async function answerOf(sent: ClientRequest): Promise<Answer> {
    const [message]: [IncomingMessage] = await (once(sent, 'response') as Promise<[IncomingMessage]>);
    const body = await bodyOf(message);
    return { status: message.statusCode ?? 0, headers: message.headers, trailers: message.trailers, body };
  }

  function call(options: RequestOptions = {}, body?: string): Promise<Answer> {
    const sent = open(options);
    sent.end(body);
    return answerOf(sent);
  }

  const get = (path = '/'): string => `GET ${path} HTTP/1.1\r\nHost: shop\r\n\r\n`;

  describe('a request', () => {
    test('reaches the backend with its host, and with our word about the client', async () => {
      const backend = await world.backend((incoming, outgoing) =>
        outgoing.end(JSON.stringify({ url: incoming.url, headers: incoming.headers })),
      );
      await world.route([{ endpoints: [backend] }]);
      const headers = {
        Host: 'shop.localhost',
        'X-Forwarded-For': '6.6.6.6',
        Forwarded: 'for=6.6.6.6',
        Connection: 'X-Hop',
        'X-Hop': 'mine',
        Cookie: 'a=b',
      };
      const answer = await call({ path: '/a?b=c', headers });
      const seen: { url: string; headers: Record<string, string> } = JSON.parse(answer.body);
      expect(seen.url).toBe('/a?b=c');
      expect(seen.headers).toMatchObject({
        host: 'shop.localhost',
        cookie: 'a=b',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': 'shop.localhost',
      });
      expect(seen.headers).not.toHaveProperty('x-hop');
      expect(seen.headers).not.toHaveProperty('forwarded');
    });

    test('keeps connections alive on both sides', async () => {
      let connections = 0;
      const backend = await world.backend((_, outgoing) => outgoing.end('ok'));
      backend.server.on('connection', () => (connections += 1));
      await world.route([{ endpoints: [backend] }]);
      const sockets = new Set<unknown>();
      for (let index = 0; index < 20; index++) {
        const sent = open();
        sent.on('socket', (socket) => sockets.add(socket));
        sent.end();
        expect((await answerOf(sent)).body).toBe('ok');
      }
      expect([connections, sockets.size]).toEqual([1, 1]);
    });

    test('may follow another before that is answered', async () => {
      const backend = await world.backend((incoming, outgoing) => outgoing.end(`<${incoming.url}>`));
      await world.route([{ endpoints: [backend] }]);
      const text = await exchangeRaw(world.port, get('/1') + get('/2') + get('/3'), '</3>');
      expect(text.match(/<\/\d>/g)).toEqual(['</1>', '</2>', '</3>']);
    });

    test('may arrive byte by byte', async () => {
      const backend = await world.backend(async (incoming, outgoing) => outgoing.end(`got ${await bodyOf(incoming)}`));
      await world.route([{ endpoints: [backend] }]);
      const socket = connect({ port: world.port, host: '127.0.0.1', noDelay: true });
      const answer = readUntil(socket, 'got hello');
      const text = '\r\nPOST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n';
      for (const byte of text) {
        socket.write(byte);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await answer).toContain('got hello');
      socket.destroy();
    });

    test('of HTTP/1.0 gets the data of a chunked answer, and then the end', async () => {
      const backend = await world.backend((_, outgoing) => {
        outgoing.write('one ');
        outgoing.end('two');
      });
      await world.route([{ endpoints: [backend] }]);
      const text = await exchangeRaw(world.port, 'GET / HTTP/1.0\r\n\r\n');
      expect(text.split('\r\n\r\n')[1]).toBe('one two');
      expect(text).not.toMatch(/transfer-encoding/i);
    });

    test('with an invalid chunk is cut off towards the backend too', async () => {
      let seen = '';
      let isAborted = false;
      const backend = await world.backend((incoming) => {
        incoming.on('data', (piece) => (seen += String(piece))).on('aborted', () => (isAborted = true));
      });
      await world.route([{ endpoints: [backend] }]);
      const socket = connect({ port: world.port, host: '127.0.0.1' });
      socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
      await eventually(() => seen === 'hello');
      socket.write('zz\r\n');
      expect(await readUntil(socket)).toMatch(/^HTTP\/1\.1 400/);
      await eventually(() => isAborted);
    });

    for (const lines of [
      'Connection: content-length',
      'Connection: keep-alive, Host',
      'Connection: keep-alive\r\nConnection: transfer-encoding',
    ]) {
      test(`with ${JSON.stringify(lines)} is refused, since a server behind us would read it in another way`, async () => {
        const seen: string[] = [];
        const backend = await world.backend((incoming, outgoing) => {
          seen.push(incoming.url ?? '');
          outgoing.end();
        });
        await world.route([{ endpoints: [backend] }]);
        const hidden = get('/hidden');
        const head = `POST /open HTTP/1.1\r\nHost: shop\r\nContent-Length: ${hidden.length}\r\n${lines}`;
        expect(await exchangeRaw(world.port, `${head}\r\n\r\n${hidden}`, '\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/);
        expect(seen).toEqual([]);
      });
    }

    test('with an unknown expectation is refused', async () => {
      await world.route([{ endpoints: [] }]);
      expect((await call({ headers: { Expect: 'wonders' } })).status).toBe(417);
    });
  });

  describe('a body', () => {
    test('streams up and down at the same time, every byte in its place', async () => {
      const size = 64 * 1024 * 1024;
      const backend = await world.backend((incoming, outgoing) => incoming.pipe(outgoing));
      await world.route([{ endpoints: [backend] }]);
      const piece = randomBytes(1024 * 1024);
      const twice = Buffer.concat([piece, piece]);
      const sent = open({ method: 'POST' });
      let received = 0;
      const responded = once(sent, 'response').then(async (args: unknown[]) => {
        for await (const part of args[0] as IncomingMessage) {
          const bytes = part as Buffer;
          const offset = received % piece.length;
          if (!bytes.equals(twice.subarray(offset, offset + bytes.length)))
            throw new Error(`other bytes at ${received}`);
          received += bytes.length;
        }
      });
      for (let index = 0; index < size / piece.length; index++) if (!sent.write(piece)) await once(sent, 'drain');
      sent.end();
      await responded;
      expect(received).toBe(size);
    });

    const limit = 200 * 1024 * 1024;
    const piece = Buffer.alloc(64 * 1024);

    /** Writes as long as there is room, and tells how much that was once nothing more goes. */
    async function fill(target: Writable): Promise<number> {
      let written = 0;
      const push = (): void => {
        for (let hasRoom = true; hasRoom && written < limit; written += piece.length) hasRoom = target.write(piece);
      };
      target.on('drain', push);
      push();
      for (let last = -1; last !== written;) {
        last = written;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      return written;
    }

    test('waits for a client that does not read', async () => {
      const filled = Promise.withResolvers<number>();
      const backend = await world.backend((_, outgoing) => void fill(outgoing).then(filled.resolve, filled.reject));
      await world.route([{ endpoints: [backend] }]);
      const socket = connect({ port: world.port, host: '127.0.0.1' });
      socket.pause();
      socket.write(get());
      expect(await filled.promise).toBeLessThan(limit / 4);
      socket.destroy();
    });

    test('waits for a backend that does not read', async () => {
      const backend = await world.rawBackend((socket) => socket.pause());
      await world.route([{ endpoints: [backend] }]);
      const socket = connect({ port: world.port, host: '127.0.0.1' });
      socket.on('error', () => socket.destroy());
      socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${limit}\r\n\r\n`);
      expect(await fill(socket)).toBeLessThan(limit / 4);
      socket.destroy();
    });

    test('has its trailers passed on', async () => {
      const backend = await world.backend((_, outgoing) => {
        outgoing.writeHead(200, { Trailer: 'X-Sum' });
        outgoing.write('data');
        outgoing.addTrailers({ 'X-Sum': '42' });
        outgoing.end();
      });
      await world.route([{ endpoints: [backend] }]);
      expect(await call()).toMatchObject({ body: 'data', trailers: { 'x-sum': '42' } });
    });

    test('is sent after the backend has asked for it', async () => {
      const backend = await world.backend(async (incoming, outgoing) => outgoing.end(await bodyOf(incoming)));
      await world.route([{ endpoints: [backend] }]);
      const sent = open({ method: 'POST', headers: { Expect: '100-continue', 'Content-Length': '5' } });
      sent.flushHeaders();
      await once(sent, 'continue');
      sent.end('hello');
      expect(await answerOf(sent)).toMatchObject({ status: 200, body: 'hello' });
    });

    test('is absent from the answer to HEAD, and the connection goes on', async () => {
      const backend = await world.backend((_, outgoing) => outgoing.setHeader('Content-Length', '5').end('hello'));
      await world.route([{ endpoints: [backend] }]);
      const head = await call({ method: 'HEAD' });
      expect(head).toMatchObject({ body: '', headers: { 'content-length': '5' } });
      expect((await call()).body).toBe('hello');
    });

    test('that ends with the connection gets a framing of its own', async () => {
      const backend = await world.rawBackend(
        (socket) => void socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nall of it')),
      );
      await world.route([{ endpoints: [backend] }]);
      const { body, headers } = await call();
      expect(body).toBe('all of it');
      expect(headers['transfer-encoding'] === 'chunked' || headers.connection === 'close').toBe(true);
    });

    test('whose length the Connection header takes away is a 502', async () => {
      const backend = await world.rawBackend(
        (socket) =>
          void socket.once('data', () =>
            socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close, Content-Length\r\n\r\nbody'),
          ),
      );
      await world.route([{ endpoints: [backend] }]);
      expect((await call()).status).toBe(502);
    });

    test('that is cut short is cut short for the client too', async () => {
      const backend = await world.rawBackend(
        (socket) => void socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart')),
      );
      await world.route([{ endpoints: [backend] }]);
      await expect(call()).rejects.toMatchObject({ code: 'ECONNRESET' });
    });

    test('is compressed where the route says so and it is worth it', async () => {
      const page = '<p>hello</p>'.repeat(1_000);
      const backend = await world.backend((incoming, outgoing) => {
        outgoing
          .setHeader('Content-Type', incoming.url === '/image' ? 'image/png' : 'text/html')
          .setHeader('ETag', '"1"');
        outgoing.end(page);
      });
      await world.route([{ endpoints: [backend] }], { compression: true });
      const headers = { 'Accept-Encoding': 'br, gzip' };
      const answer = await call({ headers });
      expect(answer.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding', etag: 'W/"1"' });
      expect(gunzipSync(Buffer.from(answer.body, 'latin1')).toString()).toBe(page);
      for (const options of [{ headers, path: '/image' }, { headers: { 'Accept-Encoding': 'gzip;q=0' } }, {}]) {
        expect((await call(options)).headers).not.toHaveProperty('content-encoding');
      }
    });

    test('has the headers of the route', async () => {
      const backend = await world.backend((_, outgoing) => outgoing.setHeader('X-Frame-Options', 'ALLOW').end());
      await world.route([{ endpoints: [backend] }], { responseHeaders: new Map([['X-Frame-Options', 'DENY']]) });
      expect((await call()).headers['x-frame-options']).toBe('DENY');
    });
  });

  describe('informational answers', () => {
    test('are passed on before the final one', async () => {
      const backend = await world.backend((_, outgoing) => {
        outgoing.writeEarlyHints({ link: '</style.css>; rel=preload' });
        outgoing.end('done');
      });
      await world.route([{ endpoints: [backend] }]);
      const sent = open();
      const hints = once(sent, 'information');
      sent.end();
      const answer = await answerOf(sent);
      expect(await hints).toMatchObject([{ statusCode: 103, headers: { link: '</style.css>; rel=preload' } }]);
      expect(answer.body).toBe('done');
    });
  });

  describe('weights', () => {
    test('are kept to within two points in every window of a hundred', async () => {
      const versions = await Promise.all(
        ['a', 'b', 'c'].map((name) => world.backend((_, outgoing) => outgoing.end(name))),
      );
      const weights = [70, 25, 5];
      await world.route(versions.map((backend, index) => ({ endpoints: [backend], weight: weights[index] ?? 0 })));
      const seen: string[] = [];
      for (let index = 0; index < 400; index++) seen.push((await call()).body);
      for (let start = 0; start <= 300; start += 7) {
        const window = seen.slice(start, start + 100);
        for (const [index, name] of ['a', 'b', 'c'].entries()) {
          const share = window.filter((one) => one === name).length;
          expect(Math.abs(share - (weights[index] ?? 0))).toBeLessThanOrEqual(2);
        }
      }
    });

    test('of a backend without ready pods go to the others', async () => {
      const backend = await world.backend((_, outgoing) => outgoing.end('b'));
      await world.route([
        { endpoints: [], weight: 90 },
        { endpoints: [backend], weight: 10 },
      ]);
      for (let index = 0; index < 10; index++) expect((await call()).body).toBe('b');
    });

    test('of 0 get nothing, even when nobody else is ready', async () => {
      const backend = await world.backend((_, outgoing) => outgoing.end());
      await world.route([
        { endpoints: [backend], weight: 0 },
        { endpoints: [], weight: 100 },
      ]);
      expect(await call()).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    });

    test('leave the choice of the pod to its load', async () => {
      const held: (() => void)[] = [];
      const slow = await world.backend((_, outgoing) => held.push(() => outgoing.end('slow')));
      const quick = await world.backend((_, outgoing) => outgoing.end('quick'));
      await world.route([{ endpoints: [slow, quick] }]);
      const first = Array.from({ length: 2 }, () => call());
      await eventually(() => held.length === 1);
      for (let index = 0; index < 10; index++) expect((await call()).body).toBe('quick');
      for (const release of held) release();
      await Promise.all(first);
    });
  });

  describe('trying again', () => {
    test('a pod that cannot be reached costs no request, whatever the method', async () => {
      const backend = await world.backend(async (incoming, outgoing) => outgoing.end(await bodyOf(incoming)));
      await world.route([{ endpoints: [await world.deadEndpoint(), backend] }]);
      for (let index = 0; index < 6; index++)
        expect(await call({ method: 'POST' }, 'paid')).toMatchObject({ status: 200, body: 'paid' });
    });

    test('neither does one whose body is large', async () => {
      const backend = await world.backend(async (incoming, outgoing) =>
        outgoing.end(`got ${(await bodyOf(incoming)).length}`),
      );
      await world.route([{ endpoints: [await world.deadEndpoint(), backend] }]);
      for (let index = 0; index < 6; index++)
        expect(await call({ method: 'POST' }, 'x'.repeat(1_000_000))).toMatchObject({
          status: 200,
          body: 'got 1000000',
        });
    });

    test('an idempotent request whose pod dies goes to another one, once', async () => {
      let broken = 0;
      const dying = await world.rawBackend((socket) => {
        socket.once('data', () => {
          broken += 1;
          socket.destroy();
        });
      });
      const backend = await world.backend((_, outgoing) => outgoing.end('ok'));
      await world.route([{ endpoints: [dying, backend] }]);
      for (let index = 0; index < 4; index++) expect((await call()).body).toBe('ok');
      expect(broken).toBeGreaterThan(0);
      await world.route([{ endpoints: [dying] }]);
      broken = 0;
      expect((await call({ agent: false })).status).toBe(502);
      expect(broken).toBe(2);
    });

    test('a request that may have been carried out is not sent twice', async () => {
      let received = 0;
      const dying = await world.rawBackend((socket) => {
        socket.once('data', () => {
          received += 1;
          socket.destroy();
        });
      });
      await world.route([{ endpoints: [dying] }]);
      expect((await call({ method: 'POST' }, 'order')).status).toBe(502);
      expect(received).toBe(1);
    });

    test('a request that must not be sent twice goes over a connection of its own', async () => {
      const requests: string[][] = [];
      const backend = await world.rawBackend((socket) => {
        const own: string[] = [];
        requests.push(own);
        socket.on('data', (piece: Buffer) => {
          own.push(piece.toString().slice(0, 4).trim());
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        });
      });
      await world.route([{ endpoints: [backend] }]);
      for (const method of ['GET', 'POST', 'GET', 'GET']) expect((await call({ method })).body).toBe('ok');
      expect(requests.flatMap((own) => own.slice(1))).not.toContain('POST');
      expect(requests.flat()).toHaveLength(4);
    });

    test('a kept connection that the backend closes as the request comes is never seen by the client', async () => {
      let connections = 0;
      const backend = await world.rawBackend((socket) => {
        connections += 1;
        let answered = 0;
        socket.on('data', () => {
          // The second request on a connection finds it closed.
          if (answered++ === 0) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
          else socket.destroy();
        });
      });
      await world.route([{ endpoints: [backend] }]);
      for (const method of ['GET', 'GET', 'POST', 'GET', 'DELETE']) {
        expect(await call({ method }, method === 'POST' ? 'body' : undefined)).toMatchObject({
          status: 200,
          body: 'ok',
        });
      }
      expect(connections).toBeGreaterThan(2);
    });

    test('stops once the answer has begun', async () => {
      let requests = 0;
      const backend = await world.rawBackend((socket) => {
        socket.once('data', () => {
          requests += 1;
          socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
        });
      });
      await world.route([{ endpoints: [backend] }]);
      await expect(call()).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect(requests).toBe(1);
    });

    test('an answer that is not HTTP is a 502', async () => {
      const backend = await world.rawBackend(
        (socket) => void socket.once('data', () => socket.write('SSH-2.0-OpenSSH\r\n\r\n')),
      );
      await world.route([{ endpoints: [backend] }]);
      expect((await call()).status).toBe(502);
    });

    test('a client that leaves takes its request with it', async () => {
      let isReceived = false;
      let isAborted = false;
      const backend = await world.backend((incoming) => {
        isReceived = true;
        incoming.on('aborted', () => (isAborted = true));
      });
      await world.route([{ endpoints: [backend] }]);
      const socket = connect({ port: world.port, host: '127.0.0.1' });
      socket.write(get());
      await eventually(() => isReceived);
      await world.route([{ endpoints: [] }]);
      expect(world.plane.backends()[0]?.openRequests).toBe(1);
      // Its end alone may mean that it only sends nothing more.
      socket.resetAndDestroy();
      await eventually(() => isAborted);
      await eventually(() => (world.plane.backends()[0]?.openRequests ?? 0) === 0);
    });
  });

  describe('a backend that loses its traffic', () => {
    test('finishes what it has, while new requests go elsewhere at once', async () => {
      let finish: () => void = () => undefined;
      const old = await world.backend((_, outgoing) => {
        outgoing.write('begun ');
        finish = () => outgoing.end('finished');
      });
      const next = await world.backend((_, outgoing) => outgoing.end('next'));
      await world.route([
        { endpoints: [old], weight: 100, drainSeconds: 0 },
        { endpoints: [next], weight: 0 },
      ]);
      const slow = open({ agent: false });
      slow.end();
      await once(slow, 'response').then(async (args: unknown[]) => {
        const message = args[0] as IncomingMessage;
        await world.route([
          { endpoints: [old], weight: 0, drainSeconds: 0 },
          { endpoints: [next], weight: 100 },
        ]);
        expect((await call()).body).toBe('next');
        expect(world.plane.backends().map((backend) => backend.openRequests)).toEqual([1, 0]);
        finish();
        expect(await bodyOf(message)).toBe('begun finished');
        await eventually(() => world.plane.backends().every((backend) => backend.openRequests === 0));
      });
    });

    test('has its idle connections closed after its drain time', async () => {
      const old = await world.backend((_, outgoing) => outgoing.end('old'));
      const next = await world.backend((_, outgoing) => outgoing.end('next'));
      const closed = new Promise((resolve) =>
        old.server.on('connection', (socket: Socket) =>
          socket.on('error', () => socket.destroy()).on('close', resolve),
        ),
      );
      await world.route([{ endpoints: [old], drainSeconds: 0.05 }]);
      await call();
      await world.route([{ endpoints: [next] }]);
      await closed;
      expect((await call()).body).toBe('next');
    });

    test('has its WebSockets told to go away between two messages, after its drain time', async () => {
      const old = await world.backend(() => undefined);
      const serverSide: WebSocket[] = [];
      const sockets = new WebSocketServer({ server: old.server });
      sockets.on('connection', (socket) => {
        serverSide.push(socket);
        socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
      });
      await world.route([{ endpoints: [old], drainSeconds: 0.1 }]);
      const client = new WebSocket(`ws://127.0.0.1:${world.port}/chat`);
      await once(client, 'open');
      const big = randomBytes(300_000);
      client.send(big);
      const [echo]: unknown[] = await once(client, 'message');
      expect(big.equals(echo as Buffer)).toBe(true);
      expect(world.plane.backends()[0]).toMatchObject({ openConnections: 1, openRequests: 0 });
      const closed = [once(client, 'close'), once(serverSide[0] ?? client, 'close')];
      await world.route([{ endpoints: [] }]);
      client.send('still here');
      expect(String((await once(client, 'message'))[0])).toBe('still here');
      for (const close of closed) expect((await close)[0]).toBe(1001);
    });
  });

  describe('shares', () => {
    test('of ten thousand requests are within two points of the weights, and follow them when they change', async () => {
      const versions = await Promise.all(['a', 'b'].map((name) => world.backend((_, outgoing) => outgoing.end(name))));
      for (const { weight, each } of [
        { weight: 5, each: 1_000 },
        { weight: 50, each: 200 },
      ]) {
        await world.route(
          versions.map((backend, index) => ({ endpoints: [backend], weight: index === 0 ? weight : 100 - weight })),
        );
        const answers = await Promise.all(Array.from({ length: 10 }, () => pipelined(each)));
        const share = answers.reduce((sum, text) => sum + (text.match(/^a/gm) ?? []).length, 0) / (each / 10);
        expect(Math.abs(share - weight)).toBeLessThanOrEqual(2);
      }
    }, 60_000);

    /** Each body is a line of its own. */
    async function pipelined(count: number): Promise<string> {
      const last = 'GET /?last HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n';
      const text = await exchangeRaw(world.port, get().repeat(count - 1) + last);
      return text
        .split('HTTP/1.1 200 OK\r\n')
        .map((answer) => answer.split('\r\n\r\n')[1]?.replace(/^1\r\n/, '') ?? '')
        .join('\n');
    }
  });

  describe('pods', () => {
    test('come and go with requests under way, and none of those is lost', async () => {
      const pods = await Promise.all(
        ['a', 'b', 'c'].map((name) =>
          world.backend(
            (incoming, outgoing) => void incoming.resume().on('end', () => setImmediate(() => outgoing.end(name))),
          ),
        ),
      );
      let total = 0;
      const over = new AbortController();
      const outcomes = new Set<string>();
      const serve = (turn: number): Promise<void> =>
        world.route([
          { endpoints: pods.filter((_, index) => index !== turn % 3), weight: turn % 101 },
          { endpoints: pods.slice(turn % 3, (turn % 3) + 1), weight: 100 - (turn % 101), version: 'other' },
        ]);
      await serve(1);
      const clients = Array.from({ length: 8 }, async (_, index) => {
        while (!over.signal.aborted) {
          const method = index % 3 === 0 ? 'POST' : 'GET';
          outcomes.add((await call({ method, agent: index % 2 === 0 ? agent : false })).body);
          total += 1;
        }
      });
      for (let turn = 2; turn <= 25; turn++) {
        await serve(turn * 7);
        const goal = total + 10;
        await eventually(() => total >= goal);
      }
      over.abort();
      await Promise.all(clients);
      expect([...outcomes].toSorted()).toEqual(['a', 'b', 'c']);
    }, 60_000);
  });

  describe('routes', () => {
    const routes: readonly { readonly host: string; readonly path: string; readonly service: string }[] = [
      { host: 'shop.example.org', path: '/', service: 'root' },
      { host: 'shop.example.org', path: '/cart', service: 'cart' },
      { host: 'shop.example.org', path: '/cart;jsessionid=1/a', service: 'odd' },
      { host: '*.example.org', path: '/', service: 'wildcard' },
      { host: '*', path: '/status', service: 'everywhere' },
      { host: '!', path: '/', service: 'hostile' },
      { host: 'a b\n# $(x)', path: '/x y\r\n', service: 'hostile' },
    ];
    const cases: readonly (readonly [name: string, host: string, path: string, service: string])[] = [
      ['a host', 'shop.example.org', '/a/b', 'root'],
      ['a host in capitals with a port', 'SHOP.example.org:8080', '/', 'root'],
      ['the longest path', 'shop.example.org', '/cart/1?x=/y', 'cart'],
      ['a path without what follows', 'shop.example.org', '/cart', 'cart'],
      ['whole elements of a path only', 'shop.example.org', '/carts', 'root'],
      ['a path with signs', 'shop.example.org', '/cart;jsessionid=1/a', 'odd'],
      ['one label for a star', 'other.example.org', '/', 'wildcard'],
      ['no two labels for a star', 'a.b.example.org', '/status', 'everywhere'],
      ['any host', 'elsewhere', '/status/1', 'everywhere'],
      ['nothing else', 'elsewhere', '/', '404'],
      ['a redirect', 'www.example.org', '/a?b', '308 http://example.org/a?b'],
    ];

    test.each(cases)('lead by %s', async (_, host, path, service) => {
      const backends = new Map<string, RouteRule>();
      for (const { service } of routes) {
        const pod = await world.backend((_, outgoing) => outgoing.end(service));
        backends.set(service, ruleOf([{ endpoints: [pod], service }]));
      }
      const byHost = (host: string): PathRoute[] =>
        routes
          .filter((route) => route.host === host)
          .toSorted((a, b) => b.path.length - a.path.length)
          .flatMap(({ path, service }) => {
            const rule = backends.get(service);
            return rule === undefined ? [] : [{ path, match: 'Prefix' as const, rule }];
          });
      await world.plane.install({
        ...emptyRoutingTable,
        exactHosts: new Map(['shop.example.org', '!', 'a b\n# $(x)'].map((host) => [host, byHost(host)])),
        wildcardHosts: new Map([['example.org', byHost('*.example.org')]]),
        anyHost: byHost('*'),
        redirects: new Map([['www.example.org', 'example.org']]),
        rules: [...backends.values()],
      });
      const { status, body, headers } = await call({ path, headers: { host } });
      expect(status === 200 ? body : [status, headers.location].join(' ').trim()).toBe(service);
    });
  });

  describe('under load', () => {
    test('no request is lost while versions replace each other and their servers close what is idle', async () => {
      const releases = 20;
      const outcomes = new Set<string>();
      let total = 0;
      const over = new AbortController();
      const client = async (index: number): Promise<void> => {
        while (!over.signal.aborted) {
          const isPost = index % 3 === 0;
          const answer = await call(
            { method: isPost ? 'POST' : 'GET', agent: index % 2 === 0 ? agent : false },
            isPost ? 'order' : undefined,
          );
          const outcome =
            answer.status === 200 && /^v\d+$/.test(answer.body) ? 'ok' : `${answer.status} ${answer.body}`;
          outcomes.add(outcome);
          total += 1;
        }
      };
      const start = async (name: string): Promise<Awaited<ReturnType<World['backend']>>> => {
        const backend = await world.backend(
          (incoming, outgoing) => void incoming.resume().on('end', () => outgoing.end(name)),
        );
        // Shorter than the pauses between requests, so that connections are closed just as they are needed.
        backend.server.keepAliveTimeout = 1;
        return backend;
      };
      let serving = await start('v0');
      await world.route([{ endpoints: [serving], drainSeconds: 0 }]);
      const clients = Array.from({ length: 12 }, (_, index) => client(index));
      for (let release = 1; release <= releases; release++) {
        const next = await start(`v${release}`);
        await world.route([{ endpoints: [next], version: String(release), drainSeconds: 0 }]);
        const goal = total + 20;
        await eventually(() => total >= goal);
        // Delivery stops a pod when nothing is open to it; what is idle is closed by the application itself.
        await eventually(() =>
          world.plane.backends().every((backend) => backend.version === String(release) || backend.openRequests === 0),
        );
        const closed = new Promise((resolve) => serving.server.close(resolve));
        serving.server.closeIdleConnections();
        await closed;
        serving = next;
      }
      over.abort();
      await Promise.all(clients);
      expect([...outcomes]).toEqual(['ok']);
      expect(total).toBeGreaterThan(releases * 20);
    }, 60_000);
  });

  describe('upgrades', () => {
    const upgradeHeaders = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };

    test('that the backend declines are ordinary answers', async () => {
      const backend = await world.backend((_, outgoing) => outgoing.writeHead(426).end('no'));
      await world.route([{ endpoints: [backend] }]);
      expect(await call({ headers: upgradeHeaders })).toMatchObject({
        status: 426,
        body: 'no',
      });
    });

    test('that nobody asked for are a 502', async () => {
      const backend = await world.rawBackend(
        (socket) =>
          void socket.once('data', () => socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n')),
      );
      await world.route([{ endpoints: [backend] }]);
      expect((await call()).status).toBe(502);
    });

    test('pass the end of one side on, and then what the other side still says', async () => {
      const backend = await world.rawBackend((socket) => {
        socket.once('data', () => {
          socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: sum\r\n\r\n');
          socket.on('end', () => socket.end('42'));
        });
      });
      backend.server.on('connection', (socket: Socket) => (socket.allowHalfOpen = true));
      await world.route([{ endpoints: [backend] }]);
      const socket = connect({ port: world.port, host: '127.0.0.1', allowHalfOpen: true });
      const text = readUntil(socket);
      socket.on('end', () => socket.end());
      socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: sum\r\n\r\n');
      socket.once('data', () => socket.end('40 2'));
      expect((await text).split('\r\n\r\n')[1]).toBe('42');
      await eventually(() => world.plane.backends().every((each) => each.openConnections === 0));
    });

    test('pass what both sides send early', async () => {
      const backend = await world.rawBackend((socket) => {
        socket.once('data', () => {
          socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nwelcome ');
          socket.on('data', (piece) => socket.write(piece));
        });
      });
      await world.route([{ endpoints: [backend] }]);
      const text = await exchangeRaw(
        world.port,
        'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly',
        'early',
      );
      expect(text).toMatch(/^upgrade: echo/im);
      expect(text.split('\r\n\r\n')[1]).toBe('welcome early');
    });
  });

  describe('closing', () => {
    test('lets an open request end and takes no new connection', async () => {
      const held: (() => void)[] = [];
      const backend = await world.backend((incoming, outgoing) =>
        incoming.url === '/late' ? held.push(() => outgoing.end('late')) : outgoing.end(),
      );
      await world.route([{ endpoints: [backend] }]);
      const answer = call({ path: '/late' });
      await eventually(() => held.length === 1);
      const closed = world.plane.close();
      await refused();
      for (const release of held) release();
      expect(await answer).toMatchObject({ body: 'late', headers: { connection: 'close' } });
      await closed;
    });

    async function refused(): Promise<void> {
      for (;;) {
        try {
          await call({ agent: false });
        } catch (error) {
          if (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED') return;
        }
      }
    }
  });

  test('counts clients that leave apart from errors', async () => {
    const held: (() => void)[] = [];
    const backend = await world.backend((incoming, outgoing) => {
      if (incoming.url === '/begun') outgoing.write('begun');
      held.push(() => outgoing.end());
    });
    await world.route([{ endpoints: [backend] }]);
    for (const path of ['/', '/begun']) {
      const socket = connect({ port: world.port, host: '127.0.0.1' });
      socket.write(get(path));
      await eventually(() => held.length === 1);
      if (path === '/begun') await once(socket, 'data');
      socket.resetAndDestroy();
      const count = path === '/' ? 1 : 2;
      await eventually(() => world.plane.traffic.all()[0]?.requests === count);
      held.pop()?.();
    }
    expect(world.plane.traffic.all()[0]).toMatchObject({ requests: 2, errors: 0, abandoned: 2 });
  });

  test('counts requests, errors and durations by version', async () => {
    const backend = await world.backend((incoming, outgoing) =>
      outgoing.writeHead(incoming.url === '/bad' ? 500 : 200).end(),
    );
    await world.route([{ endpoints: [backend], version: '1.4.0' }]);
    await call();
    await call({ path: '/bad' });
    await eventually(() => world.plane.traffic.all()[0]?.requests === 2);
    const [counters] = world.plane.traffic.all();
    expect(counters).toMatchObject({ requests: 2, errors: 1, labels: { version: '1.4.0', application: 'shop' } });
    expect(counters?.durations.reduce((sum, count) => sum + count)).toBe(2);
  });
}
