/** A server that is replaced by a newer one: from the tables of every migration, with what was in them, to those of today. */
import { describe, expect, it } from 'vitest';
import { begunAt, describeColumns, insertKept, keptRelease, keptRows } from '../../testing/database-rows.ts';
import { openTestDatabase } from '../../testing/test-database.ts';
import { findRecord, readLog } from '../history/read-history.ts';
import { beginTerm, recordRelease } from '../history/record-release.ts';
import { listWants } from '../notifications/channels.ts';
import { listDeliveries } from '../notifications/outbox.ts';
import type { Database } from './database.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations.ts';

const upgradedAt = '2026-03-01T00:00:00.000Z';
const last = migrations.length;

/** As a server left it that knew so many migrations. */
async function openOld(number: number): Promise<Database> {
  const database = await openTestDatabase();
  await migrate(database, begunAt, migrations.slice(0, number));
  for (const kept of keptRows.filter(({ since }) => since <= number)) await insertKept(database, kept);
  return database;
}

const tablesOf = async (database: Database) =>
  new Set((await describeColumns(database)).map(({ table }) => String(table)));

it('has rows for every table, as of the migration that makes it', async () => {
  const database = await openTestDatabase();
  let before = new Set(['migrations']);
  for (const { number } of migrations) {
    await migrate(database, begunAt, migrations.slice(0, number));
    const now = await tablesOf(database);
    const made = [...now].filter((table) => !before.has(table) && table !== 'migrations').toSorted();
    const kept = keptRows.filter(({ since }) => since === number).map(({ table }) => table);
    expect([number, ...kept.toSorted()]).toEqual([number, ...made]);
    before = now;
  }
  await database.close();
});

describe.each(migrations.map(({ number, name }) => ({ number, name })))(
  'tables of migration $number ($name)',
  ({ number }) => {
    it('become those of a new database, with all that was in them', async () => {
      const [database, fresh] = [await openOld(number), await openTestDatabase()];
      await migrate(database, upgradedAt);
      await migrate(fresh, upgradedAt);
      expect(await describeColumns(database)).toEqual(await describeColumns(fresh));
      for (const { table, row } of keptRows.filter(({ since }) => since <= number))
        expect([table, await database.query(`SELECT * FROM ${table}`)]).toEqual([
          table,
          [expect.objectContaining(row)],
        ]);
      const applied = await database.query('SELECT number, applied_at FROM migrations ORDER BY number');
      expect(applied).toEqual(
        migrations.map((each) => ({ number: each.number, applied_at: each.number <= number ? begunAt : upgradedAt })),
      );
      await Promise.all([database.close(), fresh.close()]);
    });

    it('are gone on with: the term before is over, history goes on, and nobody is told of what is old', async () => {
      const database = await openOld(number);
      await migrate(database, upgradedAt);
      const term = await beginTerm(database, { holder: 'server', now: upgradedAt });
      // History was written long before: what happened since is news, however late it is seen.
      expect(term).toEqual({ scope: '*', number: 4, since: begunAt });
      await expect(beginTerm(database, { holder: 'server', now: upgradedAt })).resolves.toMatchObject({
        since: begunAt,
      });
      const writing = { ...term, number: 5 };
      const { metadata, status } = keptRelease;
      const succeeded = { phase: 'Succeeded', at: upgradedAt } as const;
      const release = {
        ...keptRelease,
        metadata: { ...metadata, resourceVersion: '8' },
        status: { phase: 'Succeeded', transitions: [...status.transitions, succeeded] },
      } as const;
      await recordRelease(database, writing, { release, seenAt: upgradedAt });
      expect(await findRecord(database, { namespace: 'default', name: 'shop-1' })).toMatchObject({
        phase: 'Succeeded',
        requestedBy: 'ann',
      });
      const log = await readLog(database, 'release-1', { after: 0, limit: 10 });
      expect(log.map(({ number: line, text }) => [line, text.split(':')[0]])).toEqual([
        [1, 'Progressing'],
        [2, 'Succeeded'],
      ]);
      const wants = await listWants(database);
      const told = await listDeliveries(database, { limit: 10 });
      expect(told.filter(({ state }) => state !== 'delivered')).toHaveLength(wants.length);
      await database.close();
    });
  },
);

it('a history that nobody has written yet begins with the first term, whenever its tables were made', async () => {
  const database = await openTestDatabase();
  await migrate(database, begunAt, migrations.slice(0, last - 1));
  await migrate(database, upgradedAt);
  const first = await beginTerm(database, { holder: 'server', now: upgradedAt });
  expect(first).toEqual({ scope: '*', number: 1, since: upgradedAt });
  await database.close();
});
