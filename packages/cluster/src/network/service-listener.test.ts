import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { ServiceListener } from './service-listener.ts';
import type { ServiceTarget } from './service-table.ts';

/** Nobody else's: with the port held at the usual address, no program that asks for any free one is given this one. */
const address = `127.67.${process.pid % 250}.9`;

let directory: string;
let clock: FakeClock;
let listener: ServiceListener;
let port: number;
const closing: (() => void)[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-listener-'));
  const holder = await listen(createServer(), 0);
  closing.push(() => holder.close());
  port = portOf(holder);
  clock = new FakeClock();
  listener = new ServiceListener(clock);
  await listener.listen(address, port);
});
afterEach(async () => {
  listener.close();
  for (const close of closing.splice(0)) close();
  await rm(directory, { recursive: true });
});

function listen(server: Server, at: number | string): Promise<Server> {
  return new Promise((resolve) => {
    if (typeof at === 'string') server.listen(at, () => resolve(server));
    else server.listen(at, '127.0.0.1', () => resolve(server));
  });
}

function portOf(server: Server): number {
  const bound = server.address();
  return isInternet(bound) ? bound.port : 0;
}

function isInternet(bound: AddressInfo | string | null): bound is AddressInfo {
  return typeof bound === 'object' && bound !== null;
}

/** A target that does with each connection as it is told. */
async function startTarget(serve: (socket: Socket) => void, path?: string): Promise<ServiceTarget> {
  const server = await listen(
    createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {});
      serve(socket);
    }),
    path ?? 0,
  );
  closing.push(() => server.close());
  return path === undefined ? { kind: 'tcp', address: '127.0.0.1', port: portOf(server) } : { kind: 'socket', path };
}

function call(): Socket {
  const socket = connect({ port, host: address, allowHalfOpen: true });
  closing.push(() => socket.destroy());
  return socket;
}

function endOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.resume();
    socket.once('error', (error) => resolve('code' in error ? String(error.code) : error.message));
    socket.once('end', () => resolve('end'));
  });
}

describe('ServiceListener', () => {
  it('gives connections to targets in turn', async () => {
    listener.setTargets([
      await startTarget((socket) => socket.end('one')),
      await startTarget((socket) => socket.end('two')),
    ]);
    const answers = [await text(call()), await text(call()), await text(call()), await text(call())];
    expect(answers).toEqual(['one', 'two', 'one', 'two']);
  });

  it('keeps a client with one target for as long as it comes again, and while that is there', async () => {
    const [one, two] = [
      await startTarget((socket) => socket.end('one')),
      await startTarget((socket) => socket.end('two')),
    ];
    listener.setTargets([one, two], 60);
    expect(await text(call())).toBe('one');
    await clock.advance(59_000);
    expect([await text(call()), await text(call())]).toEqual(['one', 'one']);
    listener.setTargets([two], 60);
    expect(await text(call())).toBe('two');
    listener.setTargets([one, two], 60);
    expect(await text(call())).toBe('two');
    await clock.advance(60_000);
    const later = [await text(call()), await text(call())];
    expect(new Set(later).size).toBe(1);
  });

  it('passes on a request that ends before its answer begins', async () => {
    listener.setTargets([await startTarget((socket) => void text(socket).then((said) => socket.end(`got ${said}`)))]);
    const socket = call();
    socket.end('question');
    expect(await text(socket)).toBe('got question');
  });

  it('resets the client when no target accepts', async () => {
    listener.setTargets([{ kind: 'tcp', address: '127.0.0.1', port: 1 }]);
    expect(await endOf(call())).toBe('ECONNRESET');
  });

  it('resets the client when the target resets', async () => {
    listener.setTargets([await startTarget((socket) => socket.once('data', () => socket.resetAndDestroy()))]);
    const socket = call();
    socket.write('x');
    expect(await endOf(socket)).toBe('ECONNRESET');
  });

  it.each(['tcp', 'socket'] as const)('lets go of a target (%s) whose client resets', async (kind) => {
    const ended = Promise.withResolvers<void>();
    const path = kind === 'socket' ? join(directory, 'target.sock') : undefined;
    const target = await startTarget((socket) => {
      socket.write('hello');
      socket.once('close', () => ended.resolve()).resume();
      socket.once('end', () => socket.end());
    }, path);
    listener.setTargets([target]);
    const socket = call();
    await new Promise((resolve) => socket.once('data', resolve));
    socket.resetAndDestroy();
    await expect(ended.promise).resolves.toBeUndefined();
  });
});
