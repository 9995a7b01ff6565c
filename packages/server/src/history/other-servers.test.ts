import type { Lease } from '@slipway/kube/api.generated';
import { formatMicroTime } from '@slipway/kube/clock';
import { silentLogger } from '@slipway/kube/logger';
import { leases } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../../../delivery/testing/delivery-cluster.ts';
import type { Database } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { openTestDatabase } from '../../testing/test-database.ts';
import { runArchivist } from './archivist.ts';
import { nameDatabase, refuseBesideOthers } from './other-servers.ts';

interface Server {
  readonly database: string;
  readonly namespace?: string;
}

describe('servers of one cluster', () => {
  let cluster: DeliveryCluster;
  let stopping: AbortController;
  let databases: Database[];

  beforeEach(async () => {
    [cluster, stopping, databases] = [await createDeliveryCluster(), new AbortController(), []];
  });
  afterEach(async () => {
    stopping.abort(new Error('the test has ended'));
    await cluster.advance(0);
    await Promise.all(databases.map((database) => database.close()));
    await cluster.stop();
  });

  const homeOf = ({ namespace }: Server) => namespace ?? 'kube-system';

  async function open(): Promise<Database> {
    const database = await openTestDatabase(cluster.clock);
    databases.push(database);
    await migrate(database, '2026-01-01T00:00:00.000Z');
    return database;
  }

  /** Keeps history until the end of the test. */
  async function run(server: Server, identity: string): Promise<void> {
    await runArchivist({
      client: cluster.client,
      database: await open(),
      databaseName: server.database,
      clock: cluster.clock,
      random: () => 0.5,
      logger: silentLogger,
      identity,
      lease: { namespace: homeOf(server), name: 'slipway-server' },
      namespace: server.namespace,
      signal: stopping.signal,
    });
  }

  /** `starts`, or why not. */
  async function start(server: Server): Promise<string> {
    const outcomes: string[] = [];
    void refuseBesideOthers({
      client: cluster.client,
      clock: cluster.clock,
      logger: silentLogger,
      leaseNamespace: homeOf(server),
      namespace: server.namespace,
      databaseName: server.database,
      signal: stopping.signal,
    }).then(
      () => outcomes.push('starts'),
      (error: Error) => outcomes.push(error.message),
    );
    while (outcomes.length === 0) await cluster.advance(1_000);
    return outcomes.join();
  }

  const rows: ReadonlyArray<{ name: string; other: Server; own: Server; outcome: unknown }> = [
    { name: 'share a database', other: { database: 'a' }, own: { database: 'a' }, outcome: 'starts' },
    {
      name: 'keep history in one database alone',
      other: { database: 'a' },
      own: { database: 'b' },
      outcome: expect.stringMatching(/server other keeps this history in another database.*--database/),
    },
    {
      name: 'keep the history of one namespace in one database alone',
      other: { database: 'a', namespace: 'default' },
      own: { database: 'b', namespace: 'default' },
      outcome: expect.stringContaining('another database'),
    },
    {
      name: 'keep the history of a namespace or of all, whatever their database',
      other: { database: 'a' },
      own: { database: 'a', namespace: 'default' },
      outcome: expect.stringMatching(/every namespace, and so of default/),
    },
    {
      name: 'keep the history of all or of a namespace, whatever their database',
      other: { database: 'a', namespace: 'default' },
      own: { database: 'a' },
      outcome: expect.stringMatching(/history of namespace default.*--namespace/),
    },
    {
      name: 'of different namespaces have nothing to do with each other',
      other: { database: 'a', namespace: 'default' },
      own: { database: 'b', namespace: 'kube-public' },
      outcome: 'starts',
    },
  ];

  it.each(rows)('$name', async ({ other, own, outcome }) => {
    const running = run(other, 'other');
    await cluster.advance(3_000);
    expect(await start(own)).toEqual(outcome);
    stopping.abort(new Error('the test has ended'));
    await running;
  });

  it('wait for one that was killed until its Lease has run out, and for none that is long gone', async () => {
    const held = (age: number): Lease => ({
      metadata: { namespace: 'default', name: 'slipway-server' },
      spec: {
        holderIdentity: 'killed',
        leaseDurationSeconds: 15,
        renewTime: formatMicroTime(cluster.clock.now() - age),
      },
    });
    const lease = await cluster.client.create(leases, held(1_000));
    const begun = cluster.clock.now();
    expect(await start({ database: 'a' })).toBe('starts');
    expect(cluster.clock.now() - begun).toBeGreaterThanOrEqual(15_000);
    await cluster.client.update(leases, { ...lease, spec: held(7_200_000).spec });
    const later = cluster.clock.now();
    expect(await start({ database: 'a' })).toBe('starts');
    expect(cluster.clock.now() - later).toBeLessThan(5_000);
  });

  it('that begin at one moment with two databases: one keeps history, and the other ends', async () => {
    const ends: string[] = [];
    const both = ['a', 'b'].map((database) =>
      run({ database }, database).then(
        () => ends.push('stopped'),
        (error: Error) => ends.push(error.message),
      ),
    );
    while (ends.length === 0) await cluster.advance(1_000);
    expect(ends).toEqual([expect.stringContaining('another database')]);
    stopping.abort(new Error('the test has ended'));
    await Promise.all(both);
    expect(ends[1]).toBe('stopped');
  });

  it('know a database by a name that stays', async () => {
    const database = await open();
    const name = await nameDatabase(database, () => 'first');
    expect([name, await nameDatabase(database, () => 'second')]).toEqual(['first', 'first']);
  });
});
