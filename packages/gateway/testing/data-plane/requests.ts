import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { bodyOf, eventually, exchangeRaw, readUntil } from '../world.ts';
import { answerOf, get, type Setting } from './setting.ts';

/** What reaches the backend of a request, and what is refused. */
export function describeRequests(setting: Setting): void {
  const { call, open } = setting;

  describe('a request', () => {
    test('reaches the backend with its host, and with our word about the client and itself', async () => {
      const backend = await setting.world.backend((incoming, outgoing) =>
        outgoing.end(JSON.stringify({ url: incoming.url, headers: incoming.headers })),
      );
      await setting.world.route([{ endpoints: [backend] }]);
      const headers = {
        Host: 'shop.localhost',
        'X-Forwarded-For': '6.6.6.6',
        Forwarded: 'for=6.6.6.6',
        'X-Slipway-Mirror': 'true',
        X_Forwarded_For: '6.6.6.6',
        'X-Forwarded_Proto': 'https',
        X_Slipway_Mirror: 'true',
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
      expect(seen.headers).not.toHaveProperty('x-slipway-mirror');
      expect(Object.keys(seen.headers).filter((name) => name.includes('_'))).toEqual([]);
    });

    test('brings nothing that speaks of the other connection: neither side knows for how long the other keeps one', async () => {
      const backend = await setting.world.backend((incoming, outgoing) => {
        outgoing.setHeader('Keep-Alive', 'timeout=5').setHeader('Proxy-Connection', 'keep-alive');
        outgoing.end(JSON.stringify(incoming.headers));
      });
      await setting.world.route([{ endpoints: [backend] }]);
      const headers = { 'Keep-Alive': 'timeout=7', 'Proxy-Connection': 'keep-alive' };
      const answer = await answerOf(open({ headers }).end());
      for (const seen of [answer.headers, JSON.parse(answer.body)]) {
        expect(seen).not.toHaveProperty('keep-alive');
        expect(seen).not.toHaveProperty('proxy-connection');
      }
    });

    test('keeps connections alive on both sides', async () => {
      let connections = 0;
      const backend = await setting.world.backend((_, outgoing) => outgoing.end('ok'));
      backend.server.on('connection', () => (connections += 1));
      await setting.world.route([{ endpoints: [backend] }]);
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
      const backend = await setting.world.backend((incoming, outgoing) => outgoing.end(`<${incoming.url}>`));
      await setting.world.route([{ endpoints: [backend] }]);
      const text = await exchangeRaw(setting.world.port, get('/1') + get('/2') + get('/3'), '</3>');
      expect(text.match(/<\/\d>/g)).toEqual(['</1>', '</2>', '</3>']);
    });

    test('may arrive byte by byte', async () => {
      const backend = await setting.world.backend(async (incoming, outgoing) =>
        outgoing.end(`got ${await bodyOf(incoming)}`),
      );
      await setting.world.route([{ endpoints: [backend] }]);
      const socket = connect({ port: setting.world.port, host: '127.0.0.1', noDelay: true });
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
      const backend = await setting.world.backend((_, outgoing) => {
        outgoing.write('one ');
        outgoing.end('two');
      });
      await setting.world.route([{ endpoints: [backend] }]);
      const text = await exchangeRaw(setting.world.port, 'GET / HTTP/1.0\r\n\r\n');
      expect(text.split('\r\n\r\n')[1]).toBe('one two');
      expect(text).not.toMatch(/transfer-encoding/i);
    });

    test('with an invalid chunk is cut off towards the backend too', async () => {
      let seen = '';
      let isAborted = false;
      const backend = await setting.world.backend((incoming) => {
        incoming.on('data', (piece) => (seen += String(piece))).on('aborted', () => (isAborted = true));
      });
      await setting.world.route([{ endpoints: [backend] }]);
      const socket = connect({ port: setting.world.port, host: '127.0.0.1' });
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
        const backend = await setting.world.backend((incoming, outgoing) => {
          seen.push(incoming.url ?? '');
          outgoing.end();
        });
        await setting.world.route([{ endpoints: [backend] }]);
        const hidden = get('/hidden');
        const head = `POST /open HTTP/1.1\r\nHost: shop\r\nContent-Length: ${hidden.length}\r\n${lines}`;
        expect(await exchangeRaw(setting.world.port, `${head}\r\n\r\n${hidden}`, '\r\n\r\n')).toMatch(
          /^HTTP\/1\.1 400/,
        );
        expect(seen).toEqual([]);
      });
    }

    test.each([
      ['to be tunneled', 'CONNECT shop:80 HTTP/1.1\r\nHost: shop\r\n\r\n'],
      ['in HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'],
      ['with a target that is no text', 'GET /\xe9 HTTP/1.1\r\nHost: shop\r\n\r\n'],
      ['for two hosts in one', 'GET / HTTP/1.1\r\nHost: shop,other\r\n\r\n'],
    ])('%s is refused', async (_, bytes) => {
      const seen: string[] = [];
      const backend = await setting.world.backend((incoming, outgoing) => {
        seen.push(incoming.url ?? '');
        outgoing.end();
      });
      backend.server.on('connect', (incoming, socket: Socket) => {
        seen.push(incoming.url ?? '');
        socket.end('HTTP/1.1 200 OK\r\n\r\n');
      });
      await setting.world.route([{ endpoints: [backend] }]);
      expect(await exchangeRaw(setting.world.port, bytes, '\r\n\r\n')).toMatch(/^HTTP\/1\.1 (?:400|505) /);
      expect(seen).toEqual([]);
    });

    test('has room for more than a hundred headers, and so has its answer', async () => {
      const backend = await setting.world.backend((incoming, outgoing) => {
        for (const [name, value] of Object.entries(incoming.headers))
          if (name.startsWith('x-n')) outgoing.setHeader(name, value ?? '');
        outgoing.end();
      });
      await setting.world.route([{ endpoints: [backend] }]);
      const headers = Object.fromEntries(Array.from({ length: 115 }, (_, index) => [`X-N${index}`, String(index)]));
      const answer = await call({ headers });
      expect([answer.status, answer.headers['x-n114']]).toEqual([200, '114']);
    });

    test('with an unknown expectation is refused', async () => {
      await setting.world.route([{ endpoints: [] }]);
      expect((await call({ headers: { Expect: 'wonders' } })).status).toBe(417);
    });
  });

  describe('informational answers', () => {
    test('are passed on before the final one', async () => {
      const backend = await setting.world.backend((_, outgoing) => {
        outgoing.writeEarlyHints({ link: '</style.css>; rel=preload' });
        outgoing.end('done');
      });
      await setting.world.route([{ endpoints: [backend] }]);
      const sent = open();
      const hints = once(sent, 'information');
      sent.end();
      const answer = await answerOf(sent);
      expect(await hints).toMatchObject([{ statusCode: 103, headers: { link: '</style.css>; rel=preload' } }]);
      expect(answer.body).toBe('done');
    });
  });
}
