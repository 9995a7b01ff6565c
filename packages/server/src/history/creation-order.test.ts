/** Releases of one second, of which the cluster says no more. */
import type { Release } from '@slipway/delivery/api/release';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { insertKept, keptRelease, keptRows } from '../../testing/database-rows.ts';
import { openTestDatabase } from '../../testing/test-database.ts';
import type { Database } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { migrations } from '../database/migrations.ts';
import { findRecord, listNewest, listRecords, listVersions } from './read-history.ts';
import { beginTerm, recordRelease, type Term } from './record-release.ts';

const now = '2026-03-01T00:00:00.000Z';
const second = '2026-02-01T12:00:00Z';

interface Made {
  readonly version: string;
  readonly uid: string;
  /** When a controller first did something about it. */
  readonly at?: string;
  readonly revision: string;
  readonly name?: string;
}

function releaseOf({ version, uid, at, revision, name = `shop-${version}` }: Made): Release {
  const status = at === undefined ? undefined : { phase: 'Progressing', transitions: [{ phase: 'Progressing', at }] };
  const metadata = { ...keptRelease.metadata, name, uid, resourceVersion: revision, creationTimestamp: second };
  return { ...keptRelease, metadata, spec: { ...keptRelease.spec, version }, status } as Release;
}

/** In the order of their creation, which neither uids, versions nor the names tell. */
const made: readonly Made[] = [
  { version: '10', uid: 'd', at: '2026-02-01T12:00:00.100000Z', revision: '900' },
  { version: '2', uid: 'b', at: '2026-02-01T12:00:00.200000Z', revision: '30' },
  // At one moment.
  { version: '3', uid: 'e', at: '2026-02-01T12:00:00.300000Z', revision: '99' },
  { version: 'blue', uid: 'a', at: '2026-02-01T12:00:00.300000Z', revision: '100' },
  // Nobody has done anything about it yet.
  { version: '4', uid: 'c', revision: '101' },
];
const newestFirst = made.map(({ version }) => version).toReversed();
const everything = { limit: 100 };

let database: Database;
let term: Term;

const versionsOf = (records: readonly { readonly version: string }[]) => records.map(({ version }) => version);
const record = (each: Made) => recordRelease(database, term, { release: releaseOf(each), seenAt: now });

describe('releases of one second', () => {
  beforeEach(async () => {
    database = await openTestDatabase();
    await migrate(database, now);
    term = await beginTerm(database, { holder: 'server', now });
    // As a list of the cluster shows them.
    for (const each of made.toSorted((one, other) => one.version.localeCompare(other.version))) await record(each);
  });
  afterEach(() => database.close());

  it('are listed by the order of their creation, and so are versions', async () => {
    const newest = { namespace: 'default', applications: ['shop'], limit: 3 };
    expect(versionsOf(await listRecords(database, {}, everything))).toEqual(newestFirst);
    expect(await listVersions(database, { namespace: 'default', application: 'shop', limit: 4 })).toEqual(
      newestFirst.slice(0, 4),
    );
    expect(versionsOf(await listNewest(database, newest))).toEqual(newestFirst.slice(0, 3));
  });

  it('are each on one page, however short pages are', async () => {
    const seen: string[] = [];
    for (;;) {
      const [last] = seen.slice(-1).flatMap((version) => made.filter((each) => each.version === version));
      const after = last && { createdAt: second, uid: last.uid };
      const [next] = await listRecords(database, {}, { limit: 1, after });
      if (next === undefined) break;
      seen.push(next.version);
    }
    expect(seen).toEqual(newestFirst);
  });

  it('come once more after one that has gone between two pages', async () => {
    const after = { createdAt: second, uid: 'gone' };
    expect(versionsOf(await listRecords(database, {}, { limit: 10, after }))).toEqual(newestFirst);
  });

  it('keep their place, whatever becomes of them, and find it when something is done about them', async () => {
    await record({ version: '10', uid: 'd', at: '2026-02-01T13:00:00.000000Z', revision: '2000' });
    expect(versionsOf(await listRecords(database, {}, everything))).toEqual(newestFirst);
    await record({ version: '4', uid: 'c', at: '2026-02-01T12:00:00.150000Z', revision: '2001' });
    expect(versionsOf(await listRecords(database, {}, everything))).toEqual(['blue', '3', '2', '4', '10']);
  });

  it('are told apart where one was made in the place of another', async () => {
    await record({ version: '2', uid: '0', at: '2026-02-01T12:00:00.900000Z', revision: '40' });
    expect(await findRecord(database, { namespace: 'default', name: 'shop-2' })).toMatchObject({ uid: '0' });
  });
});

it('are put in order where an older server has written them', async () => {
  database = await openTestDatabase();
  await migrate(database, now, migrations.slice(0, 11));
  const kept = keptRows.find(({ table }) => table === 'releases');
  for (const each of made) {
    const { metadata, ...release } = releaseOf(each);
    const row = {
      ...kept?.row,
      uid: each.uid,
      name: metadata.name ?? '',
      version: each.version,
      created_at: second,
      resource_version: each.revision,
      object: JSON.stringify({ ...release, metadata }),
    };
    await insertKept(database, { since: 1, table: 'releases', row });
  }
  await migrate(database, now);
  expect(versionsOf(await listRecords(database, {}, everything))).toEqual(newestFirst);
  await database.close();
});
