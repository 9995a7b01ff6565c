import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { listen } from './listen.ts';

test('a connection that cannot be taken is told of, and ends nothing', async () => {
  const server = createServer();
  const refused: string[] = [];
  await listen(server, { host: '127.0.0.1', port: 0 }, (error) => refused.push(error.message));
  // As Node does when no file descriptor is left.
  server.emit('error', new Error('accept EMFILE'));
  server.emit('error', new Error('accept ENFILE'));
  expect([refused, server.listening]).toEqual([['accept EMFILE', 'accept ENFILE'], true]);
  await new Promise((resolve) => server.close(resolve));
});
