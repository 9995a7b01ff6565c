import { once } from 'node:events';
import { connect, type LookupFunction, type Socket } from 'node:net';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeClock, settle } from '../../../kube/testing/fake-clock.ts';
import { describeDataPlane } from '../../testing/data-plane/contract.ts';
import { bodyOf, eventually, exchangeRaw, readUntil, World } from '../../testing/world.ts';
import type { EndpointAddress } from '../routing/routing-table.ts';
import { Proxy } from './proxy.ts';

describeDataPlane('the built-in proxy', () => new Proxy({ clock: systemClock, random: Math.random }));

let world: World;
beforeEach(async () => {
  world = await new World().start();
});
afterEach(async () => {
  await world.close();
});

const get = (path = '/'): string => `GET ${path} HTTP/1.1\r\nHost: shop\r\n\r\n`;

describe('a request', () => {
  test('that is ambiguous is refused, and never reaches a backend', async () => {
    let requests = 0;
    const backend = await world.backend((_, outgoing) => {
      requests += 1;
      outgoing.end();
    });
    await world.route([{ endpoints: [backend] }]);
    const bad = [
      'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'GET / HTTP/1.1\r\nHost : a\r\n\r\n',
      'GET / HTTP/1.1\nHost: a\n\n',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`,
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
    ];
    for (const bytes of bad)
      expect(await exchangeRaw(world.port, `${bytes}${get('/smuggled')}`)).toMatch(
        /^HTTP\/1\.1 4\d\d [^]*Connection: close/,
      );
    expect(requests).toBe(0);
  });
});

test('a body of any size goes to another pod while nobody has got a part of it', async () => {
  const dialled: (() => void)[] = [];
  const lookup: LookupFunction = (_, __, done) => {
    dialled.push(() => done(null, [{ address: '127.0.0.1', family: 4 }]));
  };
  const dial = ({ port }: EndpointAddress): Socket =>
    dialled.length === 0 ? connect({ host: 'slow.example', port, lookup }) : connect({ host: '127.0.0.1', port });
  const plane = new Proxy({ clock: systemClock, random: Math.random, dial });
  const slow = await new World(plane).start();
  const backend = await slow.backend(async (incoming, outgoing) =>
    outgoing.end(`got ${(await bodyOf(incoming)).length}`),
  );
  // Equals take turns, and the second one begins.
  await slow.route([{ endpoints: [backend, await slow.deadEndpoint()] }]);
  const [start, rest] = ['x'.repeat(1_000), 'x'.repeat(3_000_000)];
  const socket = connect({ port: slow.port, host: '127.0.0.1', noDelay: true });
  const answer = readUntil(socket, 'got 3001000');
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${start.length + rest.length}\r\n\r\n${start}`);
  await eventually(() => dialled.length === 1);
  socket.write(rest);
  // Until the proxy takes no more.
  await settle(100);
  dialled[0]?.();
  expect(await answer).toMatch(/^HTTP\/1\.1 200/);
  socket.destroy();
  await slow.close();
});

describe('closing', () => {
  test('again waits for the same end, and cuts sooner if it is less patient', async () => {
    const clock = new FakeClock();
    const plane = new Proxy({ clock, random: Math.random });
    const closing = await new World(plane).start();
    await closing.route([{ endpoints: [await closing.backend(() => undefined)] }]);
    const socket = connect({ port: closing.port, host: '127.0.0.1' });
    const answer = readUntil(socket);
    socket.write(get());
    await eventually(() => plane.backends()[0]?.openRequests === 1);
    const first = plane.close(60);
    const second = plane.close(1);
    await clock.advance(1_000);
    await Promise.all([first, second]);
    expect(await answer).toBe('');
    expect(clock.pendingTimers).toBe(0);
    await closing.close();
  });

  test('while it begins to listen leaves nothing open', async () => {
    const clock = new FakeClock();
    const plane = new Proxy({ clock, random: Math.random });
    const { address: host, port } = await world.deadEndpoint();
    const listening = plane.listen({ host, port });
    await plane.close(0);
    await expect(listening).rejects.toThrow('was closed before it served');
    expect(clock.pendingTimers).toBe(0);
    const socket = connect({ port, host });
    await expect(once(socket, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('a peer that stands still', () => {
  let clock: FakeClock;
  let slow: World;
  beforeEach(async () => {
    clock = new FakeClock();
    slow = await new World(new Proxy({ clock, random: Math.random })).start();
  });
  afterEach(async () => {
    await slow.close();
  });

  test('is told so when its head does not come within a minute', async () => {
    const socket = connect({ port: slow.port, host: '127.0.0.1' });
    await once(socket, 'connect');
    socket.write('GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ');
    const answer = readUntil(socket);
    await eventuallyAdvance(() => socket.readableEnded);
    expect(await answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('is cut off when it says nothing between requests', async () => {
    const socket = connect({ port: slow.port, host: '127.0.0.1' });
    await once(socket, 'connect');
    socket.resume();
    await eventuallyAdvance(() => socket.destroyed);
    expect(clock.monotonic()).toBeGreaterThan(60_000);
  });

  test('is given up as a backend after five minutes without an answer', async () => {
    const backend = await slow.backend(() => undefined);
    await slow.route([{ endpoints: [backend] }]);
    const socket = connect({ port: slow.port, host: '127.0.0.1' });
    const answer = readUntil(socket, 'did not answer');
    socket.write(get());
    await eventually(() => slow.plane.backends()[0]?.openRequests === 1);
    await eventuallyAdvance(() => slow.plane.backends()[0]?.openRequests === 0);
    expect(await answer).toMatch(/^HTTP\/1\.1 504 /);
    socket.destroy();
  });

  test('is cut off as a client that stops in the middle of its body', async () => {
    const backend = await slow.backend((incoming) => incoming.resume());
    await slow.route([{ endpoints: [backend] }]);
    const socket = connect({ port: slow.port, host: '127.0.0.1' });
    socket.on('error', () => socket.destroy()).resume();
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf');
    await eventually(() => slow.plane.backends()[0]?.openRequests === 1);
    await eventuallyAdvance(() => socket.destroyed);
    expect(slow.plane.traffic.all()[0]).toMatchObject({ requests: 1, errors: 0, abandoned: 1 });
  });

  test('is cut off as a backend that stops taking a body, and that is its error', async () => {
    const backend = await slow.rawBackend((socket) => socket.pause());
    await slow.route([{ endpoints: [backend] }]);
    const socket = connect({ port: slow.port, host: '127.0.0.1' });
    socket.on('error', () => socket.destroy()).resume();
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n');
    socket.write(Buffer.alloc(20_000_000));
    await eventually(() => slow.plane.backends()[0]?.openRequests === 1);
    await eventuallyAdvance(() => socket.destroyed);
    expect(slow.plane.traffic.all()[0]).toMatchObject({ requests: 1, errors: 1, abandoned: 0 });
  });

  async function eventuallyAdvance(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
});
