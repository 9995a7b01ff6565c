/**
 * What the load test releases: answers with its version, slowly where it is asked to, and over WebSockets; says in every
 * answer which pod and which request it belongs to. On SIGTERM it finishes what it has begun and tells WebSockets to leave.
 */
import { createHash } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocketServer } from 'ws';

const { APP_VERSION: version = 'unknown', POD_NAME: pod = 'unknown', POD_IP: address } = process.env;
const port = 8080;
const pieceMilliseconds = 100;
const goingAway = 1001;
let isStopping = false;

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://application');
  response.setHeader('X-Pod', pod);
  const id = request.headers['x-request-id'];
  if (id !== undefined) response.setHeader('X-Request-Id', id);
  if (isStopping) response.setHeader('Connection', 'close');
  if (request.method === 'POST') request.pipe(response);
  else if (pathname === '/slow') void answerSlowly(response, Number(searchParams.get('ms')));
  else if (pathname === '/version') response.end(version);
  else if (pathname === '/health') response.end('{"healthy": true}');
  else response.writeHead(404).end();
});

/** Lines over the given time; the last one is the hash of those before it. */
async function answerSlowly(response: ServerResponse, milliseconds: number): Promise<void> {
  const hash = createHash('sha256');
  for (let sent = 0; sent < milliseconds && !response.destroyed; sent += pieceMilliseconds) {
    const line = `${version} ${'.'.repeat(200)} ${sent}\n`;
    hash.update(line);
    response.write(line);
    await pause(pieceMilliseconds);
  }
  response.end(`${hash.digest('hex')}\n`);
}

const sockets = new WebSocketServer({ server });
sockets.on('headers', (headers) => headers.push(`X-Pod: ${pod}`));
sockets.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  // `close` follows, and nobody waits for it here.
  socket.on('error', () => socket.terminate());
});

process.once('SIGTERM', () => {
  isStopping = true;
  for (const socket of sockets.clients) socket.close(goingAway);
  server.close(() => process.exit(0));
  // Connections whose last answer began before now still believe that they are kept alive.
  setInterval(() => server.closeIdleConnections(), pieceMilliseconds);
});

server.listen(port, address);
