import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { eventually, readUntil, ruleOf, World } from '../../testing/world.ts';
import type { EndpointAddress } from '../routing/routing-table.ts';
import { Proxy } from './proxy.ts';

const get = 'GET / HTTP/1.1\r\nHost: shop\r\n\r\n';

let clock: FakeClock;
let world: World;
let clients: Socket[];
beforeEach(async () => {
  clock = new FakeClock();
  clients = [];
  const room = { requests: 3, bytes: 200_000 };
  const holdLimits = { all: room, route: room };
  world = await new World(new Proxy({ clock, random: Math.random, holdLimits })).start();
});
afterEach(async () => {
  for (const client of clients) client.destroy();
  await world.close();
});

function send(bytes: string): Socket {
  const socket = connect({ port: world.port, host: '127.0.0.1' });
  socket.on('error', () => socket.destroy());
  socket.write(bytes, 'latin1');
  clients.push(socket);
  return socket;
}

function counted(name: string, outcome?: string): number {
  const found = world.plane
    .counters()
    .find((counter) => counter.name.includes(name) && counter.labels?.['outcome'] === outcome);
  return found?.value ?? 0;
}

/** Until it is held or refused. */
async function tried(bytes: string): Promise<Socket> {
  const before = counted('held') + counted('refused');
  const socket = send(bytes);
  await eventually(() => counted('held') + counted('refused') > before);
  return socket;
}

const wait = (seconds: number): Promise<void> => world.route([], { hold: { seconds } });

describe('a held request', () => {
  test('waits as long as the rule in force says, from when it came', async () => {
    await wait(60);
    const socket = send(get);
    await eventually(() => counted('held') === 1);
    await clock.advance(20_000);
    await wait(30);
    const answer = readUntil(socket, 'within 30 s');
    await clock.advance(9_000);
    expect(socket.bytesRead).toBe(0);
    await clock.advance(2_000);
    expect(await answer).toMatch(/^HTTP\/1\.1 503 [^]*\r\nRetry-After: 5\r\n/);
    // The connection stays, and may wait again.
    socket.write(get);
    await eventually(() => counted('held') === 2);
  });

  test('ends with its client, also one that only says that it has nothing more to say', async () => {
    await wait(600);
    for (const leave of [(socket: Socket) => socket.end(), (socket: Socket) => socket.resetAndDestroy()]) {
      const before = counted('held');
      const held = Array.from({ length: 3 }, () => send(get));
      await eventually(() => counted('held') === before + 3);
      expect(await readUntil(send(get), 'wait for one')).toMatch(/^HTTP\/1\.1 503/);
      for (const socket of held) leave(socket);
      // Each try is refused until there is room.
      while (counted('held') === before + 3) await tried(get);
      for (const client of clients.splice(0)) client.destroy();
      await world.route([]);
      await wait(600);
    }
  });

  test('keeps a bounded part of its body, and there is room for so many bytes of all', async () => {
    await wait(600);
    const upload = send(`POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 24000000\r\n\r\n`);
    await eventually(() => counted('held') === 1);
    upload.write(Buffer.alloc(24_000_000));
    const other = send(`POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 24000000\r\n\r\n`);
    await eventually(() => counted('held') === 2);
    other.write(Buffer.alloc(24_000_000));
    // As soon as both have sent what is taken of them there is no room for a third, which has most of a head.
    const head = `GET / HTTP/1.1\r\nHost: shop\r\nX-Long: ${'x'.repeat(30_000)}\r\n\r\n`;
    while (counted('refused') === 0) {
      const third = await tried(head);
      third.destroy();
      await once(third, 'close');
    }
    expect(upload.writableLength + other.writableLength).toBeGreaterThan(0);
  });
});

describe('a route that has just lost its last ready pod', () => {
  const version = (service: string, endpoints: readonly EndpointAddress[]) => ({ split: 'shop', service, endpoints });

  test('has its requests wait for the next one, of whichever version', async () => {
    const pod = await world.backend((_, outgoing) => outgoing.end('served'));
    await world.route([version('v1', [pod])]);
    expect(await readUntil(send(get), 'served')).toContain('200 OK');
    await world.route([version('v2', [])]);
    const socket = send(get);
    await eventually(() => counted('held') === 1);
    await world.route([version('v2', [pod])]);
    expect(await readUntil(socket, 'served')).toContain('200 OK');
  });

  test('answers 503 when none has come within a second, and at once from then on', async () => {
    const pod = await world.backend((_, outgoing) => outgoing.end('served'));
    await world.route([{ endpoints: [pod] }]);
    await world.route([{ endpoints: [] }]);
    const held = send(get);
    await eventually(() => counted('held') === 1);
    const answer = readUntil(held, 'ready pod');
    await clock.advance(2_000);
    expect(await answer).toMatch(/^HTTP\/1\.1 503/);
    expect(await readUntil(send(get), 'no backend')).toMatch(/^HTTP\/1\.1 503/);
    // Another table is no reason to wait again.
    await world.route([{ endpoints: [] }]);
    expect(await readUntil(send(get), 'no backend')).toMatch(/^HTTP\/1\.1 503/);
  });

  test('has them go to pods that are told to end when none has come within a second, and at once from then on', async () => {
    const [ending, next] = [
      await world.backend((_, outgoing) => outgoing.end('ending')),
      await world.backend((_, outgoing) => outgoing.end('next')),
    ];
    await world.route([{ endpoints: [ending] }]);
    await world.route([{ endpoints: [], leaving: [ending] }]);
    const held = send(get);
    await eventually(() => counted('held') === 1);
    const answer = readUntil(held, 'ending');
    await clock.advance(2_000);
    expect(await answer).toContain('200 OK');
    expect(await readUntil(send(get), 'ending')).toContain('200 OK');
    await world.route([{ endpoints: [next], leaving: [ending] }]);
    expect(await readUntil(send(get), 'next')).toContain('200 OK');
  });

  test('asks no pod that is told to end of a version without a share', async () => {
    const pod = await world.backend((_, outgoing) => outgoing.end('served'));
    await world.route([{ endpoints: [], leaving: [pod], weight: 0 }]);
    expect(await readUntil(send(get), 'no backend')).toMatch(/^HTTP\/1\.1 503/);
  });

  test('is none that never had a pod', async () => {
    await world.route([{ endpoints: [] }]);
    expect(await readUntil(send(get), 'no backend')).toMatch(/^HTTP\/1\.1 503/);
  });
});

test('a copy that is never answered is cut, and makes room for others', async () => {
  const original = await world.backend((_, outgoing) => outgoing.end('original'));
  let copies = 0;
  const silent = await world.backend(() => void (copies += 1));
  const [shadow] = ruleOf([{ endpoints: [silent], service: 'shadow' }]).backends;
  if (shadow === undefined) throw new Error('a rule of one backend has one');
  await world.route([{ endpoints: [original] }], { mirror: { backend: shadow, percent: 100 } });
  for (let index = 0; index < 101; index++) expect(await readUntil(send(get), 'original')).toContain('200 OK');
  expect(counted('mirrored', 'dropped')).toBe(1);
  await eventually(() => copies === 100);
  await clock.advance(32_000);
  expect(counted('mirrored', 'none')).toBe(100);
  expect(await readUntil(send(get), 'original')).toContain('200 OK');
  await eventually(() => copies === 101);
});
