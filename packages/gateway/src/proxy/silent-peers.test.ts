import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeClock, settle } from '../../../kube/testing/fake-clock.ts';
import { bodyOf, eventually, readUntil, World } from '../../testing/world.ts';
import { Proxy } from './proxy.ts';

let clock: FakeClock;
let world: World;
/** How many connections to pods there were; the first `deaf` ones are never made. */
let dials: number;
let deaf: number;
let client: Socket | undefined;
beforeEach(async () => {
  clock = new FakeClock();
  dials = 0;
  deaf = 0;
  const dial = ({ address: host, port }: { readonly address: string; readonly port: number }): Socket => {
    dials += 1;
    // A name that is looked up for ever stands for a machine that is away.
    return dials > deaf ? connect({ host, port }) : connect({ host: 'away', port, lookup: () => undefined });
  };
  world = await new World(new Proxy({ clock, random: Math.random, dial })).start();
});
afterEach(async () => {
  client?.destroy();
  await world.close();
});

test('a pod that cannot be reached is given up in seconds, also while the body of its request trickles in', async () => {
  deaf = 1;
  const pod = await world.backend(async (incoming, outgoing) => outgoing.end(`got ${await bodyOf(incoming)}`));
  const other = await world.backend(async (incoming, outgoing) => outgoing.end(`got ${await bodyOf(incoming)}`));
  await world.route([{ endpoints: [pod, other] }]);
  client = connect({ port: world.port, host: '127.0.0.1' });
  const answer = readUntil(client, 'got 0123456789');
  client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n');
  await eventually(() => dials === 1);
  for (const digit of '012345678') {
    client.write(digit);
    await settle(20);
    await clock.advance(1_000);
  }
  expect(dials).toBe(2);
  client.write('9');
  expect(await answer).toMatch(/^HTTP\/1\.1 200/);
});
