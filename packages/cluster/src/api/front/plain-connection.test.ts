import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../../kube/testing/fake-clock.ts';
import type { ReceivedRequest } from '../received-request.ts';
import { sendPlainAnswer } from './plain-answer.ts';
import { type FrontOptions, PlainConnection } from './plain-connection.ts';

let folder: string;
let server: Server | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-front-'));
});

afterEach(async () => {
  server?.close();
  await rm(folder, { recursive: true });
});

async function open(options: Partial<FrontOptions>): Promise<Socket> {
  const path = join(folder, 'front.sock');
  server = createServer({ allowHalfOpen: true }, (socket) => {
    const connection = new PlainConnection(socket, {
      serve: async ({ target }) => void socket.write(`${target};`),
      handOver: (handed) => handed.on('data', (piece) => handed.end(`handed over: ${String(piece)}`)),
      firstRequestMilliseconds: 60_000,
      idleMilliseconds: 60_000,
      droppedBodyMilliseconds: 60_000,
      clock: new FakeClock(),
      ...options,
    });
    connection.start();
  }).listen(path);
  await once(server, 'listening');
  const socket = connect(path);
  await once(socket, 'connect');
  return socket;
}

function plain(target: string): string {
  return `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;
}

describe('a connection', () => {
  it('is answered request by request in their order, and handed over with the first that is not plain', async () => {
    const order: string[] = [];
    const first = Promise.withResolvers<void>();
    const second = Promise.withResolvers<void>();
    const socket = await open({
      serve: ({ target }) => {
        order.push(target);
        if (target === '/2') second.resolve();
        return target === '/1' ? first.promise : Promise.resolve();
      },
      handOver: (handed) => handed.on('data', (piece) => handed.end(piece)),
    });
    const odd = 'GET /3 HTTP/1.0\r\n\r\n';
    socket.write(plain('/1') + plain('/2') + odd);
    first.resolve();
    await second.promise;
    expect(order).toEqual(['/1', '/2']);
    expect(await text(socket)).toBe(odd);
  });

  it('loses nothing of what it is handed over with', async () => {
    const odd = 'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nabcde';
    const socket = await open({
      handOver: (handed) => {
        let received = '';
        handed.on('data', (piece) => {
          received += String(piece);
          if (received.length === odd.length) handed.end(received);
        });
      },
    });
    for (const letter of odd) socket.write(letter);
    expect(await text(socket)).toBe(odd);
  });

  const posted = (length: number): string => `POST /posted HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;
  const echo: FrontOptions['serve'] = async ({ content, socket }) => {
    const body = Buffer.isBuffer(content) ? content : await buffer(content);
    socket.write(`${body.toString()};`);
  };

  it('stays with us where a body comes in several pieces, wherever they are cut', async () => {
    const socket = await open({ serve: echo });
    socket.write(posted(2));
    socket.write('x');
    socket.write(`y${posted(5)}abcde${posted(3)}f`);
    socket.write(`gh${posted(0)}`);
    let answers = '';
    for await (const piece of socket) {
      answers += String(piece);
      if (answers === 'xy;abcde;fgh;;') break;
    }
    expect(answers).toBe('xy;abcde;fgh;;');
  });

  it('goes on where an answer needed none of a body, which is dropped', async () => {
    const socket = await open({});
    socket.write(posted(7));
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toBe('/posted;');
    socket.write('drop');
    socket.write(`ped${plain('/2')}`);
    const [next] = await once(socket, 'data');
    expect(String(next)).toBe('/2;');
    socket.destroy();
  });

  it.each(['half closes', 'goes away'])('tells who reads a body of a client that %s before its end', async (how) => {
    const outcome = Promise.withResolvers<unknown>();
    const begun = Promise.withResolvers<void>();
    const socket = await open({
      serve: async (request) => {
        begun.resolve();
        await echo(request).catch((error: unknown) => outcome.resolve(error));
      },
    });
    socket.write(`${posted(5)}ab`);
    await begun.promise;
    if (how === 'goes away') socket.destroy();
    else socket.end();
    expect(await outcome.promise).toMatchObject({ reason: 'BadRequest' });
  });

  it('ends where the rest of a body that nobody reads is not there in time, though some of it comes', async () => {
    const clock = new FakeClock();
    const socket = await open({ clock });
    socket.write(posted(7));
    await once(socket, 'data');
    await clock.advance(59_999);
    socket.write(`dropped${posted(7)}`);
    expect(String((await once(socket, 'data'))[0])).toBe('/posted;');
    // The one that was whole in time has ended nothing.
    await clock.advance(59_999);
    socket.write('d');
    const rest = text(socket);
    await clock.advance(1);
    expect(await rest).toBe('');
    expect(clock.pendingTimers).toBe(0);
  });

  it('ends where the rest of a body does not come in time', async () => {
    const socket = await open({ serve: echo, idleMilliseconds: 1 });
    socket.write(`${posted(5)}ab`);
    expect(await text(socket)).toBe('');
  });

  it('ends where nothing has come in time, or nothing more', async () => {
    expect(await text(await open({ firstRequestMilliseconds: 1 }))).toBe('');
    server?.close();
    const socket = await open({ idleMilliseconds: 1 });
    socket.write(plain('/1'));
    expect(await text(socket)).toBe('/1;');
  });

  it('does not end while an answer takes its time', async () => {
    const silence = Promise.withResolvers<Socket>();
    const socket = await open({
      idleMilliseconds: 1,
      serve: async (request) => {
        await once(request.socket, 'timeout');
        request.socket.write('late;');
        silence.resolve(request.socket);
      },
    });
    socket.write(plain('/1'));
    expect(await text(socket)).toBe('late;');
  });

  it.each(['before', 'after'])('tells of a client that goes away %s somebody asked', async (when) => {
    const begun = Promise.withResolvers<ReceivedRequest>();
    const socket = await open({
      serve: (request) => {
        begun.resolve(request);
        return new Promise(() => undefined);
      },
    });
    socket.write(plain('/1'));
    const request = await begun.promise;
    const early = when === 'before' ? undefined : request.signal;
    expect(early?.aborted ?? false).toBe(false);
    const closed = once(request.socket, 'close');
    socket.destroy();
    await closed;
    expect(request.signal.aborted).toBe(true);
    expect(early ?? request.signal).toBe(request.signal);
  });

  it('stops to read from a client that asks for more than it waits for', async () => {
    const paused = Promise.withResolvers<void>();
    const socket = await open({
      serve: ({ socket: served }) => {
        served.once('pause', () => paused.resolve());
        return new Promise(() => undefined);
      },
    });
    socket.write(plain('/1').repeat(20_000));
    await paused.promise;
    socket.destroy();
  });

  it.each(['before', 'after'])('ends where too much is sent behind a stream, %s that has begun', async (when) => {
    const begun = Promise.withResolvers<AbortSignal>();
    const socket = await open({
      serve: async (request) => {
        const { signal, socket: served } = request;
        const chunks = (async function* () {
          begun.resolve(signal);
          if (!signal.aborted) await once(signal, 'abort');
          yield* [];
        })();
        if (when === 'before') await once(served, 'pause');
        await sendPlainAnswer({ status: 200, headers: {}, body: { kind: 'bytes', chunks } }, request);
      },
    });
    const closed = new Promise((resolve) => {
      // What was sent and is not read makes it a reset.
      socket.on('error', () => undefined).on('close', resolve);
    });
    socket.write(plain('/1'));
    if (when === 'after') await begun.promise;
    socket.write(plain('/1').repeat(20_000));
    await closed;
    expect((await begun.promise).aborted).toBe(true);
  });

  it('ends where an answer could not be sent', async () => {
    const socket = await open({ serve: () => Promise.reject(new Error('no')) });
    socket.write(plain('/1'));
    expect(await text(socket)).toBe('');
  });
});
