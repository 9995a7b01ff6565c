import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { DatagramListener } from './datagram-listener.ts';
import type { ServiceTarget } from './service-table.ts';

/** Nobody else's: with the port held at the usual address, no program that asks for any free one is given this one. */
const address = `127.68.${process.pid % 250}.9`;

let clock: FakeClock;
let listener: DatagramListener;
let port: number;
const sockets: Socket[] = [];

beforeEach(async () => {
  ({ port } = (await bind()).address());
  clock = new FakeClock();
  listener = new DatagramListener(clock);
  await listener.listen(address, port);
});
afterEach(() => {
  listener.close();
  for (const socket of sockets.splice(0)) socket.close();
});

async function bind(): Promise<Socket> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/** Answers with its name, and with the port that it was asked from. */
async function startTarget(name: string): Promise<ServiceTarget> {
  const socket = await bind();
  socket.on('message', (message, { port: from }) =>
    socket.send(`${name} ${String(message)} ${from}`, from, '127.0.0.1'),
  );
  return { kind: 'tcp', address: '127.0.0.1', port: socket.address().port };
}

async function ask(client: Socket, question: string): Promise<readonly string[]> {
  client.send(question, port, address);
  const [answer]: Buffer[] = await once(client, 'message');
  return String(answer).split(' ');
}

describe('DatagramListener', () => {
  it('sends each client to a target in turn, and stays with it', async () => {
    listener.setTargets([await startTarget('one'), await startTarget('two')]);
    const [a, b] = [await bind(), await bind()];
    const answers = [await ask(a, 'x'), await ask(b, 'y'), await ask(a, 'z'), await ask(b, 'w')];
    expect(answers.map(([name, said]) => `${name} ${said}`)).toEqual(['one x', 'two y', 'one z', 'two w']);
    expect(answers[0]?.[2]).toBe(answers[2]?.[2]);
  });

  it('turns to another target when the one that was talked to is gone', async () => {
    const [one, two] = [await startTarget('one'), await startTarget('two')];
    listener.setTargets([one]);
    const client = await bind();
    expect((await ask(client, 'x'))[0]).toBe('one');
    listener.setTargets([two]);
    expect((await ask(client, 'y'))[0]).toBe('two');
  });

  it('forgets a client that is silent for half a minute', async () => {
    listener.setTargets([await startTarget('one')]);
    const client = await bind();
    const [, , before] = await ask(client, 'x');
    await clock.advance(29_000);
    expect((await ask(client, 'y'))[2]).toBe(before);
    await clock.advance(30_000);
    expect((await ask(client, 'z'))[2]).not.toBe(before);
  });

  it('keeps every socket of a client with one target where clients belong to one', async () => {
    listener.setTargets([await startTarget('one'), await startTarget('two')], 60);
    const names = [];
    for (const client of [await bind(), await bind(), await bind()]) names.push((await ask(client, 'x'))[0]);
    expect(names).toEqual(['one', 'one', 'one']);
  });

  it('drops what is sent while there is no target', async () => {
    const client = await bind();
    client.send('lost', port, address);
    listener.setTargets([await startTarget('one')]);
    client.send('found', port, address);
    const [answer]: Buffer[] = await once(client, 'message');
    expect(String(answer)).toMatch(/^one /);
  });
});
