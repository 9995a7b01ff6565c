/** A container's program that is ready as soon as it listens: what it takes by itself is the reference of `apply`. */
import { createServer } from 'node:http';

const server = createServer((_request, response) => response.end('ready\n'));
server.listen(Number(process.env['PORT'] ?? 0), process.env['POD_IP'] ?? '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' && address !== null ? address.port : ''}\n`);
});
process.once('SIGTERM', () => process.exit(0));
