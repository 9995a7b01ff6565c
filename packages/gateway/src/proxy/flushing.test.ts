/** What has waited for a pod comes to it by and by, and what nobody got waits for the only one that may take it. */
import type { ServerResponse } from 'node:http';
import { connect, type LookupFunction, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { eventually, readUntil, World } from '../../testing/world.ts';
import type { EndpointAddress } from '../routing/routing-table.ts';
import { Proxy } from './proxy.ts';

const post = 'POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\n\r\nhi';
const atOnce = 64;
const all = 300;

const worlds: World[] = [];
const clients: Socket[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  for (const world of worlds.splice(0)) await world.close();
});

interface Given {
  readonly clock: FakeClock;
  readonly world: World;
  /** Requests of which the pod has heard and which it has not answered. */
  readonly open: ServerResponse[];
  readonly pod: EndpointAddress;
  readonly answers: readonly Promise<string>[];
}

/** So many that wait for a pod. */
async function givenHeld(count: number): Promise<Given> {
  const clock = new FakeClock();
  const world = await new World(new Proxy({ clock, random: Math.random })).start();
  worlds.push(world);
  const open: ServerResponse[] = [];
  const pod = await world.backend((_, outgoing) => void open.push(outgoing));
  await world.route([], { hold: { seconds: 60 } });
  const answers = Array.from({ length: count }, () => send(world));
  await eventually(() => held(world) === count);
  return { clock, world, open, pod, answers };
}

function send(world: World): Promise<string> {
  const socket = connect({ port: world.port, host: '127.0.0.1' });
  clients.push(socket);
  socket.write(post);
  return readUntil(socket, 'done');
}

function held(world: World): number {
  return world.plane.counters().find(({ name }) => name.includes('held'))?.value ?? 0;
}

function answerAll(open: ServerResponse[]): void {
  for (const outgoing of open.splice(0)) outgoing.end('done');
}

test('those that waited come to a pod a few at a time, and all are answered', async () => {
  const { world, open, pod, answers } = await givenHeld(all);
  await world.route([{ endpoints: [pod] }]);
  let most = 0;
  let answered = 0;
  while (answered < all) {
    await eventually(() => open.length > 0);
    most = Math.max(most, open.length);
    answered += open.length;
    answerAll(open);
  }
  expect(most).toBeLessThanOrEqual(atOnce);
  for (const answer of answers) expect(await answer).toMatch(/^HTTP\/1\.1 200/);
});

test('each second brings some more to a pod that takes its time', async () => {
  const { clock, world, open, pod, answers } = await givenHeld(all);
  await world.route([{ endpoints: [pod] }]);
  for (let expected = atOnce; expected < all; expected += atOnce) {
    await eventually(() => open.length === expected);
    await clock.advance(1_000);
  }
  await eventually(() => open.length === all);
  answerAll(open);
  for (const answer of answers) expect(await answer).toMatch(/^HTTP\/1\.1 200/);
});

test('who has waited long enough goes before its turn', async () => {
  const { clock, world, open, pod, answers } = await givenHeld(all);
  await clock.advance(59_500);
  await world.route([{ endpoints: [pod] }], { hold: { seconds: 60 } });
  await eventually(() => open.length === atOnce);
  await clock.advance(1_000);
  await eventually(() => open.length === all);
  answerAll(open);
  for (const answer of answers) expect(await answer).toMatch(/^HTTP\/1\.1 200/);
});

test('a connection to the only pod is given time, one of several is not', async () => {
  const waiting: (() => void)[] = [];
  const lookup: LookupFunction = (_, __, done) => {
    waiting.push(() => done(null, [{ address: '127.0.0.1', family: 4 }]));
  };
  const slow = { address: 'slow.example', port: 0 };
  const clock = new FakeClock();
  const dial = ({ address, port }: EndpointAddress): Socket =>
    address === slow.address ? connect({ host: address, port: pod.port, lookup }) : connect({ host: address, port });
  const world = await new World(new Proxy({ clock, random: Math.random, dial })).start();
  worlds.push(world);
  const pod = await world.backend((_, outgoing) => outgoing.end('done'));
  await world.route([{ endpoints: [slow] }]);
  const patient = send(world);
  await eventually(() => waiting.length === 1);
  await clock.advance(12_000);
  expect(waiting).toHaveLength(1);
  waiting.shift()?.();
  expect(await patient).toMatch(/^HTTP\/1\.1 200/);

  const hasty = send(world);
  await eventually(() => waiting.length === 1);
  await world.route([{ endpoints: [slow, pod] }]);
  await clock.advance(6_000);
  expect(await hasty).toMatch(/^HTTP\/1\.1 200/);
});
