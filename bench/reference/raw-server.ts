/** The application behind the measured proxies: answers every request on raw sockets, so that it is never the bottleneck. */
import { createServer } from 'node:net';

const body = 'x'.repeat(128);
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
);

const server = createServer((socket) => {
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  // One request at a time, and so small that it comes in one piece.
  socket.on('data', (piece) => {
    if (piece.indexOf('\r\n\r\n') >= 0) socket.write(answer);
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' && address !== null ? address.port : ''}\n`);
});
