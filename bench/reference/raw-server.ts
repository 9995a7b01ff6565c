/** The application behind the measured proxies: answers every request on raw sockets, so that it is never the bottleneck. */
import { createServer } from 'node:net';

const body = 'x'.repeat(128);
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
);

const server = createServer((socket) => {
  let rest = '';
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (piece) => {
    const heads = (rest + piece.toString('latin1')).split('\r\n\r\n');
    rest = heads.pop() ?? '';
    for (let index = 0; index < heads.length; index++) socket.write(answer);
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' && address !== null ? address.port : ''}\n`);
});
