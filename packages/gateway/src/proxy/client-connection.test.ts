import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeClock, settle } from '../../../kube/testing/fake-clock.ts';
import { eventually, readUntil, World } from '../../testing/world.ts';
import { Proxy } from './proxy.ts';

let clock: FakeClock;
let world: World;
let directory: string;
beforeEach(async () => {
  clock = new FakeClock();
  directory = mkdtempSync(join(tmpdir(), 'slipway-proxy-'));
  const proxy = new Proxy({ clock, random: Math.random });
  world = await new World(proxy).start();
  // What the kernel holds for a path is little, and the same everywhere.
  await proxy.listenBehind(join(directory, 'proxy.sock'));
});
afterEach(async () => {
  await world.close();
  rmSync(directory, { recursive: true });
});

async function untilCutOff(): Promise<void> {
  while ((world.plane.backends()[0]?.openRequests ?? 0) > 0) await clock.advance(1_000);
}

describe('a slow client', () => {
  // Of some of them the last part still waits in this process when the backend has sent it all.
  const lengths = Array.from({ length: 8 }, (_, index) => (8 + index) * 32_000);
  const ways: readonly (readonly [name: string, head: string, bytesPerTick: number])[] = [
    ['HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', 4_096],
    ['Connection: close', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 4_096],
    ['a kept connection', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', 1_500],
  ];

  test.each(ways)('gets all of an answer by %s', async (_, head, bytesPerTick) => {
    for (const length of lengths) {
      const backend = await world.backend((_, outgoing) =>
        outgoing.setHeader('Content-Length', length).end('x'.repeat(length)),
      );
      await world.route([{ endpoints: [backend] }]);
      const socket = connect(join(directory, 'proxy.sock')).pause();
      socket.write(head);
      expect(await readSlowly(socket, { length, bytesPerTick })).toBe(length);
      socket.destroy();
    }
  });

  /** Bytes of the body that it gets before the connection ends or it has all of them. */
  async function readSlowly(
    socket: Socket,
    { length, bytesPerTick }: { readonly length: number; readonly bytesPerTick: number },
  ): Promise<number> {
    let received = '';
    const bodyLength = (): number => received.split('\r\n\r\n')[1]?.length ?? 0;
    socket.on('error', () => socket.destroy());
    while (socket.readableLength === 0) {
      // A paused socket reads only what it is asked for.
      socket.read(0);
      await new Promise((resolve) => setImmediate(resolve));
    }
    while (!socket.destroyed && !socket.readableEnded && bodyLength() < length) {
      const piece: Buffer | null = socket.read(Math.min(bytesPerTick, Math.max(1, socket.readableLength)));
      received += piece?.toString('latin1') ?? '';
      await clock.advance(1_000);
    }
    return bodyLength();
  }

  const pipelined = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

  test('has its next requests wait until it takes the answers to those before', async () => {
    const length = 60_000;
    let asked = 0;
    let received = 0;
    let most = 0;
    const backend = await world.backend((_, outgoing) => {
      asked += 1;
      most = Math.max(most, asked - received / length);
      outgoing.setHeader('Content-Length', length).end('x'.repeat(length));
    });
    await world.route([{ endpoints: [backend] }]);
    const socket = connect(join(directory, 'proxy.sock')).pause();
    socket.write(pipelined.repeat(100));
    await settle(500);
    socket.on('data', (piece: Buffer) => (received += piece.length)).resume();
    await eventually(() => received > 100 * length);
    expect(most).toBeLessThan(20);
    expect(asked).toBe(100);
    socket.destroy();
  });

  test('gets all answers when it has ended its side before it takes the first', async () => {
    const backend = await world.backend((_, outgoing) => outgoing.end(`${'x'.repeat(60_000)}<answer>`));
    await world.route([{ endpoints: [backend] }]);
    const socket = connect({ port: world.port, host: '127.0.0.1', allowHalfOpen: true }).pause();
    socket.end(pipelined.repeat(300));
    await settle(500);
    const answers = readUntil(socket);
    socket.on('end', () => socket.end()).resume();
    expect((await answers).match(/<answer>/g)).toHaveLength(300);
  });

  test('that takes nothing at all is cut off', async () => {
    const backend = await world.backend((_, outgoing) => outgoing.end('x'.repeat(1_000_000)));
    await world.route([{ endpoints: [backend] }]);
    const socket = connect(join(directory, 'proxy.sock')).pause();
    socket.write('GET / HTTP/1.0\r\n\r\n');
    await eventually(() => world.plane.backends()[0]?.openRequests === 1);
    await untilCutOff();
    // From the last part that it had room for.
    expect(clock.monotonic()).toBeGreaterThanOrEqual(300_000);
    socket.destroy();
  });
});

describe('an idle connection', () => {
  /** After each of two requests. */
  async function expectKeptFor(seconds: number, socket: Socket): Promise<void> {
    const backend = await world.backend((_, outgoing) => outgoing.end('ok'));
    await world.route([{ endpoints: [backend] }]);
    let received = '';
    socket.on('data', (piece: Buffer) => (received += piece.toString('latin1')));
    for (const method of ['GET', 'POST']) {
      received = '';
      socket.write(`${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`);
      await eventually(() => received.includes('ok'));
      for (let ticks = 0; ticks < seconds; ticks++) await clock.advance(1_000);
    }
    expect(socket.readyState).toBe('open');
  }

  test('is kept for longer than clients keep theirs, so that no request meets its end', async () => {
    const socket = connect({ port: world.port, host: '127.0.0.1' });
    await expectKeptFor(95, socket);
    for (let ticks = 0; ticks < 30; ticks++) await clock.advance(1_000);
    await eventually(() => socket.closed);
  });

  test('of the proxy in front is kept for as long as that likes, which may send a request on it at any moment', async () => {
    const socket = connect(join(directory, 'proxy.sock'));
    await expectKeptFor(600, socket);
    socket.destroy();
  });
});

describe('a client that has ended its side', () => {
  let held: (() => void)[];
  beforeEach(async () => {
    held = [];
    const backend = await world.backend((incoming, outgoing) => {
      if (incoming.url === '/begun') outgoing.write('begun');
      if (incoming.url !== '/') held.push(() => outgoing.end('held'));
      else outgoing.end('ok');
    });
    await world.route([{ endpoints: [backend] }]);
  });

  function send(text: string): Promise<string> {
    const socket = connect({ port: world.port, host: '127.0.0.1', allowHalfOpen: true });
    const answer = readUntil(socket);
    socket.on('end', () => socket.end());
    socket.end(text);
    return answer;
  }

  test.each([
    ['HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', ['ok']],
    ['Connection: close', 'GET /held HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', ['held']],
    [
      'two requests at once',
      'GET /held HTTP/1.1\r\nHost: a\r\n\r\nPOST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi',
      ['held', 'ok'],
    ],
    ['nobody to answer it', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n', ['the only expectation']],
  ])('gets its answers by %s, and then the end', async (_, requests, bodies) => {
    const answers = send(requests);
    if (requests.includes('/held')) {
      await eventually(() => held.length === 1);
      // Its end comes while the request is with the backend.
      await clock.advance(4_000);
      held[0]?.();
    }
    const ends = (await answers).split('\r\n\r\n').slice(1);
    expect(ends.map((text, index) => text.startsWith(bodies[index] ?? '?'))).toEqual(bodies.map(() => true));
    await world.plane.close(1_000);
  });

  test('is cut off when no answer begins within five seconds, for it may have given up', async () => {
    const answer = send('GET /held HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(() => held.length === 1);
    await untilCutOff();
    expect(await answer).toBe('');
    expect(clock.monotonic()).toBeGreaterThanOrEqual(5_000);
    expect(clock.monotonic()).toBeLessThan(9_000);
  });

  test('has its five seconds from when it ended its side', async () => {
    const socket = connect({ port: world.port, host: '127.0.0.1', allowHalfOpen: true });
    const answer = readUntil(socket);
    socket.write('GET /held HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(() => held.length === 1);
    await clock.advance(20_000);
    socket.end();
    await settle(100);
    await clock.advance(4_000);
    held[0]?.();
    socket.on('end', () => socket.end());
    expect(await answer).toMatch(/held$/);
  });

  test('is cut off when nothing comes for half a minute in the middle of its answer', async () => {
    const socket = connect({ port: world.port, host: '127.0.0.1', allowHalfOpen: true });
    const answer = readUntil(socket);
    socket.on('end', () => socket.end()).end('GET /begun HTTP/1.0\r\nHost: a\r\n\r\n');
    await readUntil(socket, 'begun');
    await untilCutOff();
    expect(await answer).toMatch(/begun$/);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(30_000);
    expect(clock.monotonic()).toBeLessThan(40_000);
  });

  test.each([
    ['in the middle of a head', 'GET / HTTP/1.1\r\nHost'],
    ['in the middle of a body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf'],
    ['without a word', ''],
  ])('%s is let go at once', async (_, text) => {
    expect(await send(text)).toBe('');
    await eventually(() => (world.plane.backends()[0]?.openRequests ?? 0) === 0);
    await world.plane.close(1_000);
  });
});

describe('a kept connection whose answer has begun when the proxy closes', () => {
  let finish: (() => void) | undefined;
  let client: Socket;
  beforeEach(async () => {
    finish = undefined;
    const backend = await world.backend((incoming, outgoing) => {
      if (incoming.url !== '/held') {
        outgoing.end('ok');
        return;
      }
      outgoing.writeHead(200, { 'Content-Length': 4 }).flushHeaders();
      finish = () => outgoing.end('held');
    });
    await world.route([{ endpoints: [backend] }]);
    client = connect({ port: world.port, host: '127.0.0.1' });
  });

  async function exchange(request: string): Promise<string> {
    const answer = readUntil(client);
    client.write(request);
    await readUntil(client, '\r\n\r\n');
    const closed = world.plane.close(1_000);
    finish?.();
    await closed;
    return answer;
  }

  test('ends after it', async () => {
    expect(await exchange('GET /held HTTP/1.1\r\nHost: a\r\n\r\n')).toMatch(/\r\n\r\nheld$/);
  });

  test('ends after the answer to the request that it has brought already', async () => {
    const requests = 'GET /held HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n';
    expect(await exchange(requests)).toMatch(/heldHTTP[^]*Connection: close[^]*\r\n\r\nok$/);
  });
});
