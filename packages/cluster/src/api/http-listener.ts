/**
 * Requests over HTTP: TLS on loopback, or plain on a unix socket for processes of the cluster itself. What has a head that
 * comes whole and is nothing out of the ordinary is read and answered by `front/`; everything else by `node:http`.
 */
import type { IncomingMessage, Server, ServerResponse as Outgoing } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { rm } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import type { Clock } from '@slipway/kube/clock';
import { createServer as createHttpServer, ServerResponse } from '@slipway/kube/platform/http';
import { listenPrivately } from '@slipway/kube/platform/private-socket';
import { startListening } from '@slipway/kube/platform/start-listening';
import type { TransportResponse } from '@slipway/kube/transport';
import { contentOf } from './answer-content.ts';
import { answerRequest, type AnswerOptions } from './answer-request.ts';
import { failure } from './api-server.ts';
import { callerOf } from './caller.ts';
import { answerNoRequest } from './front/answer-no-request.ts';
import { idleMilliseconds, promisedMilliseconds } from './front/idle-time.ts';
import { answerHeaders, drained, sendPlainAnswer } from './front/plain-answer.ts';
import { PlainConnection } from './front/plain-connection.ts';
import type { UpgradeAnswer } from './node-connector.ts';
import { hasStreams } from './pod-streams.ts';
import { receivedByNode, type ReceivedRequest } from './received-request.ts';
import { parseResourcePath } from './request-path.ts';
import { parseTarget } from './request-target.ts';
import { isWatchSocket, type SocketConnection } from './socket-request.ts';
import { watchLines, writeWatch } from './watch-lines.ts';

const maximumHeaderBytes = 64 * 1024;
const headersTimeoutMilliseconds = 60_000;

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

/** With certificates: TLS. */
export interface ListenOptions extends AnswerOptions {
  readonly clock: Clock;
  readonly at: { readonly host: string; readonly port: number } | { readonly socketPath: string };
}

/** Rejects when the address cannot be had. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { certificates, at } = options;
  /** What `node:http` is answering now, by its connection. */
  const answering = new WeakMap<Duplex, Outgoing>();
  const handler = (request: IncomingMessage, response: Outgoing): void => {
    answering.set(request.socket, response);
    response.once('close', () => answering.delete(request.socket));
    serve(request, response, options).catch((error: unknown) => {
      options.logger.error('answer not sent', { path: request.url, error });
      response.destroy();
    });
  };
  const http = {
    maxHeaderSize: maximumHeaderBytes,
    headersTimeout: headersTimeoutMilliseconds,
    requestTimeout: 0,
    keepAliveTimeout: promisedMilliseconds,
    shouldUpgradeCallback: (request: IncomingMessage) => isForStreams(request) || isWatchSocket(request),
  };
  const server =
    certificates === undefined
      ? createHttpServer(http, handler)
      : createHttpsServer(
          {
            ...http,
            cert: certificates.server.certificate,
            key: certificates.server.key,
            ca: certificates.authority,
            requestCert: true,
            rejectUnauthorized: false,
            minVersion: 'TLSv1.2',
          },
          handler,
        );
  server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
    answerNoRequest(error, socket, { answering: answering.get(socket), clock: options.clock }),
  );
  const connections = new Set<Socket>();
  beginPlain(server, certificates === undefined ? 'connection' : 'secureConnection', { options, connections });
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const serveIt = isForStreams(request) ? serveStreams : serveSocket;
    serveIt(request, { socket, head }, options).catch((error: unknown) => {
      options.logger.error('a connection of streams failed', { path: request.url, error });
      socket.destroy();
    });
  });
  if ('socketPath' in at) await rm(at.socketPath, { force: true });
  await ('socketPath' in at ? listenPrivately(server, at.socketPath) : startListening(server, at));
  const address = server.address();
  return { port: isAddress(address) ? address.port : 0, close: () => close(server, connections) };
}

function isAddress(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}

/** Connections of the server begin with us, and go over to what it does with them by itself when we have no use for them. */
function beginPlain(
  server: Server,
  event: 'connection' | 'secureConnection',
  { options, connections }: { readonly options: ListenOptions; readonly connections: Set<Socket> },
): void {
  const takers = server.listeners(event);
  server.removeAllListeners(event);
  const front = {
    firstRequestMilliseconds: headersTimeoutMilliseconds,
    idleMilliseconds,
    droppedBodyMilliseconds: headersTimeoutMilliseconds,
    clock: options.clock,
    handOver: (socket: Socket): void => takers.forEach((taker) => Reflect.apply(taker, server, [socket])),
    serve: (request: ReceivedRequest): Promise<void> => servePlain(request, options),
  };
  server.on(event, (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    new PlainConnection(socket, front).start();
  });
}

async function servePlain(request: ReceivedRequest, options: ListenOptions): Promise<void> {
  const answer = await answerRequest(request, options);
  try {
    const sent = sendPlainAnswer(answer, request);
    if (sent !== undefined) await sent;
  } catch (error) {
    options.logger.error('answer not sent', { path: request.target, error });
    throw error;
  }
}

function close(server: Server, connections: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of connections) socket.destroy();
    server.closeAllConnections();
  });
}

