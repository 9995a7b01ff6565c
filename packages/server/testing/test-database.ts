/** Tables for a test: in SQLite, and in a database of its own where vitest's project is the one with PostgreSQL. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { inject } from 'vitest';
import type { FakeClock } from '../../kube/testing/fake-clock.ts';
import type { Database } from '../src/database/database.ts';
import { openPostgres } from '../src/database/postgres.ts';
import { openSqlite } from '../src/database/sqlite.ts';
import type { DatabaseUnderTest } from './database-contract.ts';
import { createDatabase } from './postgres.ts';
import { openAtRest } from './database-rest.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the socket of a PostgreSQL is, that tests make databases in; absent: they use SQLite. */
    postgres?: string;
  }
}

/** Without tables. Where there is a clock, its time stands still while something is asked of the database. */
export async function openTestDatabase(clock?: FakeClock): Promise<Database> {
  const folder = inject('postgres');
  if (folder === undefined) return openSqlite(':memory:');
  const open = async () => openPostgres({ url: await createDatabase(folder), clock: systemClock });
  return await (clock === undefined ? open() : openAtRest(clock, open));
}

/** One that is opened again and again. */
export async function createTestPlace(): Promise<DatabaseUnderTest> {
  const socket = inject('postgres');
  if (socket !== undefined) {
    const url = await createDatabase(socket);
    return { open: () => openPostgres({ url, clock: systemClock }), remove: async () => undefined };
  }
  const folder = await mkdtemp(join(tmpdir(), 'slipway-sqlite-'));
  return { open: async () => openSqlite(join(folder, 'server.db')), remove: () => rm(folder, { recursive: true }) };
}
