import { connect, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { bodyOf, eventually } from '../world.ts';
import { get, type Setting } from './setting.ts';

/** What is sent again when a pod fails, and what must not be. */
export function describeRetries(setting: Setting): void {
  const { call } = setting;

  describe('trying again', () => {
    test('a pod that cannot be reached costs no request, whatever the method', async () => {
      const backend = await setting.world.backend(async (incoming, outgoing) => outgoing.end(await bodyOf(incoming)));
      await setting.world.route([{ endpoints: [await setting.world.deadEndpoint(), backend] }]);
      for (let index = 0; index < 6; index++)
        expect(await call({ method: 'POST' }, 'paid')).toMatchObject({ status: 200, body: 'paid' });
    });

    test('neither does one whose body is large', async () => {
      const backend = await setting.world.backend(async (incoming, outgoing) =>
        outgoing.end(`got ${(await bodyOf(incoming)).length}`),
      );
      await setting.world.route([{ endpoints: [await setting.world.deadEndpoint(), backend] }]);
      for (let index = 0; index < 6; index++)
        expect(await call({ method: 'POST' }, 'x'.repeat(1_000_000))).toMatchObject({
          status: 200,
          body: 'got 1000000',
        });
    });

    test('an idempotent request whose pod dies goes to another one, a few times at most', async () => {
      let broken = 0;
      const dying = await setting.world.rawBackend((socket) => {
        socket.once('data', () => {
          broken += 1;
          socket.destroy();
        });
      });
      const backend = await setting.world.backend((_, outgoing) => outgoing.end('ok'));
      await setting.world.route([{ endpoints: [dying, backend] }]);
      for (let index = 0; index < 4; index++) expect((await call()).body).toBe('ok');
      expect(broken).toBeGreaterThan(0);
      await setting.world.route([{ endpoints: [dying] }]);
      broken = 0;
      expect((await call({ agent: false })).status).toBe(502);
      expect(broken).toBeGreaterThan(1);
      expect(broken).toBeLessThanOrEqual(4);
    });

    test('what the last pod of a version had when it died, and what comes after, goes to another version', async () => {
      const many = 8;
      let held = 0;
      const sockets: Socket[] = [];
      const dying = await setting.world.rawBackend((socket) => {
        sockets.push(socket);
        socket.on('data', (piece: Buffer) => {
          if (piece.includes('/held')) held += 1;
          else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ndying');
        });
      });
      const backend = await setting.world.backend((_, outgoing) => outgoing.end('ok'));
      await setting.world.route([
        { endpoints: [dying], weight: 50 },
        { endpoints: [backend], weight: 50 },
      ]);
      // More kept connections, of clients and to the pod, than a request is tried.
      await Promise.all(Array.from({ length: 4 * many }, () => call()));
      const answers = Promise.all(Array.from({ length: 2 * many }, () => call({ path: '/held' })));
      await eventually(() => held >= many);
      dying.server.close();
      for (const socket of sockets) socket.resetAndDestroy();
      expect((await answers).map(({ status, body }) => `${status} ${body}`)).toEqual(Array(2 * many).fill('200 ok'));
      const after = Array.from({ length: 2 * many }, (_, index) => call({ method: index % 2 === 0 ? 'GET' : 'POST' }));
      for (const answer of after) expect(await answer).toMatchObject({ status: 200, body: 'ok' });
      const count = (): number => setting.world.plane.traffic.all().reduce((sum, { requests }) => sum + requests, 0);
      await eventually(() => count() >= 8 * many);
      expect(count()).toBe(8 * many);
    });

    test('a pod that could not be reached serves again when it can', async () => {
      const first = await setting.world.backend((_, outgoing) => outgoing.end('before'));
      const other = await setting.world.backend((_, outgoing) => outgoing.end('other'));
      await setting.world.route([{ endpoints: [first, other] }]);
      first.server.close();
      first.server.closeAllConnections();
      for (let index = 0; index < 12; index++) expect((await call()).body).toBe('other');
      await setting.world.backend((_, outgoing) => outgoing.end('again'), first.port);
      const bodies = new Set<string>();
      while (!bodies.has('again')) bodies.add((await call()).body);
      expect(bodies).not.toContain('before');
    });

    test('a request that may have been carried out is not sent twice', async () => {
      let received = 0;
      const dying = await setting.world.rawBackend((socket) => {
        socket.once('data', () => {
          received += 1;
          socket.destroy();
        });
      });
      await setting.world.route([{ endpoints: [dying] }]);
      expect((await call({ method: 'POST' }, 'order')).status).toBe(502);
      expect(received).toBe(1);
    });

    test('a request that must not be sent twice goes over a connection of its own', async () => {
      const requests: string[][] = [];
      const backend = await setting.world.rawBackend((socket) => {
        const own: string[] = [];
        requests.push(own);
        socket.on('data', (piece: Buffer) => {
          own.push(piece.toString().slice(0, 4).trim());
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        });
      });
      await setting.world.route([{ endpoints: [backend] }]);
      for (const method of ['GET', 'POST', 'GET', 'GET']) expect((await call({ method })).body).toBe('ok');
      expect(requests.flatMap((own) => own.slice(1))).not.toContain('POST');
      expect(requests.flat()).toHaveLength(4);
    });

    test('a kept connection that the backend closes as the request comes is never seen by the client', async () => {
      let connections = 0;
      const backend = await setting.world.rawBackend((socket) => {
        connections += 1;
        let answered = 0;
        socket.on('data', () => {
          // The second request on a connection finds it closed.
          if (answered++ === 0) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
          else socket.destroy();
        });
      });
      await setting.world.route([{ endpoints: [backend] }]);
      for (const method of ['GET', 'GET', 'POST', 'GET', 'DELETE']) {
        expect(await call({ method }, method === 'POST' ? 'body' : undefined)).toMatchObject({
          status: 200,
          body: 'ok',
        });
      }
      expect(connections).toBeGreaterThan(2);
    });

    test('neither are many of them that it closes together', async () => {
      const many = 3;
      const held: (() => void)[] = [];
      const backend = await setting.world.rawBackend((socket) => {
        let isUsed = false;
        const answer = (): void => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        socket.on('data', () => {
          if (isUsed) socket.destroy();
          else if (held.push(answer) === many) for (const each of held) each();
          else if (held.length > many) answer();
          isUsed = true;
        });
      });
      await setting.world.route([{ endpoints: [backend] }]);
      const first = await Promise.all(Array.from({ length: many }, () => call()));
      const then: number[] = [];
      for (let index = 0; index < many; index++) then.push((await call()).status);
      expect([...first.map(({ status }) => status), ...then]).toEqual(Array.from({ length: 2 * many }, () => 200));
    });

    test('stops once the answer has begun', async () => {
      let requests = 0;
      const backend = await setting.world.rawBackend((socket) => {
        socket.once('data', () => {
          requests += 1;
          socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
        });
      });
      await setting.world.route([{ endpoints: [backend] }]);
      await expect(call()).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect(requests).toBe(1);
    });

    test('an answer that is not HTTP is a 502', async () => {
      const backend = await setting.world.rawBackend(
        (socket) => void socket.once('data', () => socket.write('SSH-2.0-OpenSSH\r\n\r\n')),
      );
      await setting.world.route([{ endpoints: [backend] }]);
      expect((await call()).status).toBe(502);
    });

    test('a client that leaves takes its request with it', async () => {
      let isReceived = false;
      let isAborted = false;
      const backend = await setting.world.backend((incoming) => {
        isReceived = true;
        incoming.on('aborted', () => (isAborted = true));
      });
      await setting.world.route([{ endpoints: [backend] }]);
      const socket = connect({ port: setting.world.port, host: '127.0.0.1' });
      socket.write(get());
      await eventually(() => isReceived);
      await setting.world.route([{ endpoints: [] }]);
      expect(setting.world.plane.backends()[0]?.openRequests).toBe(1);
      // Its end alone may mean that it only sends nothing more.
      socket.resetAndDestroy();
      await eventually(() => isAborted);
      await eventually(() => (setting.world.plane.backends()[0]?.openRequests ?? 0) === 0);
    });
  });
}
