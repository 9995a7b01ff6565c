import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { bodyOf, eventually, readUntil } from '../world.ts';
import { answerOf, get, type Setting } from './setting.ts';

/** Requests that wait while no backend can take them. */
export function describeHold(setting: Setting): void {
  const { call, open } = setting;
  const hold = { seconds: 600 };
  const timedOut = { status: 503, headers: { 'retry-after': '5' } };

  const wait = (seconds = hold.seconds): Promise<void> => setting.world.route([], { hold: { seconds } });

  function heldSoFar(): number {
    const counters = setting.world.plane.counters();
    return counters.find(({ name }) => name === 'slipway_gateway_held_requests_total')?.value ?? 0;
  }

  describe('held requests', () => {
    test('go on in the order in which they came, when a table comes that can serve them', async () => {
      const seen: string[] = [];
      const backend = await setting.world.backend((incoming, outgoing) => {
        seen.push(incoming.url ?? '');
        outgoing.end(incoming.url);
      });
      await wait();
      const answers: ReturnType<typeof call>[] = [];
      for (let index = 0; index < 5; index++) {
        answers.push(call({ path: `/${index}`, agent: index % 2 === 0 ? setting.agent : false }));
        await eventually(() => heldSoFar() === index + 1);
      }
      // Tables that cannot serve them change nothing.
      await setting.world.route([{ endpoints: [backend], weight: 0 }], { hold });
      await setting.world.route([{ endpoints: [], weight: 100 }], { hold });
      expect(seen).toEqual([]);
      await setting.world.route([{ endpoints: [backend] }], { hold });
      expect((await Promise.all(answers)).map(({ body }) => body)).toEqual(['/0', '/1', '/2', '/3', '/4']);
      expect(seen.toSorted()).toEqual(['/0', '/1', '/2', '/3', '/4']);
      expect((await call({ path: '/after' })).body).toBe('/after');
    });

    test('wait on one connection with those behind them', async () => {
      const backend = await setting.world.backend((incoming, outgoing) => outgoing.end(incoming.url));
      await wait();
      const socket = connect({ port: setting.world.port, host: '127.0.0.1' });
      const text = readUntil(socket, '/second');
      socket.write(get('/first') + get('/second'));
      await eventually(() => heldSoFar() === 1);
      await setting.world.route([{ endpoints: [backend] }]);
      expect(await text).toMatch(/\/first[^]*\/second/);
      socket.destroy();
    });

    test('may be a thousand, and who comes then is told to come again', async () => {
      const backend = await setting.world.backend((_, outgoing) => outgoing.end('served'));
      await wait();
      let refused = 0;
      const answers = Array.from({ length: 2_000 }, async () => {
        const answer = await call({ agent: false });
        if (answer.status === 503) refused += 1;
        return answer;
      });
      await eventually(() => refused === 1_000 && heldSoFar() === 1_000);
      await setting.world.route([{ endpoints: [backend] }], { hold });
      const outcomes = await Promise.all(answers);
      expect(outcomes.filter(({ status, body }) => status === 200 && body === 'served')).toHaveLength(1_000);
      expect(outcomes.filter(({ status, headers }) => status === 503 && headers['retry-after'] === '5')).toHaveLength(
        1_000,
      );
    });

    test('end when their time is over', async () => {
      await wait(1);
      expect(await call()).toMatchObject(timedOut);
      expect(await call({ method: 'POST' }, 'order')).toMatchObject(timedOut);
    });

    test('end when nothing holds them any more', async () => {
      await wait();
      const answer = call();
      await eventually(() => heldSoFar() === 1);
      await setting.world.route([{ endpoints: [] }]);
      expect(await answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    });

    test('end when the data plane closes', async () => {
      await wait();
      const answers = [call(), call({ method: 'POST' }, 'order')];
      await eventually(() => heldSoFar() === 2);
      const closed = setting.world.plane.close();
      for (const answer of answers) expect(await answer).toMatchObject({ status: 503 });
      await closed;
    });

    test('keep the bodies of uploads with their clients, and lose nothing of them', async () => {
      const backend = await setting.world.backend(
        (incoming, outgoing) => void bodyOf(incoming).then((body) => outgoing.end(String(body.length))),
      );
      await wait();
      const length = 24 * 1024 * 1024;
      const declared = open({ method: 'POST', headers: { 'Content-Length': length }, agent: false });
      const chunked = open({ method: 'POST', headers: { 'Transfer-Encoding': 'chunked' }, agent: false });
      const answers = [declared, chunked].map((sent) => answerOf(sent.end('x'.repeat(length))));
      await eventually(() => heldSoFar() === 2);
      expect(declared.writableLength + chunked.writableLength).toBeGreaterThan(0);
      await setting.world.route([{ endpoints: [backend] }]);
      for (const answer of answers) expect(await answer).toMatchObject({ body: String(length) });
    });

    test('may ask to leave HTTP', async () => {
      const backend = await setting.world.backend(() => undefined);
      new WebSocketServer({ server: backend.server }).on('connection', (socket) =>
        socket.on('message', (data) => socket.send(data)),
      );
      await wait();
      const client = new WebSocket(`ws://127.0.0.1:${setting.world.port}/chat`);
      const opened = once(client, 'open');
      await eventually(() => heldSoFar() === 1);
      await setting.world.route([{ endpoints: [backend] }]);
      await opened;
      client.send('hello');
      expect(String((await once(client, 'message'))[0])).toBe('hello');
      client.terminate();
    });

    test('give their places back when their clients leave', async () => {
      await wait();
      const sockets = Array.from({ length: 1_000 }, () => {
        const socket = connect({ port: setting.world.port, host: '127.0.0.1' });
        socket.on('error', () => socket.destroy());
        socket.write(get());
        return socket;
      });
      await eventually(() => heldSoFar() === 1_000);
      expect((await call({ agent: false })).status).toBe(503);
      for (const socket of sockets) socket.destroy();
      const backend = await setting.world.backend((_, outgoing) => outgoing.end('served'));
      let answer = call({ agent: false });
      // Until the data plane has seen that they left, there is no room.
      while (heldSoFar() === 1_000) {
        const early = await Promise.race([answer, eventually(() => heldSoFar() > 1_000)]);
        if (early !== undefined) answer = call({ agent: false });
      }
      await setting.world.route([{ endpoints: [backend] }]);
      expect((await answer).body).toBe('served');
    });
  });
}
