import { archiveFinalizer, releases } from '@slipway/delivery/api/release';
import type { KubeClient } from '@slipway/kube/client';
import { silentLogger } from '@slipway/kube/logger';
import { StatusError } from '@slipway/kube/status-error';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../../../delivery/testing/delivery-cluster.ts';
import type { Database } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { openTestDatabase } from '../../testing/test-database.ts';
import { listDeliveries } from '../notifications/outbox.ts';
import { optional } from '../optional.ts';
import { runArchivist } from './archivist.ts';
import { findRecord, listRecords, readCommands, readLog } from './read-history.ts';
import { bindCluster, identifyCluster } from './bind-cluster.ts';
import { beginTerm, recordDeletion, recordRelease, TermOver } from './record-release.ts';

const web = (image: string) => ({
  template: { spec: { containers: [{ name: 'web', image, ports: [{ name: 'http', containerPort: 8080 }] }] } },
  service: { ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  strategy: { type: 'blueGreen' },
  healthCheck: { path: '/health', type: 'probe' as const, timeoutSeconds: 5 },
  guardSeconds: 10,
  drainSeconds: 0,
});

describe('the archivist', () => {
  let cluster: DeliveryCluster;
  let database: Database;
  let stopping: AbortController;
  let done: Promise<void>;

  beforeEach(async () => {
    cluster = await createDeliveryCluster();
    database = await openTestDatabase(cluster.clock);
    await migrate(database, '2026-01-01T00:00:00.000Z');
    start();
  });

  afterEach(async () => {
    await stop();
    await database.close();
    await cluster.stop();
  });

  function start(): void {
    stopping = new AbortController();
    done = runArchivist({
      client: cluster.client,
      database,
      clock: cluster.clock,
      random: () => 0.5,
      logger: silentLogger,
      identity: 'server-1',
      lease: { namespace: 'default', name: 'slipway-server' },
      databaseName: 'first',
      signal: stopping.signal,
    });
  }

  async function stop(): Promise<void> {
    stopping.abort(new Error('the test has ended'));
    await done;
  }

  const shop = { namespace: 'default', name: 'shop-1' };
  /** What does not serve may go from the cluster for good. */
  const second = { namespace: 'default', name: 'shop-2' };

  async function refuseSecond(): Promise<void> {
    await cluster.deploy({ ...web('web:1'), version: '1' });
    await cluster.advance(5_000);
    await cluster.deploy({ ...web('broken'), version: '2' });
    await cluster.advance(5_000);
  }

  it('keeps a release that succeeded, with its log from the first word on', async () => {
    await cluster.deploy({ ...web('web:1'), version: '1' });
    await cluster.advance(5_000);
    const record = await findRecord(database, shop);
    expect(record).toMatchObject({ application: 'shop', version: '1', phase: 'Succeeded', deletedAt: undefined });
    const log = await readLog(database, record?.uid ?? '', { after: 0, limit: 1_000 });
    expect(log.map(({ number }) => number)).toEqual(log.map((_, index) => index + 1));
    const phases = log.filter(({ kind }) => kind === 'phase').map(({ text }) => text.split(':')[0]);
    expect(phases).toEqual(
      ['Pending', 'Progressing', 'Promoting', 'Guarding', 'Succeeded'].filter((phase) => phases.includes(phase)),
    );
    expect(phases.at(-1)).toBe('Succeeded');
    expect(log.some(({ kind, text }) => kind === 'health' && text.includes('passed'))).toBe(true);
  });

  it('holds a release that is deleted until its last state is written down, and no longer', async () => {
    await refuseSecond();
    await cluster.advance(45_000);
    expect((await cluster.release('2')).metadata.finalizers).toContain(archiveFinalizer);
    await cluster.client.delete(releases, second);
    await cluster.advance(5_000);
    await expect(cluster.release('2')).rejects.toMatchObject({ reason: 'NotFound' });
    const record = await findRecord(database, second);
    expect(record).toMatchObject({ phase: 'RolledBack' });
    expect(record?.deletedAt).toBeDefined();
  });

  it('writes down at its next start what ended and went while it was away', async () => {
    await refuseSecond();
    await stop();
    await cluster.advance(45_000);
    await cluster.client.delete(releases, second);
    await cluster.advance(5_000);
    // Still there: nobody wrote down how it ended.
    expect((await cluster.release('2')).metadata.deletionTimestamp).toBeDefined();
    start();
    await cluster.advance(30_000);
    await expect(cluster.release('2')).rejects.toMatchObject({ reason: 'NotFound' });
    expect(await findRecord(database, second)).toMatchObject({ phase: 'RolledBack' });
  });

  it('notes that a release is gone which somebody took without waiting', async () => {
    await refuseSecond();
    await cluster.advance(45_000);
    await stop();
    await cluster.client.patch(releases, second, { type: 'merge', body: { metadata: { finalizers: null } } });
    await cluster.client.delete(releases, second);
    await cluster.advance(1_000);
    start();
    await cluster.advance(30_000);
    expect((await findRecord(database, second))?.deletedAt).toBeDefined();
  });

  it('keeps who asked for what', async () => {
    await cluster.deploy({ ...web('web:1'), version: '1' });
    await cluster.advance(5_000);
    await cluster.deploy({
      ...web('broken'),
      version: '2',
      strategy: { type: 'blueGreen', blueGreen: { autoPromote: false } },
    });
    await cluster.advance(5_000);
    await cluster.command('abort');
    await cluster.advance(60_000);
    const [second, first] = await listRecords(database, { application: 'shop' }, { limit: 10 });
    expect([first?.version, second?.version]).toEqual(['1', '2']);
    expect(await readCommands(database, second?.uid ?? '')).toMatchObject([{ verb: 'abort', outcome: 'accepted' }]);
    expect(second?.phase).toBe('RolledBack');
  });

  it('repeats no line after a restart', async () => {
    await cluster.deploy({ ...web('web:1'), version: '1' });
    await cluster.advance(3_000);
    for (let restart = 0; restart < 5; restart += 1) {
      await stop();
      start();
      await cluster.advance(3_000);
    }
    await cluster.advance(60_000);
    const { uid = '' } = (await findRecord(database, shop)) ?? {};
    const phases = (await readLog(database, uid, { after: 0, limit: 1_000 })).filter(({ kind }) => kind === 'phase');
    expect(new Set(phases.map(({ at, text }) => `${at} ${text}`)).size).toBe(phases.length);
  });

  const termNumber = async () => Number((await database.query('SELECT term FROM archivist'))[0]?.['term']);

  it('writes nothing in a term that another server has ended by its own', async () => {
    await cluster.deploy({ ...web('web:1'), version: '1' });
    await cluster.advance(5_000);
    const later = await beginTerm(database, { holder: 'server-2', now: '2026-01-01T00:00:00.000Z' });
    await cluster.deploy({ ...web('broken'), version: '2' });
    // Less than the first one waits before it begins again.
    await cluster.advance(900);
    await cluster.release('2');
    expect(await findRecord(database, second)).toBeUndefined();
    expect(await termNumber()).toBe(later.number);
    await cluster.advance(30_000);
    expect(await termNumber()).toBeGreaterThan(later.number);
    expect(await findRecord(database, second)).toBeDefined();
  });

  it('refuses every write of an earlier term, and none of another namespace', async () => {
    await cluster.deploy({ ...web('web:1'), version: '1' });
    await cluster.advance(5_000);
    const release = await cluster.release('1');
    const sighting = { release, seenAt: '2026-01-01T00:00:00.000Z' };
    const elsewhere = await beginTerm(database, {
      namespace: 'default',
      holder: 'server-1',
      now: '2026-01-01T00:00:00.000Z',
    });
    const early = await beginTerm(database, { holder: 'server-2', now: '2026-01-01T00:00:00.000Z' });
    const late = await beginTerm(database, { holder: 'server-3', now: '2026-01-01T00:00:00.000Z' });
    const deletion = { uid: release.metadata.uid ?? '', at: sighting.seenAt };
    await expect(recordRelease(database, early, sighting)).rejects.toBeInstanceOf(TermOver);
    await expect(recordDeletion(database, early, deletion)).rejects.toBeInstanceOf(TermOver);
    await recordRelease(database, late, sighting);
    await recordRelease(database, elsewhere, sighting);
  });

  it('tells what it sees late, and nothing of before it wrote history', async () => {
    await cluster.deploy({ ...web('web:1'), version: '1' });
    await cluster.advance(60_000);
    const release = await cluster.release('1');
    await stop();
    await database.query('DELETE FROM releases');
    const channel = { name: 'team', type: 'slack', filter: {}, enabled: true } as const;
    await database.query('INSERT INTO channels (id, name, spec, created_at, created_by) VALUES ($1, $1, $2, $3, $1)', [
      'team',
      JSON.stringify(channel),
      '2026-01-01T00:00:00.000Z',
    ]);
    const told = async () => (await listDeliveries(database, { limit: 100 })).map(({ event }) => event.type).toSorted();
    const tomorrow = new Date(cluster.clock.now() + 86_400_000).toISOString();
    // A scope of its own, which begins now: all that the release says is older.
    const late = await beginTerm(database, { namespace: 'default', holder: 'server-2', now: tomorrow });
    await recordRelease(database, late, { release, seenAt: tomorrow });
    expect(await told()).toEqual([]);
    await database.query('DELETE FROM releases');
    const term = await beginTerm(database, { holder: 'server-2', now: tomorrow });
    const { metadata, status } = release;
    const transitions = status?.transitions ?? [];
    const began = {
      ...release,
      metadata: { ...metadata, resourceVersion: '1' },
      ...optional('status', status && { ...status, transitions: transitions.slice(0, 1) }),
    };
    await recordRelease(database, term, { release: began, seenAt: tomorrow });
    expect(await told()).toHaveLength(1);
    await recordRelease(database, term, { release, seenAt: tomorrow });
    expect(await told()).toContain('release.succeeded');
    expect(await told()).toHaveLength(transitions.length);
  });

  it('knows a release as there again that it took for gone', async () => {
    await cluster.deploy({ ...web('web:1'), version: '1' });
    await cluster.advance(60_000);
    await stop();
    const release = await cluster.release('1');
    const term = await beginTerm(database, { holder: 'server-2', now: '2026-01-01T00:00:00.000Z' });
    await recordDeletion(database, term, { uid: release.metadata.uid ?? '', at: '2026-01-01T00:00:00.000Z' });
    expect((await findRecord(database, shop))?.deletedAt).toBeDefined();
    start();
    await cluster.advance(30_000);
    expect((await findRecord(database, shop))?.deletedAt).toBeUndefined();
  });

  it('writes the history of one cluster alone', async () => {
    const identity = await identifyCluster(cluster.client, 'default');
    await bindCluster(database, identity);
    await bindCluster(database, identity);
    const other = await createDeliveryCluster();
    const foreign = await identifyCluster(other.client, 'default');
    await other.stop();
    await expect(bindCluster(database, foreign)).rejects.toThrow('Name that cluster with --context');
    await bindCluster(database, identity);
  });

  it('names a cluster by its own namespace where it may read no other', async () => {
    const forbidden = new StatusError('Forbidden', 'not that one');
    const client: KubeClient = {
      ...cluster.client,
      get: (type, key, options) =>
        key.name === 'kube-system' ? Promise.reject(forbidden) : cluster.client.get(type, key, options),
    };
    expect(await identifyCluster(client, 'default')).toMatch(/^default .+/);
    await expect(identifyCluster(client, 'kube-system')).rejects.toThrow('Allow it to get one of them');
  });
});
