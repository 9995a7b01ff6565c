/** How a connection becomes one of streams: as SPDY/3.1, or as a WebSocket. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { StatusError } from '@slipway/kube/status-error';
import { WebSocketServer, type WebSocket } from 'ws';

export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What came behind the request. */
  readonly head: Buffer;
}

export function isWebSocket({ request }: Upgrade): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket';
}

/** Messages are as long as clients make them: 32 KiB as a rule. */
const maximumMessageBytes = 16 * 1024 * 1024;

/** The first of `protocols` that the client knows; throws a `BadRequest` if it knows none. */
export function acceptWebSocket({ request, socket, head }: Upgrade, protocols: readonly string[]): Promise<WebSocket> {
  const chosen = choose(protocols, request.headers['sec-websocket-protocol']);
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: maximumMessageBytes,
    handleProtocols: () => chosen,
  });
  return new Promise((resolve) => {
    server.handleUpgrade(request, socket, head, resolve);
  });
}

/**
 * Says that all is said, and ends the connection, as Kubernetes does, without waiting for the client to say so too: one that
 * looks for a frame only when something arrives would not find the last ones where they came together.
 */
export function endWebSocket(socket: WebSocket, connection: Duplex): void {
  socket.close(1000);
  connection.end();
}

/** Throws a `BadRequest` if the client speaks no SPDY/3.1, or knows none of the protocols. */
export function acceptSpdy({ request, socket, head }: Upgrade, protocols: readonly string[]): Duplex {
  if (request.headers.upgrade?.toLowerCase() !== 'spdy/3.1')
    throw new StatusError(
      'BadRequest',
      `the upgrade to ${request.headers.upgrade ?? 'nothing'} is not known; expected websocket or SPDY/3.1`,
    );
  const chosen = choose(protocols, [request.headers['x-stream-protocol-version'] ?? ''].flat().join(','));
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: SPDY/3.1'];
  socket.write([...lines, `X-Stream-Protocol-Version: ${chosen}`, '', ''].join('\r\n'));
  if (head.length > 0) socket.unshift(head);
  return socket;
}

function choose(protocols: readonly string[], asked = ''): string {
  const offered = asked.split(',').map((name) => name.trim());
  const chosen = protocols.find((name) => offered.includes(name));
  if (chosen !== undefined) return chosen;
  throw new StatusError(
    'BadRequest',
    `none of the protocols "${asked}" of streams is known; expected one of ${protocols.join(', ')}`,
  );
}
