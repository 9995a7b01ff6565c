import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** A request as it came over HTTP, whoever has read it from the connection. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly target: string;
  /** Lower-case names; what came several times is one list. Without what proves who asks, which is for nobody else. */
  readonly headers: Readonly<Record<string, string>>;
  readonly authorization: string;
  /** Holds the headers `Impersonate-*`, each as often as it came. */
  readonly impersonation: Readonly<Record<string, readonly string[] | undefined>>;
  /** The body: all of it where it came with the rest. */
  readonly content: Buffer | AsyncIterable<Uint8Array>;
  readonly socket: Socket;
  /** Aborted when the client goes away before its answer is sent. */
  readonly signal: AbortSignal;
}

export function receivedByNode(incoming: IncomingMessage, signal: AbortSignal): ReceivedRequest {
  const { method = 'GET', url: target = '/', socket, headersDistinct: impersonation } = incoming;
  const headers: Record<string, string> = {};
  for (const [name, value = ''] of Object.entries(incoming.headers))
    if (name !== 'authorization' && !name.startsWith('impersonate-'))
      headers[name] = typeof value === 'string' ? value : value.join(', ');
  const { authorization = '' } = incoming.headers;
  return { method, target, headers, authorization, impersonation, content: incoming, socket, signal };
}
