import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Elsewhere: about files and sockets, slowly, or about SQLite alone; and contracts, which end-to-end tests run on PostgreSQL. */
export const once = /\/(full-disk|page-routes|pod-log-stream|slow-readers|outbox|webhook-queue)\.test\.ts$/;

/** Those of the server's tests that have tables, by which they run on both databases: whoever opens one the way tests do. */
export async function listDatabaseTests(root: string): Promise<string[]> {
  const found: string[] = [];
  for await (const path of glob('packages/server/src/**/*.test.ts', { cwd: root })) {
    if (once.test(path)) continue;
    const text = await readFile(join(root, path), 'utf8');
    if (/\/testing\/(test-server|test-database)\.ts'/.test(text)) found.push(path);
  }
  return found;
}
