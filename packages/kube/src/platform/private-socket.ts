import { chmodSync } from 'node:fs';
import type { Server } from 'node:net';

/** Listens on a unix socket that only this user can open. Rejects when the path cannot be had. */
export async function listenPrivately(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
  chmodSync(path, 0o600);
}
