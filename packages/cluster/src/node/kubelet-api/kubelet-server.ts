import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Readable, type Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createServer, STATUS_CODES } from '@slipway/kube/platform/http';
import { listenPrivately } from '@slipway/kube/platform/private-socket';
import type { Logger } from '@slipway/kube/logger';
import { errorAnswer } from './answers.ts';
import type { KubeletApi } from './kubelet-api.ts';

export interface KubeletServer {
  close(): Promise<void>;
}

/** Serves the node's API on a unix socket that only this user can open; a stale one must have been removed. */
export async function serveKubeletApi(
  api: Pick<KubeletApi, 'handle' | 'upgrade'>,
  { socketPath, logger }: { readonly socketPath: string; readonly logger: Logger },
): Promise<KubeletServer> {
  const server = createServer((request, response) => {
    answer(api, request, response).catch((error: unknown) => {
      // The caller went away, or the pod did in the middle of its answer: either way the connection says so.
      logger.debug('A request to the node ended early', { path: request.url, error });
      response.destroy();
    });
  });
  const streams = new Set<Duplex>();
  server.on('upgrade', (request, socket, head) => {
    streams.add(socket);
    socket.once('close', () => streams.delete(socket));
    socket.on('error', (error) => logger.debug('A stream of the node broke', { path: request.url, error }));
    api.upgrade({ request, socket, head }).catch((error: unknown) => refuse(socket, error));
  });
  await listenPrivately(server, socketPath);
  return {
    close: () => {
      for (const socket of streams) socket.destroy();
      return close(server);
    },
  };
}

async function answer(
  api: Pick<KubeletApi, 'handle'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const left = new AbortController();
  response.once('close', () => left.abort());
  const { status, headers, body } = await api.handle({
    method: request.method ?? 'GET',
    path: request.url ?? '/',
    headers: flatten(request),
    body: hasBody(request) ? request : undefined,
    signal: left.signal,
  });
  response.writeHead(status, headers);
  response.flushHeaders();
  await pipeline(Readable.from(body, { objectMode: false }), response);
}

/** The connection is no stream yet: it gets an ordinary answer, and ends. */
function refuse(socket: Duplex, error: unknown): void {
  const { status, headers, body } = errorAnswer(error);
  const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}`);
  if (!socket.writable) return;
  socket.write([`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines, '', ''].join('\r\n'));
  Readable.from(body).pipe(socket);
}

function flatten({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] as const],
    ),
  );
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
