/** Connections to ports of a pod, many over one. */
import type { Socket } from 'node:net';
import { PassThrough, type Duplex } from 'node:stream';
import { StatusError } from '@slipway/kube/status-error';
import { createWebSocketStream, type RawData, type WebSocket } from 'ws';
import { dialPod, type PodAddress } from './dial-pod.ts';
import { describeDialError } from '../probes/dial-error.ts';
import { bytesOf, channelOf } from './command-streams.ts';
import { acceptSpdy, acceptWebSocket, endWebSocket, isWebSocket, type Upgrade } from './protocol-upgrade.ts';
import { SpdySession, type SpdyStream } from './spdy/session.ts';

const tunnelled = 'SPDY/3.1+portforward.k8s.io';
const channelled = 'v4.channel.k8s.io';

export interface ForwardTarget extends PodAddress {
  /** Those that a client names in the request itself. */
  readonly ports: readonly string[];
}

/** Resolves when the client is gone. */
export async function servePortForward(upgrade: Upgrade, target: ForwardTarget): Promise<void> {
  if (!isWebSocket(upgrade)) return overSpdy(acceptSpdy(upgrade, ['portforward.k8s.io']), target);
  const ports = target.ports.map((text) => {
    const port = parsePort(text);
    if (port === undefined) throw new StatusError('BadRequest', describeWrongPort(text));
    return port;
  });
  const socket = await acceptWebSocket(upgrade, [tunnelled, channelled]);
  if (socket.protocol === channelled) return overChannels({ socket, connection: upgrade.socket }, target, ports);
  return overSpdy(createWebSocketStream(socket), target);
}

interface Pair {
  data?: SpdyStream;
  error?: SpdyStream;
}

/** A connection has two streams of one `requestID`, in any order. */
function overSpdy(connection: Duplex, address: PodAddress): Promise<void> {
  connection.on('error', () => {});
  const pairs = new Map<string, Pair>();
  const session = new SpdySession(connection, {
    onStream: (stream) => {
      stream.on('error', () => {});
      const { requestid: id = '', streamtype: type, port = '' } = stream.headers;
      const pair = pairs.get(id) ?? {};
      if (type === 'data') pair.data = stream;
      else pair.error = stream;
      const { data, error } = pair;
      if (data === undefined || error === undefined) pairs.set(id, pair);
      else {
        pairs.delete(id);
        join({ address, port, data, error });
      }
    },
  });
  return session.run();
}

interface Connection {
  readonly address: PodAddress;
  readonly port: string;
  readonly data: Duplex;
  readonly error: NodeJS.WritableStream;
}

/** Each side's end is told to the other one; what breaks ends both. */
function join({ address, port, data, error }: Connection): void {
  const refuse = (why: string): void => {
    error.end(`unable to do port forwarding: ${why}`);
    data.end();
    data.resume();
  };
  const number = parsePort(port);
  if (number === undefined) return refuse(describeWrongPort(port));
  const gone = new AbortController();
  data.once('close', () => gone.abort());
  dialPod(address, number, gone.signal).then(
    (pod) => {
      error.end();
      pipeBoth(pod, data);
    },
    (cause: Error) => refuse(describeDialError(cause, `${address.host}:${port}`)),
  );
}

function pipeBoth(pod: Socket, data: Duplex): void {
  pod.on('error', () => data.destroy());
  if (data.destroyed) pod.destroy();
  data.once('close', () => pod.destroy());
  pod.pipe(data);
  data.pipe(pod);
}

function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port > 0 && port < 65_536 ? port : undefined;
}

function describeWrongPort(text: string): string {
  return `"${text}" is no port; expected a number from 1 to 65535`;
}

/** Two channels for each port of the request, for data and errors; the first message of each is its port. */
function overChannels(
  { socket, connection }: { readonly socket: WebSocket; readonly connection: Duplex },
  address: PodAddress,
  ports: readonly number[],
): Promise<void> {
  const gone = new AbortController();
  socket.once('close', () => gone.abort());
  const inputs = ports.map((port, index) => {
    const number = Buffer.alloc(2);
    number.writeUInt16LE(port);
    const [output, error] = [channelOf(socket, 2 * index), channelOf(socket, 2 * index + 1)];
    output.write(number);
    error.write(number);
    const input = new PassThrough();
    const failed = (cause: Error): void => void error.end(describeDialError(cause, `${address.host}:${port}`));
    const closed = (): void => {
      if (ports.length === 1) endWebSocket(socket, connection);
    };
    dialPod(address, port, gone.signal).then(
      (pod) => {
        pod.on('error', failed);
        pod.once('close', closed);
        pod.once('end', () => pod.end());
        pod.pipe(output);
        input.pipe(pod);
        if (socket.readyState !== socket.OPEN) pod.destroy();
        socket.once('close', () => pod.destroy());
      },
      (cause: Error) => {
        failed(cause);
        closed();
      },
    );
    return input;
  });
  socket.on('message', (data: RawData) => {
    const message = bytesOf(data);
    const [channel = 1] = message;
    const input = channel % 2 === 0 ? inputs[channel / 2] : undefined;
    if (input === undefined || input.write(message.subarray(1))) return;
    socket.pause();
    input.once('drain', () => socket.resume());
  });
  return new Promise((resolve) => {
    socket.on('error', () => {});
    socket.once('close', () => resolve());
  });
}
