import { createSocket } from 'node:dgram';
import { chmod, readFile, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '@slipway/kube/clock';
import { askStream } from './ask-stream.ts';
import { FrameReader, frame } from './frames.ts';
import { encodeAnswer, isTruncated, parseQuestion, responseCodes } from './message.ts';

export interface ForwardOptions {
  /** Where those ask whose network has no way to the resolvers. */
  readonly socketPath: string;
  /** Of the machine. Read at each question: it changes with the networks that a laptop joins. */
  readonly resolvConf: string;
  readonly clock: Clock;
  /** Of resolvers; another one in tests. */
  readonly port?: number | undefined;
}

export interface ForwardServer {
  close(): Promise<void>;
}

const standardPort = 53;
const patienceMilliseconds = 2_000;
const idleMilliseconds = 10_000;

/** Passes questions on to the resolvers of this machine, in their order. */
export async function serveForwarding(options: ForwardOptions): Promise<ForwardServer> {
  const asking = new Set<Socket>();
  const server = createServer((socket) => {
    asking.add(socket);
    socket.once('close', () => asking.delete(socket));
    const reader = new FrameReader();
    socket.setTimeout(idleMilliseconds, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      for (const message of reader.read(chunk)) {
        void forward(message, options).then((answer) => {
          if (!socket.destroyed) socket.write(frame(answer));
        });
      }
    });
  });
  await rm(options.socketPath, { force: true });
  await listen(server, options.socketPath);
  await chmod(options.socketPath, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of asking) socket.destroy();
      }),
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject).on('error', () => {});
      resolve();
    });
  });
}

/** One that nobody answers is answered as a failure, so that the asker need not wait. */
async function forward(message: Buffer, options: ForwardOptions): Promise<Buffer> {
  const port = options.port ?? standardPort;
  for (const host of await readNameservers(options.resolvConf)) {
    const answer = await askDatagram(message, { host, port, clock: options.clock });
    if (answer === undefined) continue;
    if (!isTruncated(answer)) return answer;
    return askStream({ host, port }, message).catch(() => answer);
  }
  const question = parseQuestion(message);
  if (question === undefined) return message;
  return encodeAnswer(message, question, { code: responseCodes.serverFailure, answers: [] });
}

export async function readNameservers(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? []);
}

interface Resolver {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
}

/** A socket of its own, so that its port is nobody's guess; undefined without an answer. */
function askDatagram(message: Buffer, { host, port, clock }: Resolver): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    let isSettled = false;
    const settle = (answer: Buffer | undefined): void => {
      if (isSettled) return;
      isSettled = true;
      cancel();
      socket.close();
      resolve(answer);
    };
    const cancel = clock.schedule(patienceMilliseconds, () => settle(undefined));
    socket.on('error', () => settle(undefined));
    // Only who was asked may answer.
    socket.once('connect', () => socket.send(message));
    socket.connect(port, host);
    socket.on('message', (answer) => {
      if (answer.length >= 2 && answer.readUInt16BE() === message.readUInt16BE()) settle(answer);
    });
  });
}
