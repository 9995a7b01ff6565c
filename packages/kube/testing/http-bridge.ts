import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { Transport, TransportResponse } from '../src/transport.ts';

export interface HttpBridge {
  readonly server: string;
  /** Header fields of every request, in order. */
  readonly received: readonly IncomingMessage['headers'][];
  close(): Promise<void>;
}

/** Serves a transport over real HTTP on a free port of loopback: the far end of `http-transport`. */
export async function serveOverHttp(transport: Transport): Promise<HttpBridge> {
  const received: IncomingMessage['headers'][] = [];
  const { server, close } = await serveRequests((incoming, outgoing) => {
    received.push(incoming.headers);
    void answer(transport, incoming, outgoing);
  });
  return { server, received, close };
}

/** An HTTP server of whatever behaviour a test asks for. */
export async function serveRequests(
  listener: RequestListener,
): Promise<{ readonly server: string; close(): Promise<void> }> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on TCP');
  return {
    server: `http://127.0.0.1:${address.port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function answer(transport: Transport, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  outgoing.once('close', () => gone.abort());
  const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://bridge');
  const text = await readText(incoming);
  const response = await transport.send({
    method: incoming.method ?? 'GET',
    path: pathname,
    query: searchParams,
    headers: Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])),
    body: text === '' ? undefined : { json: JSON.parse(text) },
    signal: gone.signal,
  });
  await write(response, outgoing);
}

async function readText(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

async function write({ status, headers, body }: TransportResponse, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(status, { 'content-type': 'application/json', ...headers });
  outgoing.flushHeaders();
  if (body.kind === 'json') outgoing.end(JSON.stringify(body.value));
  else if (body.kind === 'bytes') for await (const chunk of body.chunks) outgoing.write(chunk);
  else
    try {
      for await (const event of body.events) outgoing.write(`${JSON.stringify(event)}\n`);
    } catch {
      // A transport that breaks is a connection that breaks.
      outgoing.destroy();
    }
  outgoing.end();
}
