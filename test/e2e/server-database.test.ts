/** The server's tables in a real PostgreSQL. */
import { randomBytes } from 'node:crypto';
import { systemClock } from '@slipway/kube/platform/system-clock';
import type { Database, DatabaseChange } from '@slipway/server/database/database';
import { migrate } from '@slipway/server/database/migrate';
import { migrations } from '@slipway/server/database/migrations';
import { openPostgres } from '@slipway/server/database/postgres';
import { bindCluster } from '@slipway/server/history/bind-cluster';
import { createFirstToken } from '@slipway/server/identity/first-token';
import { authenticateToken } from '@slipway/server/identity/tokens';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseContract } from '../../packages/server/testing/database-contract.ts';
import { outboxContract } from '../../packages/server/testing/outbox-contract.ts';
import { findPostgres, startPostgres, type RunningPostgres } from '../../packages/server/testing/postgres.ts';

const programs = await findPostgres();
const open = (url: string) => openPostgres({ url, clock: systemClock });
const now = '2026-01-01T00:00:00.000Z';

async function bindAt(server: Database | undefined, cluster: string): Promise<void> {
  if (server !== undefined) await bindCluster(server, cluster);
}

/** Resolves when the connection that listens has come back: all of them are cut by then. */
function cutIsHeard(server: Database): Promise<void> {
  return new Promise((resolve) => {
    const stop = server.listen(({ type }) => {
      if (type !== 'lost') return;
      stop();
      resolve();
    });
  });
}

describe.skipIf(programs === undefined)(`PostgreSQL${programs === undefined ? ' (not installed)' : ''}`, () => {
  let postgres: RunningPostgres;

  beforeAll(async () => {
    postgres = await startPostgres(programs ?? '');
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  describe('as every database', () => {
    databaseContract(async () => {
      const url = await postgres.createDatabase();
      return { open: () => open(url), remove: async () => undefined };
    });
  });

  describe('with an outbox', () => {
    outboxContract(async () => {
      const url = await postgres.createDatabase();
      return { open: () => open(url), remove: async () => undefined };
    });
  });

  it('gets its tables once when two servers start together', async () => {
    const url = await postgres.createDatabase();
    const servers = await Promise.all([open(url), open(url)]);
    await Promise.all(servers.map((server) => migrate(server, now)));
    const rows = await servers[0].query('SELECT number FROM migrations ORDER BY number');
    expect(rows).toEqual(migrations.map(({ number }) => ({ number })));
    await Promise.all(servers.map((server) => server.close()));
  });

  it('makes one first token, and is bound to one cluster, when servers start together', async () => {
    const url = await postgres.createDatabase();
    const servers = await Promise.all([open(url), open(url), open(url)]);
    await migrate(servers[0], now);
    const kept: string[] = [];
    const keep = async (token: string): Promise<void> => {
      kept.push(token);
    };
    const random = (bytes: number): string => randomBytes(bytes).toString('base64url');
    await Promise.all(servers.map((server) => createFirstToken(server, { now: Date.parse(now), random, keep })));
    expect(kept).toHaveLength(1);
    expect(await authenticateToken(servers[0], kept[0] ?? '', Date.parse(now))).toMatchObject({ name: 'admin' });
    const bound = await Promise.allSettled(['a', 'b', 'a'].map((cluster, index) => bindAt(servers[index], cluster)));
    const [{ identity } = {}] = await servers[0].query('SELECT identity FROM cluster');
    expect(bound.map(({ status }) => status)).toEqual(
      ['a', 'b', 'a'].map((cluster) => (cluster === identity ? 'fulfilled' : 'rejected')),
    );
    await Promise.all(servers.map((server) => server.close()));
  });

  it('tells one server what another one has committed', async () => {
    const url = await postgres.createDatabase();
    const [one, other] = await Promise.all([open(url), open(url)]);
    const heard = new Promise<DatabaseChange>((resolve) => {
      other.listen(resolve);
    });
    await one.transaction((transaction) => transaction.notify('release r1'));
    expect(await heard).toEqual({ type: 'changed', topic: 'release r1' });
    await Promise.all([one.close(), other.close()]);
  });

  it('goes on after all connections were cut, and says that something may have been missed', async () => {
    const url = await postgres.createDatabase();
    const server = await open(url);
    const lost = new Promise<DatabaseChange>((resolve) => {
      server.listen(resolve);
    });
    await postgres.cutConnections();
    expect(await lost).toEqual({ type: 'lost' });
    expect(await server.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const heard = new Promise<DatabaseChange>((resolve) => {
      server.listen(resolve);
    });
    await server.transaction((transaction) => transaction.notify('again'));
    expect(await heard).toEqual({ type: 'changed', topic: 'again' });
    await server.close();
  });

  it('rejects a transaction whose connection is cut, before, between and after its statements, and goes on', async () => {
    const url = await postgres.createDatabase();
    const server = await open(url);
    await server.query('CREATE TABLE words (word TEXT)');
    const cutAfter = (statements: number) =>
      server.transaction(async (sql) => {
        for (let number = 0; number < statements; number += 1) await sql.query("INSERT INTO words VALUES ('lost')");
        const heard = cutIsHeard(server);
        await postgres.cutConnections();
        // Nothing is asked meanwhile: who hears of it is the connection alone.
        await heard;
        await sql.query("INSERT INTO words VALUES ('lost too')");
      });
    for (const statements of [0, 1, 3])
      await expect(cutAfter(statements)).rejects.toMatchObject({ fault: 'unavailable' });
    expect(await server.query('SELECT word FROM words')).toEqual([]);
    await server.close();
  });

  it('says who does not answer, without the password', async () => {
    const refused = open('postgres://slipway:secret@/none?host=/nowhere');
    await expect(refused).rejects.toMatchObject({ fault: 'unavailable' });
    await expect(refused).rejects.not.toThrow('secret');
  });
});
