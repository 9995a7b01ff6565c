import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** About files and sockets, slowly: they ask nothing of the tables that others do not. */
const withoutTables = /\/(page-routes|pod-log-stream|slow-readers)\.test\.ts$/;

/** Those of the server's tests that have tables, by which they run on both databases: whoever opens one the way tests do. */
export async function listDatabaseTests(root: string): Promise<string[]> {
  const found: string[] = [];
  for await (const path of glob('packages/server/src/**/*.test.ts', { cwd: root })) {
    if (withoutTables.test(path)) continue;
    const text = await readFile(join(root, path), 'utf8');
    if (/\/testing\/(test-server|test-database)\.ts'/.test(text)) found.push(path);
  }
  return found;
}
