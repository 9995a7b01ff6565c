/** Requests over HTTP: TLS on loopback, or plain on a unix socket for processes of the cluster itself. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse as Outgoing } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { rm } from 'node:fs/promises';
import { TLSSocket } from 'node:tls';
import { createServer as createHttpServer, ServerResponse } from '@slipway/kube/platform/http';
import { isFlagSet } from '@slipway/kube/query-flag';
import { listenPrivately } from '@slipway/kube/platform/private-socket';
import { startListening } from '@slipway/kube/platform/start-listening';
import type { Logger } from '@slipway/kube/logger';
import { StatusError } from '@slipway/kube/status-error';
import type { TransportRequest, TransportResponse } from '@slipway/kube/transport';
import type { ClusterCertificates } from '../pki/certificates.ts';
import { findForm } from './accepted-form.ts';
import { failure, type ApiServer } from './api-server.ts';
import { adminIdentity, anonymous, authorize, mayDoEverything, type Identity } from './authorization.ts';
import { impersonate } from './impersonation.ts';
import type { UpgradeAnswer } from './node-connector.ts';
import { hasStreams } from './pod-streams.ts';
import { readBody } from './request-body.ts';
import { attributesOf } from './request-attributes.ts';
import { parseResourcePath } from './request-path.ts';
import { parseTarget } from './request-target.ts';
import { toContent } from './stored-text.ts';
import { watchLines, watchPieces } from './watch-lines.ts';
import { isWatchSocket, socketToken, type SocketConnection } from './socket-request.ts';

const maximumHeaderBytes = 64 * 1024;
const headersTimeoutMilliseconds = 60_000;

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly api: ApiServer;
  readonly logger: Logger;
  readonly at: { readonly host: string; readonly port: number } | { readonly socketPath: string };
  /** With certificates: TLS, and callers say who they are. */
  readonly certificates?: ClusterCertificates | undefined;
  /** Without: everybody who can open the socket is this. */
  readonly identity?: Identity | undefined;
}

/** Rejects when the address cannot be had. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { certificates, at } = options;
  const handler = (request: IncomingMessage, response: Outgoing): void => {
    serve(request, response, options).catch((error: unknown) => {
      options.logger.error('answer not sent', { path: request.url, error });
      response.destroy();
    });
  };
  const http = {
    maxHeaderSize: maximumHeaderBytes,
    headersTimeout: headersTimeoutMilliseconds,
    requestTimeout: 0,
    keepAliveTimeout: 120_000,
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
  const streams = new Set<Socket>();
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    streams.add(socket);
    socket.once('close', () => streams.delete(socket));
    const serveIt = isForStreams(request) ? serveStreams : serveSocket;
    serveIt(request, { socket, head }, options).catch((error: unknown) => {
      options.logger.error('a connection of streams failed', { path: request.url, error });
      socket.destroy();
    });
  });
  if ('socketPath' in at) await rm(at.socketPath, { force: true });
  await ('socketPath' in at ? listenPrivately(server, at.socketPath) : startListening(server, at));
  const address = server.address();
  return { port: isAddress(address) ? address.port : 0, close: () => close(server, streams) };
}

function isAddress(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}

function close(server: Server, streams: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of streams) socket.destroy();
    server.closeAllConnections();
  });
}

async function serve(incoming: IncomingMessage, outgoing: Outgoing, options: ListenOptions): Promise<void> {
  const abort = new AbortController();
  outgoing.once('close', () => {
    // After each answer that was sent whole, nobody waits for it any more.
    if (!outgoing.writableFinished) abort.abort(new Error('the client went away'));
  });
  const answer = await answerTo(incoming, options, abort.signal);
  // The rest of a body that is too large stays unread, and nothing can follow it on this connection.
  if (incoming.destroyed && !incoming.complete) outgoing.setHeader('connection', 'close');
  await send(answer, outgoing, incoming);
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
  const answer = await answerTo(incoming, options, abort.signal);
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
  await send(answer, outgoing, incoming);
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
  const { method = 'GET', url: asked = '/' } = incoming;
  // Either end that breaks ends both, and there is nobody left to tell.
  socket.on('error', () => socket.destroy());
  let answer: UpgradeAnswer;
  try {
    const { pathname: path, searchParams: query } = parseTarget(asked);
    const identity = await callerOf(incoming, options);
    const headers = plainHeaders(incoming);
    answer = await options.api.openStreams({ method, path, query, headers }, identity);
  } catch (error) {
    return sendInstead(failure(error, { method, path: asked }, options.logger), incoming, socket);
  }
  if (answer.kind === 'streams') return join(socket, head, answer);
  const { status, headers, body } = answer.response;
  return sendInstead({ status, headers, body: { kind: 'bytes', chunks: body } }, incoming, socket);
}

function join(
  socket: Socket,
  head: Uint8Array,
  { rawHeaders, connection }: Extract<UpgradeAnswer, { kind: 'streams' }>,
): void {
  const lines = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1] ?? ''}`] : [],
  );
  socket.write(['HTTP/1.1 101 Switching Protocols', ...lines, '', ''].join('\r\n'));
  if (head.length > 0) connection.write(head);
  connection.on('error', () => connection.destroy());
  socket.once('close', () => connection.destroy());
  connection.once('close', () => socket.end());
  socket.pipe(connection);
  connection.pipe(socket);
}

async function callerOf(incoming: IncomingMessage, options: ListenOptions): Promise<Identity> {
  return impersonate(await identify(incoming, options), incoming.headersDistinct, options.api.grants);
}

async function answerTo(
  incoming: IncomingMessage,
  options: ListenOptions,
  signal: AbortSignal,
): Promise<TransportResponse> {
  const { method = 'GET', url: asked = '/' } = incoming;
  try {
    const url = parseTarget(asked);
    const { catalog } = options.api;
    const identity = await callerOf(incoming, options);
    const target = { method, path: url.pathname, query: url.searchParams };
    const takesBody = admitsBody(target, identity, options.api);
    const request: TransportRequest = {
      ...target,
      rawQuery: url.search.slice(1),
      headers: plainHeaders(incoming),
      body: takesBody ? await readBody(incoming, { path: url.pathname, catalog }) : undefined,
      signal,
    };
    return await options.api.handle(request, identity);
  } catch (error) {
    return failure(error, { method, path: asked }, options.logger);
  }
}

/**
 * Whether there is something that a body could be for. Throws `Forbidden` before a byte of it is read: to take it
 * apart costs time, which is only for those who may ask.
 */
