import { silentLogger } from '@slipway/kube/logger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import type { Database } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { openTestDatabase } from '../../testing/test-database.ts';
import { listAudit, recordAudit } from '../audit/audit.ts';
import { removeOutdated, type Retention } from './retention.ts';

let database: Database;
const clock = new FakeClock();
const daysAgo = (days: number) => new Date(clock.now() - days * 86_400_000).toISOString();

beforeEach(async () => {
  database = await openTestDatabase();
  await migrate(database, daysAgo(0));
});
afterEach(() => database.close());

async function add(uid: string, application: string, age: number, isGone = true): Promise<void> {
  await database.query(
    `INSERT INTO releases (uid, namespace, name, application, application_uid, version, phase, created_at, deleted_at,
       resource_version, object, log_length)
     VALUES ($1, 'default', $1, $2, 'a', '1', 'Succeeded', $3, $4, '1', '{}', 1)`,
    [uid, application, daysAgo(age), isGone ? daysAgo(0) : null],
  );
  await database.query(
    "INSERT INTO release_log (release_uid, number, at, kind, text) VALUES ($1, 1, $2, 'phase', 'x')",
    [uid, daysAgo(age)],
  );
}

async function left(retention: Retention): Promise<readonly unknown[]> {
  await removeOutdated({ ...retention, database, clock, logger: silentLogger, signal: new AbortController().signal });
  const rows = await database.query('SELECT uid FROM releases ORDER BY uid');
  const logs = await database.query('SELECT release_uid FROM release_log ORDER BY release_uid');
  expect(logs.map(({ release_uid: uid }) => uid)).toEqual(rows.map(({ uid }) => uid));
  return rows.map(({ uid }) => uid);
}

describe('the history', () => {
  beforeEach(async () => {
    await add('shop-1', 'shop', 300, false);
    await add('shop-2', 'shop', 200);
    await add('shop-3', 'shop', 20);
    await add('shop-4', 'shop', 2);
    await add('bank-1', 'bank', 200);
  });

  it.each<[rule: string, retention: Retention, kept: readonly string[]]>([
    ['is kept unless somebody says otherwise', {}, ['bank-1', 'shop-1', 'shop-2', 'shop-3', 'shop-4']],
    [
      'keeps the newest of each application, and what the cluster has',
      { releases: 2 },
      ['bank-1', 'shop-1', 'shop-3', 'shop-4'],
    ],
    ['keeps what is young, and what the cluster has', { days: 30 }, ['shop-1', 'shop-3', 'shop-4']],
    ['keeps what both bounds keep', { releases: 1, days: 30 }, ['shop-1', 'shop-4']],
  ])('%s', async (_, retention, kept) => {
    expect(await left(retention)).toEqual(kept);
  });

  it('is made shorter batch by batch', async () => {
    for (let index = 0; index < 450; index += 1) await add(`many-${index}`, 'many', 100);
    expect(await left({ days: 50 })).toEqual(['shop-1', 'shop-3', 'shop-4']);
  });
});

describe('the audit', () => {
  /** Of each entry, in days: the oldest first. */
  const ages = [...Array.from({ length: 450 }, () => 200), 20, 2];

  it.each<[rule: string, retention: Retention, kept: readonly number[]]>([
    ['is kept unless somebody says otherwise', { releases: 1 }, ages],
    ['goes when it is as old as releases that go', { days: 30 }, [20, 2]],
  ])('%s', async (_, retention, kept) => {
    const entry = { principal: 'ann', address: '::1', action: 'POST /', outcome: '200', details: {} };
    for (const age of ages) await recordAudit(database, { ...entry, at: daysAgo(age) });
    await left(retention);
    const rest = await listAudit(database, { limit: 1_000 });
    expect(rest.map(({ at }) => at)).toEqual(kept.map(daysAgo).toReversed());
  });
});
