import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Writable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { bodyOf } from '../world.ts';
import { answerOf, get, type Setting } from './setting.ts';

/** Bodies both ways: whole, in order, and no faster than they are taken. */
export function describeBodies(setting: Setting): void {
  const { call, open } = setting;

  describe('a body', () => {
    test('streams up and down at the same time, every byte in its place', async () => {
      const size = 64 * 1024 * 1024;
      const backend = await setting.world.backend((incoming, outgoing) => incoming.pipe(outgoing));
      await setting.world.route([{ endpoints: [backend] }]);
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
      const backend = await setting.world.backend(
        (_, outgoing) => void fill(outgoing).then(filled.resolve, filled.reject),
      );
      await setting.world.route([{ endpoints: [backend] }]);
      const socket = connect({ port: setting.world.port, host: '127.0.0.1' });
      socket.pause();
      socket.write(get());
      expect(await filled.promise).toBeLessThan(limit / 4);
      socket.destroy();
    });

    test('waits for a backend that does not read', async () => {
      const backend = await setting.world.rawBackend((socket) => socket.pause());
      await setting.world.route([{ endpoints: [backend] }]);
      const socket = connect({ port: setting.world.port, host: '127.0.0.1' });
      socket.on('error', () => socket.destroy());
      socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${limit}\r\n\r\n`);
      expect(await fill(socket)).toBeLessThan(limit / 4);
      socket.destroy();
    });

    test('has its trailers passed on', async () => {
      const backend = await setting.world.backend((_, outgoing) => {
        outgoing.writeHead(200, { Trailer: 'X-Sum' });
        outgoing.write('data');
        outgoing.addTrailers({ 'X-Sum': '42' });
        outgoing.end();
      });
      await setting.world.route([{ endpoints: [backend] }]);
      expect(await call()).toMatchObject({ body: 'data', trailers: { 'x-sum': '42' } });
    });

    test('is sent after the backend has asked for it', async () => {
      const backend = await setting.world.backend(async (incoming, outgoing) => outgoing.end(await bodyOf(incoming)));
      await setting.world.route([{ endpoints: [backend] }]);
      const sent = open({ method: 'POST', headers: { Expect: '100-continue', 'Content-Length': '5' } });
      sent.flushHeaders();
      await once(sent, 'continue');
      sent.end('hello');
      expect(await answerOf(sent)).toMatchObject({ status: 200, body: 'hello' });
    });

    test('is absent from the answer to HEAD, and the connection goes on', async () => {
      const backend = await setting.world.backend((_, outgoing) =>
        outgoing.setHeader('Content-Length', '5').end('hello'),
      );
      await setting.world.route([{ endpoints: [backend] }]);
      const head = await call({ method: 'HEAD' });
      expect(head).toMatchObject({ body: '', headers: { 'content-length': '5' } });
      expect((await call()).body).toBe('hello');
    });

    test('that ends with the connection gets a framing of its own', async () => {
      const backend = await setting.world.rawBackend(
        (socket) => void socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nall of it')),
      );
      await setting.world.route([{ endpoints: [backend] }]);
      const { body, headers } = await call();
      expect(body).toBe('all of it');
      expect(headers['transfer-encoding'] === 'chunked' || headers.connection === 'close').toBe(true);
    });

    test('whose length the Connection header takes away is a 502', async () => {
      const backend = await setting.world.rawBackend(
        (socket) =>
          void socket.once('data', () =>
            socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close, Content-Length\r\n\r\nbody'),
          ),
      );
      await setting.world.route([{ endpoints: [backend] }]);
      expect((await call()).status).toBe(502);
    });

    test('that is cut short is cut short for the client too', async () => {
      const backend = await setting.world.rawBackend(
        (socket) => void socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart')),
      );
      await setting.world.route([{ endpoints: [backend] }]);
      await expect(call()).rejects.toMatchObject({ code: 'ECONNRESET' });
    });

    test('is compressed where the route says so and it is worth it', async () => {
      const page = '<p>hello</p>'.repeat(1_000);
      const backend = await setting.world.backend((incoming, outgoing) => {
        outgoing
          .setHeader('Content-Type', incoming.url === '/image' ? 'image/png' : 'text/html')
          .setHeader('ETag', '"1"');
        outgoing.end(page);
      });
      await setting.world.route([{ endpoints: [backend] }], { compression: true });
      const headers = { 'Accept-Encoding': 'br, gzip' };
      const answer = await call({ headers });
      expect(answer.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding', etag: 'W/"1"' });
      expect(gunzipSync(Buffer.from(answer.body, 'latin1')).toString()).toBe(page);
      for (const options of [{ headers, path: '/image' }, { headers: { 'Accept-Encoding': 'gzip;q=0' } }, {}]) {
        expect((await call(options)).headers).not.toHaveProperty('content-encoding');
      }
    });

    test('has the headers of the route', async () => {
      const backend = await setting.world.backend((_, outgoing) =>
        outgoing.setHeader('X-Frame-Options', 'ALLOW').end(),
      );
      await setting.world.route([{ endpoints: [backend] }], {
        responseHeaders: new Map([['X-Frame-Options', 'DENY']]),
      });
      expect((await call()).headers['x-frame-options']).toBe('DENY');
    });
  });
}
