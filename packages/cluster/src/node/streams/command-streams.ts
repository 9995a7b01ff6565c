/** The streams of a command, whatever carries them: input, output, the size of the terminal, and what became of it. */
import { PassThrough, Writable, type Readable } from 'node:stream';
import { delay, type Clock } from '@slipway/kube/clock';
import { StatusError } from '@slipway/kube/status-error';
import type { RawData, WebSocket } from 'ws';
import type { TerminalSize } from '../runtime.ts';
import { acceptSpdy, acceptWebSocket, endWebSocket, isWebSocket, type Upgrade } from './protocol-upgrade.ts';
import { SpdySession, type SpdyStream } from './spdy/session.ts';

export interface WantedStreams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  /** Never with a terminal. */
  readonly stderr: boolean;
  readonly tty: boolean;
}

export interface CommandStreams {
  readonly stdin: Readable | undefined;
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
  onResize(listener: (size: TerminalSize) => void): void;
  /** Resolves when the client is gone. */
  readonly closed: Promise<void>;
  /** After all output: a `Status` by which the client knows how it ended. Closes the connection. */
  finish(status: object): void;
}

const streamsWithinMilliseconds = 30_000;

export async function acceptCommand(upgrade: Upgrade, wanted: WantedStreams, clock: Clock): Promise<CommandStreams> {
  if (isWebSocket(upgrade)) return overWebSocket(upgrade, wanted);
  return overSpdy(acceptSpdy(upgrade, ['v4.channel.k8s.io']), wanted, clock);
}

function namesOf({ stdin, stdout, stderr, tty }: WantedStreams): readonly string[] {
  const asked: readonly (readonly [string, boolean])[] = [
    ['error', true],
    ['stdin', stdin],
    ['stdout', stdout],
    ['stderr', stderr],
    ['resize', tty],
  ];
  return asked.filter(([, isAsked]) => isAsked).map(([name]) => name);
}

async function overSpdy(
  connection: ReturnType<typeof acceptSpdy>,
  wanted: WantedStreams,
  clock: Clock,
): Promise<CommandStreams> {
  const names = namesOf(wanted);
  const streams = new Map<string, SpdyStream>();
  const complete = Promise.withResolvers<void>();
  const session = new SpdySession(connection, {
    onStream: (stream) => {
      // Whoever is cut off in the middle of writing has left, which `closed` tells.
      stream.on('error', () => {});
      streams.set(stream.headers['streamtype'] ?? '', stream);
      if (names.every((name) => streams.has(name))) complete.resolve();
    },
  });
  const closed = session.run();
  await Promise.race([complete.promise, closed, delay(clock, streamsWithinMilliseconds)]);
  const missing = names.filter((name) => !streams.has(name));
  if (missing.length > 0) {
    connection.destroy();
    throw new StatusError('BadRequest', `the client opened no stream for ${missing.join(', ')}`);
  }
  return {
    stdin: streams.get('stdin'),
    stdout: streams.get('stdout'),
    stderr: streams.get('stderr'),
    onResize: (listener) => readSizes(streams.get('resize'), listener),
    closed,
    finish: (status) => {
      streams.get('error')?.end(JSON.stringify(status), () => session.close());
    },
  };
}

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

async function overWebSocket(upgrade: Upgrade, wanted: WantedStreams): Promise<CommandStreams> {
  const socket = await acceptWebSocket(upgrade, ['v5.channel.k8s.io', 'v4.channel.k8s.io']);
  const stdin = new PassThrough();
  const resize = new PassThrough();
  const inputs: Readonly<Record<number, PassThrough>> = { [channels.stdin]: stdin, [channels.resize]: resize };
  socket.on('message', (data: RawData) => {
    const message = bytesOf(data);
    const [channel = -1] = message;
    if (channel === channels.close) inputs[message[1] ?? -1]?.end();
    const input = inputs[channel];
    if (input === undefined || input.writableEnded || input.destroyed) return;
    if (input.write(message.subarray(1))) return;
    socket.pause();
    input.once('drain', () => socket.resume());
  });
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    // Every error is followed by the end, which is what matters here.
    socket.on('error', () => {});
  });
  void closed.then(() => [stdin, resize].forEach((input) => input.end()));
  // By this the client knows that it is connected.
  socket.send(Buffer.of(wanted.stdout ? channels.stdout : wanted.stderr ? channels.stderr : channels.error));
  return {
    stdin: wanted.stdin ? stdin : undefined,
    stdout: wanted.stdout ? channelOf(socket, channels.stdout) : undefined,
    stderr: wanted.stderr ? channelOf(socket, channels.stderr) : undefined,
    onResize: (listener) => readSizes(resize, listener),
    closed,
    finish: (status) => {
      socket.send(Buffer.concat([Buffer.of(channels.error), Buffer.from(JSON.stringify(status))]));
      endWebSocket(socket, upgrade.socket);
    },
  };
}

export function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

/** What is written becomes messages of the channel. */
export function channelOf(socket: WebSocket, channel: number): Writable {
  const stream = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      socket.send(Buffer.concat([Buffer.of(channel), chunk]), done);
    },
  });
  stream.on('error', () => {});
  return stream;
}

/** Sizes are JSON, one after the other, in whatever pieces they come. */
function readSizes(stream: Readable | undefined, listener: (size: TerminalSize) => void): void {
  let rest = '';
  stream?.on('data', (chunk: Buffer) => {
    const parts = `${rest}${chunk.toString('utf8')}`.split(/(?<=\})/);
    rest = parts.at(-1)?.endsWith('}') === true ? '' : (parts.pop() ?? '');
    for (const text of parts) {
      const size = parseSize(text);
      if (size !== undefined) listener(size);
    }
    rest = rest.slice(0, 256);
  });
}

function parseSize(text: string): TerminalSize | undefined {
  const [, columns] = /"Width":\s*(\d{1,5})/i.exec(text) ?? [];
  const [, rows] = /"Height":\s*(\d{1,5})/i.exec(text) ?? [];
  const size = { columns: Number(columns), rows: Number(rows) };
  return [size.columns, size.rows].every((value) => value > 0 && value < 65_536) ? size : undefined;
}
