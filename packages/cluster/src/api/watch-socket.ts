/** Watches as messages of a WebSocket, one an event. Loaded with the first of them. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { spokenProtocol, type SocketConnection } from './socket-request.ts';

/** Nothing is asked of a reader of a watch, so that little may come from him. */
const maximumMessageBytes = 4_096;

const normalClosure = 1_000;

const sockets = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: maximumMessageBytes,
  handleProtocols: (offered) => spokenProtocol(offered) ?? false,
});

/** Ends with the events or with the connection. */
export async function sendWatch(
  events: AsyncIterable<string>,
  incoming: IncomingMessage,
  { socket, head }: SocketConnection,
): Promise<void> {
  const opened = new Promise<WebSocket>((resolve) => {
    sockets.handleUpgrade(incoming, socket, head, resolve);
  });
  // A handshake that is none is answered, and ends the connection.
  const webSocket = await Promise.race([opened, once(socket, 'close')]);
  if (Array.isArray(webSocket)) return;
  webSocket.on('error', () => webSocket.terminate());
  for await (const event of events) {
    if (webSocket.readyState !== webSocket.OPEN) return;
    await written(webSocket, event);
  }
  webSocket.close(normalClosure);
}

/** The next event is made when this one has left: a slow reader piles up nothing here. */
function written(webSocket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve) => {
    // Of a connection that broke the next look tells.
    webSocket.send(text, () => resolve());
  });
}
