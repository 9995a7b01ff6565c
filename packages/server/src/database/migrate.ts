import type { Database, Sql } from './database.ts';
import { StartRefused } from '../start-refused.ts';
import { migrations } from './migrations.ts';

/** Any number that no other program on the database is likely to lock. */
const lockKey = 7_364_219_557;

/**
 * Brings the tables to the shape that this server knows, in order, all in one transaction: servers that start together do
 * not meet. Refuses tables that a newer server made.
 */
export async function migrate(database: Database, now: string, known = migrations): Promise<void> {
  await database.transaction(async (sql) => {
    if (database.dialect === 'postgres') await sql.query(`SELECT pg_advisory_xact_lock(${lockKey})`);
    await sql.query(
      'CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL)',
    );
    const done = await appliedNumber(sql);
    const last = known.at(-1)?.number ?? 0;
    if (done > last)
      throw new StartRefused(
        `the database is of a newer server: its tables are number ${done}, this server knows up to ${last}. Update the server.`,
      );
    for (const migration of known.filter(({ number }) => number > done)) {
      for (const statement of migration.statements(database.dialect)) await sql.query(statement);
      const values = [migration.number, migration.name, now];
      await sql.query('INSERT INTO migrations (number, name, applied_at) VALUES ($1, $2, $3)', values);
    }
  });
}

async function appliedNumber(sql: Sql): Promise<number> {
  const [row] = await sql.query('SELECT max(number) AS number FROM migrations');
  return typeof row?.['number'] === 'number' ? row['number'] : 0;
}