async function serve(incoming: IncomingMessage, outgoing: Outgoing, options: ListenOptions): Promise<void> {
  const abort = new AbortController();
  outgoing.once('close', () => {
    // After each answer that was sent whole, nobody waits for it any more.
    if (!outgoing.writableFinished) abort.abort(new Error('the client went away'));
  });
  const request = receivedByNode(incoming, abort.signal);
  const answer = await answerRequest(request, options);
  // The rest of a body that is too large stays unread, and nothing can follow it on this connection.
  if (incoming.destroyed && !incoming.complete) outgoing.setHeader('connection', 'close');
  await send(answer, outgoing, request);
}

/** A watch as messages of a WebSocket; whatever else is the answer, such as a refusal, is one of HTTP. */
async function serveSocket(
  incoming: IncomingMessage,
  connection: SocketConnection,
  options: ListenOptions,
): Promise<void> {
  const { socket } = connection;
  const abort = new AbortController();
  socket.once('close', () => abort.abort(new Error('the client went away')));
  socket.on('error', () => socket.destroy());
  const answer = await answerRequest(receivedByNode(incoming, abort.signal), options);
  if (answer.body.kind === 'watch') {
    const { sendWatch } = await import('./watch-socket.ts');
    return sendWatch(watchLines(answer.body.events), incoming, connection);
  }
  await sendInstead(answer, incoming, socket);
}

async function sendInstead(answer: TransportResponse, incoming: IncomingMessage, socket: Socket): Promise<void> {
  const outgoing = new ServerResponse(incoming);
  outgoing.shouldKeepAlive = false;
  outgoing.assignSocket(socket);
  outgoing.once('finish', () => socket.end());
  // Nobody asks an answer that is there already for its signal.
  await send(answer, outgoing, receivedByNode(incoming, AbortSignal.abort()));
}

/** Every other upgrade that a client offers is not taken: its request is answered as if it had offered none. */
function isForStreams({ url = '', headers }: IncomingMessage): boolean {
  if (!/^(?:websocket|spdy\/3\.1)$/i.test(headers.upgrade ?? '')) return false;
  const path = parseResourcePath(url.split('?')[0] ?? '');
  return path !== undefined && hasStreams(path);
}

/** Who may is connected with the pod's node, byte by byte; everybody else gets an answer of HTTP. */
async function serveStreams(
  incoming: IncomingMessage,
  { socket, head }: SocketConnection,
  options: ListenOptions,
): Promise<void> {
  const client = watchClient(socket);
  const request = receivedByNode(incoming, client.signal);
  const { method, target: asked, headers, signal } = request;
  // Either end that breaks ends both, and there is nobody left to tell.
  socket.on('error', () => socket.destroy());
  let answer: UpgradeAnswer;
  try {
    const { pathname: path, searchParams: query } = parseTarget(asked);
    const identity = await callerOf(request, options);
    answer = await options.api.openStreams({ method, path, query, headers, signal }, identity);
  } catch (error) {
    if (signal.aborted) return void socket.destroy();
    return sendInstead(failure(error, { method, path: asked }, options.logger), incoming, socket);
  }
  client.leave();
  if (answer.kind === 'streams') return join(socket, head, answer);
  const { response } = answer;
  const body = { kind: 'bytes', chunks: response.body } as const;
  return sendInstead({ ...response, body }, incoming, socket);
}

interface WatchedClient {
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
  /** To be called before somebody reads from it. */
  leave(): void;
}

/** Nobody reads from who waits to be connected, so that its end is nothing that would be heard of. */
function watchClient(socket: Socket): WatchedClient {
  const abort = new AbortController();
  const gone = (): void => abort.abort(new Error('the client went away'));
  const look = (): void => {
    if (socket.readableLength === 0) gone();
  };
  socket.once('close', gone);
  socket.on('readable', look);
  return { signal: abort.signal, leave: () => void socket.off('readable', look) };
}

function join(
  socket: Socket,
  head: Uint8Array,
  { rawHeaders, connection }: Extract<UpgradeAnswer, { kind: 'streams' }>,
): void {
  const lines = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1] ?? ''}`] : [],
  );
  // Nobody would hear that it has closed already.
  if (socket.destroyed) connection.destroy();
  socket.write(['HTTP/1.1 101 Switching Protocols', ...lines, '', ''].join('\r\n'), 'latin1');
  if (head.length > 0) connection.write(head);
  connection.on('error', () => connection.destroy());
  socket.once('close', () => connection.destroy());
  connection.once('close', () => socket.end());
  socket.pipe(connection);
  connection.pipe(socket);
}

async function send(answer: TransportResponse, outgoing: Outgoing, request: ReceivedRequest): Promise<void> {
  const { status, body } = answer;
  const headers = answerHeaders(answer.headers);
  if (body.kind === 'json') {
    const { content, type } = await contentOf(body.value, request);
    // With a text as its body the head would be written in UTF-8 as well, and a warning in UTF-8 a second time.
    const sent =
      typeof content !== 'string'
        ? content.toBuffer()
        : headers['warning'] === undefined
          ? content
          : Buffer.from(content);
    outgoing.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(sent), ...headers });
    outgoing.end(request.method === 'HEAD' ? undefined : sent);
    return;
  }
  outgoing.writeHead(status, { ...(body.kind === 'watch' ? { 'content-type': 'application/json' } : {}), ...headers });
  outgoing.flushHeaders();
  const write = (chunk: string | Uint8Array): Promise<void> | undefined =>
    outgoing.destroyed || outgoing.write(chunk) ? undefined : drained(outgoing);
  if (body.kind === 'watch') await writeWatch(body, write);
  else
    for await (const chunk of body.chunks) {
      if (outgoing.destroyed) return;
      await write(chunk);
    }
  if (!outgoing.destroyed) outgoing.end();
}
