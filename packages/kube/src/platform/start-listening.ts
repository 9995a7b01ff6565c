import type { ListenOptions, Server } from 'node:net';

/**
 * Rejects when nobody can be served there. Afterwards a connection that cannot be taken ends alone: where no file descriptor
 * is left, that is an error event of the server, which ends the process if nobody listens to it.
 */
export function startListening(server: Server, at: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(at, () => {
      server.off('error', reject).on('error', () => undefined);
      resolve();
    });
  });
}
