import type { Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import type { Database } from './database.ts';

export interface OpenOptions {
  readonly clock: Clock;
  readonly logger?: Logger | undefined;
}

/** `postgres://…`, or the path of a file for SQLite. Reads only the driver that is needed. */
export async function openDatabase(place: string, options: OpenOptions): Promise<Database> {
  if (/^postgres(ql)?:/.test(place)) return (await import('./postgres.ts')).openPostgres({ ...options, url: place });
  return (await import('./sqlite.ts')).openSqlite(place);
}
