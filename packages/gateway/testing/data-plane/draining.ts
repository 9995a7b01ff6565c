import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { bodyOf, eventually, type World } from '../world.ts';
import type { Setting } from './setting.ts';

/** What becomes of requests under way when backends, pods and the data plane itself go. */
export function describeDraining(setting: Setting): void {
  const { call, open } = setting;

  describe('a backend that loses its traffic', () => {
    test('finishes what it has, while new requests go elsewhere at once', async () => {
      let finish: () => void = () => undefined;
      const old = await setting.world.backend((_, outgoing) => {
        outgoing.write('begun ');
        finish = () => outgoing.end('finished');
      });
      const next = await setting.world.backend((_, outgoing) => outgoing.end('next'));
      await setting.world.route([
        { endpoints: [old], weight: 100, drainSeconds: 0 },
        { endpoints: [next], weight: 0 },
      ]);
      const slow = open({ agent: false });
      slow.end();
      await once(slow, 'response').then(async (args: unknown[]) => {
        const message = args[0] as IncomingMessage;
        await setting.world.route([
          { endpoints: [old], weight: 0, drainSeconds: 0 },
          { endpoints: [next], weight: 100 },
        ]);
        expect((await call()).body).toBe('next');
        expect(setting.world.plane.backends().map((backend) => backend.openRequests)).toEqual([1, 0]);
        finish();
        expect(await bodyOf(message)).toBe('begun finished');
        await eventually(() => setting.world.plane.backends().every((backend) => backend.openRequests === 0));
      });
    });

    test('has its idle connections closed after its drain time', async () => {
      const old = await setting.world.backend((_, outgoing) => outgoing.end('old'));
      const next = await setting.world.backend((_, outgoing) => outgoing.end('next'));
      const closed = new Promise((resolve) =>
        old.server.on('connection', (socket: Socket) =>
          socket.on('error', () => socket.destroy()).on('close', resolve),
        ),
      );
      await setting.world.route([{ endpoints: [old], drainSeconds: 0.05 }]);
      await call();
      await setting.world.route([{ endpoints: [next] }]);
      await closed;
      expect((await call()).body).toBe('next');
    });

    test('has its WebSockets told to go away between two messages, after its drain time', async () => {
      const old = await setting.world.backend(() => undefined);
      const serverSide: WebSocket[] = [];
      const sockets = new WebSocketServer({ server: old.server });
      sockets.on('connection', (socket) => {
        serverSide.push(socket);
        socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
      });
      // Long enough for what is said below to come through first.
      await setting.world.route([{ endpoints: [old], drainSeconds: 2 }]);
      const client = new WebSocket(`ws://127.0.0.1:${setting.world.port}/chat`);
      await once(client, 'open');
      const big = randomBytes(300_000);
      client.send(big);
      const [echo]: unknown[] = await once(client, 'message');
      expect(big.equals(echo as Buffer)).toBe(true);
      expect(setting.world.plane.backends()[0]).toMatchObject({ openConnections: 1, openRequests: 0 });
      const closed = [once(client, 'close'), once(serverSide[0] ?? client, 'close')];
      await setting.world.route([{ endpoints: [] }]);
      client.send('still here');
      expect(String((await once(client, 'message'))[0])).toBe('still here');
      for (const close of closed) expect((await close)[0]).toBe(1001);
    });
  });

  describe('pods', () => {
    test('come and go with requests under way, and none of those is lost', async () => {
      const pods = await Promise.all(
        ['a', 'b', 'c'].map((name) =>
          setting.world.backend(
            (incoming, outgoing) => void incoming.resume().on('end', () => setImmediate(() => outgoing.end(name))),
          ),
        ),
      );
      let total = 0;
      const over = new AbortController();
      const outcomes = new Set<string>();
      const serve = (turn: number): Promise<void> =>
        setting.world.route([
          { endpoints: pods.filter((_, index) => index !== turn % 3), weight: turn % 101 },
          { endpoints: pods.slice(turn % 3, (turn % 3) + 1), weight: 100 - (turn % 101), version: 'other' },
        ]);
      await serve(1);
      const clients = Array.from({ length: 8 }, async (_, index) => {
        while (!over.signal.aborted) {
          const method = index % 3 === 0 ? 'POST' : 'GET';
          outcomes.add((await call({ method, agent: index % 2 === 0 ? setting.agent : false })).body);
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
            { method: isPost ? 'POST' : 'GET', agent: index % 2 === 0 ? setting.agent : false },
            isPost ? 'order' : undefined,
          );
          const outcome =
            answer.status === 200 && /^v\d+$/.test(answer.body) ? 'ok' : `${answer.status} ${answer.body}`;
          outcomes.add(outcome);
          total += 1;
        }
      };
      const start = async (name: string): Promise<Awaited<ReturnType<World['backend']>>> => {
        const backend = await setting.world.backend(
          (incoming, outgoing) => void incoming.resume().on('end', () => outgoing.end(name)),
        );
        // Shorter than the pauses between requests, so that connections are closed just as they are needed.
        backend.server.keepAliveTimeout = 1;
        return backend;
      };
      let serving = await start('v0');
      await setting.world.route([{ endpoints: [serving], drainSeconds: 0 }]);
      const clients = Array.from({ length: 12 }, (_, index) => client(index));
      for (let release = 1; release <= releases; release++) {
        const next = await start(`v${release}`);
        await setting.world.route([{ endpoints: [next], version: String(release), drainSeconds: 0 }]);
        const goal = total + 20;
        await eventually(() => total >= goal);
        // Delivery stops a pod when nothing is open to it; what is idle is closed by the application itself.
        await eventually(() =>
          setting.world.plane
            .backends()
            .every((backend) => backend.version === String(release) || backend.openRequests === 0),
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
    });
  });

  describe('closing', () => {
    test('lets an open request end and takes no new connection', async () => {
      const held: (() => void)[] = [];
      const backend = await setting.world.backend((incoming, outgoing) =>
        incoming.url === '/late' ? held.push(() => outgoing.end('late')) : outgoing.end(),
      );
      await setting.world.route([{ endpoints: [backend] }]);
      const answer = call({ path: '/late' });
      await eventually(() => held.length === 1);
      const closed = setting.world.plane.close();
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
}
