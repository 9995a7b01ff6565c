import { chmodSync } from 'node:fs';
import type { Server } from 'node:net';
import { startListening } from './start-listening.ts';

/** Listens on a unix socket that only this user can open. Rejects when the path cannot be had. */
export async function listenPrivately(server: Server, path: string): Promise<void> {
  await startListening(server, { path });
  chmodSync(path, 0o600);
}
