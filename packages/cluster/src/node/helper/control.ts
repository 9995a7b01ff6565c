import { rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { createServer, request } from '@slipway/kube/platform/http';
import { listenPrivately } from '@slipway/kube/platform/private-socket';
import { parseHelperStatus, type HelperStatus } from './helper-options.ts';

/** How a server finds, stops and outlives a helper: HTTP on a socket that only this user can open. */
export interface Control {
  close(): Promise<void>;
}

export interface ControlOptions {
  readonly socketPath: string;
  readonly status: () => HelperStatus;
  readonly stop: (graceSeconds: number) => void;
}

const base = 'http://helper';

export async function serveControl(options: ControlOptions): Promise<Control> {
  await rm(options.socketPath, { force: true });
  const server = createServer((incoming, response) => answer(options, incoming, response));
  await listenPrivately(server, options.socketPath);
  return {
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function answer({ status, stop }: ControlOptions, incoming: IncomingMessage, response: ServerResponse): void {
  const { url: target = '/' } = incoming;
  if (!URL.canParse(target, base)) {
    response.writeHead(400).end();
    return;
  }
  const url = new URL(target, base);
  switch (`${incoming.method} ${url.pathname}`) {
    case 'GET /status':
      response.end(JSON.stringify(status()));
      return;
    case 'POST /stop':
      response.writeHead(202).end();
      stop(Number(url.searchParams.get('graceSeconds') ?? 0));
      return;
    case 'GET /lifetime':
      // Never answered in full: its end is the helper's.
      response.writeHead(200).flushHeaders();
      return;
    default:
      response.writeHead(404).end();
  }
}

/** Undefined when no helper lives behind the socket. */
export async function fetchHelperStatus(socketPath: string): Promise<HelperStatus | undefined> {
  try {
    const response = await send(socketPath, 'GET', '/status');
    return parseHelperStatus(await text(response));
  } catch (error) {
    if (isNobodyThere(error)) return undefined;
    throw error;
  }
}

/** Resolves when the helper has taken the request; one that is gone is what was wanted. */
export async function requestStop(socketPath: string, graceSeconds: number): Promise<void> {
  try {
    (await send(socketPath, 'POST', `/stop?graceSeconds=${graceSeconds}`)).resume();
  } catch (error) {
    if (!isNobodyThere(error)) throw error;
  }
}

/** Resolves when the helper has ended, however. */
export async function awaitHelperEnd(socketPath: string): Promise<void> {
  try {
    const response = await send(socketPath, 'GET', '/lifetime');
    await new Promise<void>((resolve) => {
      response
        .resume()
        .once('error', () => resolve())
        .once('close', () => resolve());
    });
  } catch (error) {
    if (!isNobodyThere(error)) throw error;
  }
}

function send(socketPath: string, method: string, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ socketPath, method, path, agent: false }, resolve).once('error', reject).end();
  });
}

function isNobodyThere(error: unknown): boolean {
  const codes: readonly unknown[] = ['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE'];
  return error instanceof Error && 'code' in error && codes.includes(error.code);
}
