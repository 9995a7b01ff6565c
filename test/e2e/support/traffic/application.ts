/**
 * What is released under load: answers with its version, slowly where it is asked to, and over WebSockets; says in every
 * answer which pod and which request it belongs to. On SIGTERM it finishes what it has begun and tells WebSockets to leave.
 * It needs nothing but Node, so that a cluster that does not see this checkout gets it in a ConfigMap.
 */
import { createHash } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';

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
  if (pathname === '/upload') request.pipe(createHash('sha256').setEncoding('hex')).pipe(response);
  else if (request.method === 'POST') request.pipe(response);
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

const text = 0x1;
const close = 0x8;
const sockets = new Set<Duplex>();
/** Those that were told to go: nothing may follow on the close frame. */
const leaving = new Set<Duplex>();

// https://www.rfc-editor.org/rfc/rfc6455: one frame a message, of 125 bytes at most, is all that its clients send.
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  socket.write([...head, `Sec-WebSocket-Accept: ${accept}`, `X-Pod: ${pod}`, '\r\n'].join('\r\n'));
  sockets.add(socket);
  socket.once('close', () => [sockets, leaving].forEach((each) => each.delete(socket)));
  socket.once('end', () => socket.end());
  // `close` follows.
  socket.on('error', () => socket.destroy());
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (piece: Buffer) => (rest = answerFrames(socket, Buffer.concat([rest, piece]))));
  if (isStopping) leave(socket);
});

/** Gives back what is not a whole frame yet. */
function answerFrames(socket: Duplex, received: Buffer): Buffer {
  let rest = received;
  for (;;) {
    const [first = 0, second = 0] = rest;
    const length = second & 0x7f;
    if (rest.length < 2 || rest.length < 6 + length) return rest;
    const mask = rest.subarray(2, 6);
    const payload = rest.subarray(6, 6 + length).map((byte, index) => byte ^ (mask[index % 4] ?? 0));
    rest = rest.subarray(6 + length);
    const kind = first & 0xf;
    const isLeaving = leaving.has(socket) || socket.writableEnded;
    if (kind === close) socket.end(isLeaving ? undefined : frame(close, payload));
    else if (kind === text && !isLeaving) socket.write(frame(text, payload));
  }
}

function frame(kind: number, payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(0x80 | kind, payload.length), payload]);
}

function leave(socket: Duplex): void {
  leaving.add(socket);
  socket.write(frame(close, Buffer.of(goingAway >> 8, goingAway & 0xff)));
}

process.once('SIGTERM', () => {
  isStopping = true;
  for (const socket of sockets) leave(socket);
  server.close(() => process.exit(0));
  // Connections whose last answer began before now still believe that they are kept alive.
  setInterval(() => server.closeIdleConnections(), pieceMilliseconds);
});

server.listen(port, address);
