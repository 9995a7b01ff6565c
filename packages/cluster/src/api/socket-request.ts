/** What a request for a WebSocket says besides what every request does. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { isFlagSet } from '@slipway/kube/query-flag';
import { StatusError } from '@slipway/kube/status-error';
import type { ReceivedRequest } from './received-request.ts';
import { parseTarget } from './request-target.ts';
import { fromWatchPath } from './watch-path.ts';

/** A connection that has left HTTP, with what has come on it already. */
export interface SocketConnection {
  readonly socket: Socket;
  readonly head: Buffer;
}

/** A browser can send no header with its token: it offers a protocol that holds it, beside the one that it means. */
const tokenProtocol = 'base64url.bearer.authorization.k8s.io.';

/** Only watches are sent over WebSockets; of any other request the wish for one is passed over, as HTTP allows. */
export function isWatchSocket({
  method,
  url = '',
  headers,
}: Pick<IncomingMessage, 'method' | 'url' | 'headers'>): boolean {
  if (method !== 'GET' || headers.upgrade?.toLowerCase() !== 'websocket') return false;
  try {
    return isFlagSet(fromWatchPath(method, parseTarget(url)).searchParams, 'watch');
  } catch {
    // What is wrong with it is said where the request is answered.
    return false;
  }
}

/** Undefined where there is none. Throws `BadRequest` for a token that is alone: no protocol would be left to speak. */
export function socketToken({ headers }: Pick<ReceivedRequest, 'headers'>): string | undefined {
  const header = headers['sec-websocket-protocol'];
  if (header === undefined) return undefined;
  const offered = offeredProtocols(header);
  const held = offered.find((each) => each.startsWith(tokenProtocol));
  if (held === undefined) return undefined;
  if (spokenProtocol(offered) === undefined)
    throw new StatusError('BadRequest', 'missing additional subprotocol beside the bearer token');
  return Buffer.from(held.slice(tokenProtocol.length), 'base64url').toString();
}

function offeredProtocols(header: string): readonly string[] {
  return header.split(',').map((each) => each.trim());
}

export function spokenProtocol(offered: Iterable<string>): string | undefined {
  return [...offered].find((each) => each !== '' && !each.startsWith(tokenProtocol));
}
