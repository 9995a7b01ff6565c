import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { answerFile, openBody } from './files.ts';
import { answerCondition } from './health.ts';
import type { Settings } from './settings.ts';

/** Longer than proxies keep an idle connection, so that it is never this side that closes one as a request arrives. */
const keepAliveMilliseconds = 120_000;

export interface StaticsServer {
  readonly port: number;
  /** Accepts nothing new, finishes what has begun, and resolves when the last answer is out. */
  stop(): Promise<void>;
}

export interface Identity {
  readonly version: string;
  readonly healthy: boolean;
}

export async function startServer(settings: Settings, identity: Identity): Promise<StaticsServer> {
  let stopping = false;
  const server = createServer({ keepAliveTimeout: keepAliveMilliseconds }, (request, response) => {
    if (stopping) response.setHeader('connection', 'close');
    serve(request, response, { settings, condition: { ...identity, stopping } }).catch((error: unknown) => {
      process.stderr.write(`${request.method} ${request.url} failed: ${String(error)}\n`);
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  });
  await listen(server, settings);
  return {
    port: portOf(server.address()),
    stop: () => {
      stopping = true;
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

interface Context {
  readonly settings: Settings;
  readonly condition: Parameters<typeof answerCondition>[2];
}

async function serve(request: IncomingMessage, response: ServerResponse, context: Context): Promise<void> {
  request.resume();
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  const [path = '/'] = (request.url ?? '/').split('?', 1);
  const answer = answerCondition(path, request.headers, context.condition);
  if (answer !== undefined) {
    const length = String(Buffer.byteLength(answer.body));
    response.writeHead(answer.status, { ...answer.headers, 'content-length': length });
    response.end(request.method === 'HEAD' ? undefined : answer.body);
    return;
  }
  await serveFile(request, response, { path, directory: context.settings.directory });
}

async function serveFile(
  request: IncomingMessage,
  response: ServerResponse,
  { path, directory }: { readonly path: string; readonly directory: string },
): Promise<void> {
  const { status, headers, body } = await answerFile(directory, { path, headers: request.headers });
  response.writeHead(status, headers);
  if (body === undefined || request.method === 'HEAD') {
    response.end();
    return;
  }
  await pipeline(openBody(body), response);
}

function listen(server: Server, { port, address }: Settings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(address === undefined ? {} : { host: address }) }, resolve);
  });
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}