function admitsBody(
  target: Pick<TransportRequest, 'method' | 'path' | 'query'>,
  identity: Identity,
  { catalog, grants }: ApiServer,
): boolean {
  const parsed = parseResourcePath(target.path);
  if (parsed === undefined || catalog.find(parsed.group, parsed.version, parsed.plural) === undefined) return false;
  if (!mayDoEverything(identity)) authorize(identity, attributesOf(target), grants);
  return true;
}

/** Who asks is known by now: what proved it must not reach the pods that requests are passed on to. */
function plainHeaders({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  const plain: Record<string, string> = {};
  for (const [name, value = ''] of Object.entries(headers))
    if (name !== 'authorization' && !name.startsWith('impersonate-'))
      plain[name] = typeof value === 'string' ? value : value.join(', ');
  return plain;
}

/** A wrong token or certificate is refused; none at all makes an anonymous caller. */
async function identify(incoming: IncomingMessage, options: ListenOptions): Promise<Identity> {
  const { api, certificates, identity } = options;
  if (certificates === undefined) return identity ?? anonymous;
  const token = /^Bearer (.+)$/i.exec(incoming.headers.authorization ?? '')?.[1] ?? socketToken(incoming);
  if (token !== undefined) {
    if (isAdminToken(token, incoming.socket, certificates)) return adminIdentity;
    const known = await api.tokens.authenticate(token);
    if (known !== undefined) return known;
    throw new StatusError('Unauthorized', 'Unauthorized');
  }
  const { socket } = incoming;
  if (!(socket instanceof TLSSocket) || !socket.authorized) return anonymous;
  const known = certified.get(socket) ?? identityOf(socket);
  certified.set(socket, known);
  return known;
}

/** A connection keeps its certificate, and taking that apart costs as much as many a request. */
const certified = new WeakMap<TLSSocket, Identity>();

function identityOf(socket: TLSSocket): Identity {
  const { subject } = socket.getPeerCertificate();
  const groups = [subject?.O ?? []].flat();
  return { user: [subject?.CN ?? ''].flat()[0] ?? '', groups: [...groups, 'system:authenticated'] };
}

/** What a connection has proven once it need not prove with each request: the token of the administrator stays the same. */
const proven = new WeakMap<Socket, string>();

function isAdminToken(token: string, socket: Socket, { adminToken }: ClusterCertificates): boolean {
  if (proven.get(socket) === token) return true;
  if (!isSameSecret(token, adminToken)) return false;
  proven.set(socket, token);
  return true;
}

/** Hashes have one length and are compared in constant time. */
function isSameSecret(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

const hopByHop = new Set(['connection', 'transfer-encoding', 'keep-alive']);

async function send(
  { status, headers, body }: TransportResponse,
  outgoing: Outgoing,
  incoming: IncomingMessage,
): Promise<void> {
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) if (!hopByHop.has(name)) own[name] = value;
  if (body.kind === 'json') {
    const { content, type } = await written(body.value, incoming);
    outgoing.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(content), ...own });
    // With a text as its body the head would be written in UTF-8 as well, and a warning in UTF-8 a second time.
    const sent = own['warning'] === undefined ? content : Buffer.from(content);
    outgoing.end(incoming.method === 'HEAD' ? undefined : sent);
    return;
  }
  outgoing.writeHead(status, { ...(body.kind === 'watch' ? { 'content-type': 'application/json' } : {}), ...own });
  outgoing.flushHeaders();
  const chunks = body.kind === 'watch' ? watchPieces(body) : body.chunks;
  for await (const chunk of chunks) {
    if (outgoing.destroyed) return;
    if (!outgoing.write(chunk)) await drained(outgoing);
  }
  outgoing.end();
}

/** People who look at the API by hand get it for people. */
const handTools = /^(curl|wget|mozilla)\b/i;

async function written(
  value: unknown,
  { url = '', headers }: IncomingMessage,
): Promise<{ readonly content: string | Buffer; readonly type: string }> {
  if (findForm(headers.accept)?.text === 'yaml') {
    const { stringify } = await import('yaml');
    return { content: stringify(value, { aliasDuplicateObjects: false }), type: 'application/yaml' };
  }
  const asked = url.includes('pretty=') ? parseTarget(url).searchParams : new URLSearchParams();
  const isPretty = asked.has('pretty') ? isFlagSet(asked, 'pretty') : handTools.test(headers['user-agent'] ?? '');
  return { content: isPretty ? JSON.stringify(value, null, 2) : toContent(value), type: 'application/json' };
}

function drained(outgoing: Outgoing): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      outgoing.off('drain', done);
      outgoing.off('close', done);
      resolve();
    };
    outgoing.on('drain', done);
    outgoing.on('close', done);
  });
}
