import { createServer, type Server } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listenPrivately } from './private-socket.ts';
import { startListening } from './start-listening.ts';

let server: Server;
let directory: string;
beforeEach(() => {
  server = createServer();
  directory = mkdtempSync(join(tmpdir(), 'slipway-listening-'));
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true });
});

test.each([
  ['a port', () => startListening(server, { host: '127.0.0.1', port: 0 })],
  ['a private socket', () => listenPrivately(server, join(directory, 'a.sock'))],
])('at %s a connection that cannot be taken does not end the server', async (_, start) => {
  await start();
  // As Node does when no file descriptor is left.
  server.emit('error', new Error('accept EMFILE'));
  server.emit('error', new Error('accept EMFILE'));
  expect(server.listening).toBe(true);
});

test('a place that cannot be had is said', async () => {
  await expect(startListening(server, { path: join(directory, 'there', 'is', 'none') })).rejects.toThrow(
    /ENOENT|EACCES/,
  );
});
