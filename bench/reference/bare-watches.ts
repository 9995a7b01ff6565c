/**
 * What a bare `node:https` server can do for many watches: it keeps nothing, answers each POST with the same object, and
 * writes one line for it to every open GET, at fixed times the same bytes to all of them. Argument: a file of
 * `{ key, cert, object, everyMilliseconds }`, the object without a resourceVersion. Prints its port.
 */
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';

interface Given {
  readonly key: string;
  readonly cert: string;
  readonly object: { readonly metadata: object };
  readonly everyMilliseconds: number;
}

const { key, cert, object, everyMilliseconds }: Given = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const open = new Set<ServerResponse>();
let revision = 0;
let waiting: string[] = [];

// Of the connections for writes some are idle until a moment in which all are needed.
const server = createServer({ key, cert, keepAliveTimeout: 0 }, (request, response) => {
  request.resume();
  if (request.method === 'GET') {
    open.add(response);
    response.on('close', () => open.delete(response));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    return;
  }
  request.on('end', () => {
    revision += 1;
    const made = JSON.stringify({
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(revision) },
    });
    waiting.push(`{"type":"ADDED","object":${made}}\n`);
    response.writeHead(201, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(made) });
    response.end(made);
  });
});

setInterval(() => {
  if (waiting.length === 0) return;
  const piece = Buffer.from(waiting.join(''));
  waiting = [];
  for (const response of open) response.write(piece);
}, everyMilliseconds);

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' && address !== null ? address.port : ''}\n`);
});
