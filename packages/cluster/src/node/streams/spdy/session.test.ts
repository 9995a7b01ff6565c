import { duplexPair } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { dictionary } from './header-block.ts';
import { SpdySession, type SpdyStream } from './session.ts';

interface Pair {
  readonly client: SpdySession;
  /** Of the server, in the order in which they were opened. */
  nextStream(): Promise<SpdyStream>;
  cutOff(): void;
  readonly ended: Promise<unknown>;
}

function connect(): Pair {
  const [here, there] = duplexPair();
  const streams: SpdyStream[] = [];
  const waiting: ((stream: SpdyStream) => void)[] = [];
  const server = new SpdySession(there, {
    onStream: (stream) => {
      const take = waiting.shift();
      if (take === undefined) streams.push(stream);
      else take(stream);
    },
  });
  const client = new SpdySession(here, { isClient: true, onStream: () => {} });
  const ended = Promise.all([client.run(), server.run()]);
  const nextStream = (): Promise<SpdyStream> => {
    const stream = streams.shift();
    return stream === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(stream);
  };
  return { client, nextStream, cutOff: () => here.end(), ended };
}

it('compresses headers by the dictionary of the protocol', () => {
  let [a, b] = [1, 0];
  for (const byte of dictionary) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  // The checksum by which a compressed block names its dictionary.
  expect({ length: dictionary.length, checksum: b * 65_536 + a }).toEqual({ length: 1_423, checksum: 0xe3c6a7c2 });
});

it('tells the headers of each stream, whose names have no case', async () => {
  const { client, nextStream } = connect();
  await client.open({ streamType: 'error', port: '80' });
  await client.open({ streamType: 'data', port: '80' });
  expect((await nextStream()).headers).toEqual({ streamtype: 'error', port: '80' });
  expect((await nextStream()).headers).toEqual({ streamtype: 'data', port: '80' });
});

it('lets one side say its last and still hear the other', async () => {
  const { client, nextStream } = connect();
  const here = await client.open({});
  const there = await nextStream();
  here.end('a question');
  expect(await text(there)).toBe('a question');
  there.end('an answer');
  expect(await text(here)).toBe('an answer');
});

it('carries more than it holds at once, unchanged', async () => {
  const { client, nextStream } = connect();
  const here = await client.open({});
  const there = await nextStream();
  const sent = Buffer.alloc(5_000_000, 'some bytes, ');
  here.end(sent);
  expect((await buffer(there)).equals(sent)).toBe(true);
});

it('tells a reader that the other side wants no more of a stream', async () => {
  const { client, nextStream } = connect();
  const here = await client.open({});
  const there = await nextStream();
  const closed = new Promise((resolve) => there.once('close', resolve));
  here.destroy();
  await closed;
  expect(there.destroyed).toBe(true);
});

it('ends all streams with the connection', async () => {
  const { client, nextStream, cutOff, ended } = connect();
  await client.open({});
  const there = await nextStream();
  there.resume();
  const closed = new Promise((resolve) => there.once('close', resolve));
  cutOff();
  await Promise.all([closed, ended]);
});

it('ends with what is no frame', async () => {
  const [here, there] = duplexPair();
  const session = new SpdySession(there, { onStream: () => {} });
  here.write(Buffer.from('8003000100ffffff', 'hex'));
  await session.run();
  expect(there.destroyed).toBe(true);
});
