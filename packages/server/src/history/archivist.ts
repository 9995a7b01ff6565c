import { archiveFinalizer, releases, type Release } from '@slipway/delivery/api/release';
import type { KubeClient } from '@slipway/kube/client';
import { delay, type Clock } from '@slipway/kube/clock';
import type { Controller } from '@slipway/kube/controller';
import { runController, source, type ControllerSource } from '@slipway/kube/controller-runtime';
import { finalizerPatch } from '@slipway/kube/finalizers';
import { Informer } from '@slipway/kube/informer';
import { runWithLeadership, type Leadership, type LeadershipOptions } from '@slipway/kube/leader-election';
import type { ElectionDurations } from '@slipway/kube/lease-claim';
import type { Logger } from '@slipway/kube/logger';
import { keyOf, type ObjectKey } from '@slipway/kube/object';
import { isDatabaseFault, type Database, type Sql } from '../database/database.ts';
import { databaseAnnotation, refuseBesideOthers, refuseOtherDatabase } from './other-servers.ts';
import { planArchive, type ArchiveAction, type ArchiveObservation, type OpenRecord } from './plan-archive.ts';
import { beginTerm, recordDeletion, recordRelease, TermOver, type Term } from './record-release.ts';

export interface ArchivistOptions {
  readonly client: KubeClient;
  readonly database: Database;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** Must differ from that of every other server that may run at the same time. */
  readonly identity: string;
  /** Where the Lease is, by which servers agree on who writes. */
  readonly lease: { readonly namespace: string; readonly name: string };
  /** What this one writes to. */
  readonly databaseName: string;
  readonly durations?: ElectionDurations | undefined;
  /** The one namespace that is served; all of them unless said otherwise. */
  readonly namespace?: string | undefined;
  readonly signal: AbortSignal;
}

const retryMilliseconds = 1_000;

/**
 * Writes down every Release of the cluster and each change of it, until the signal: of all servers on one database, the one
 * that leads. What it writes outlives the objects; they stay in the cluster until they are written down.
 */
export async function runArchivist(options: ArchivistOptions): Promise<void> {
  const { clock, identity, logger, signal } = options;
  while (!signal.aborted)
    await runWithLeadership(contentionOf(options), (leadership) => lead(options, leadership)).catch(
      async (error: unknown) => {
        // Another server has begun since, whatever the Lease says here; or the database is away.
        if (!(error instanceof TermOver) && !isDatabaseFault(error, 'unavailable')) throw error;
        logger.warn('history is not written by this server for now', { identity, error });
        await delay(clock, retryMilliseconds, signal).catch(() => undefined);
      },
    );
}

function contentionOf(options: ArchivistOptions): LeadershipOptions {
  const annotations = { [databaseAnnotation]: options.databaseName };
  return { ...options, annotations, onOther: refuseOtherDatabase(options) };
}

async function lead(options: ArchivistOptions, { client, signal: leading }: Leadership): Promise<void> {
  const { database, clock, namespace, logger } = options;
  // One of other namespaces may have begun since this one looked; from here on it sees this one.
  await refuseBesideOthers({ ...options, client, leaseNamespace: options.lease.namespace, signal: leading });
  const overtaken = new AbortController();
  const signal = AbortSignal.any([leading, overtaken.signal]);
  const term = await beginTerm(database, { namespace, holder: options.identity, now: toTime(clock) });
  const informer = new Informer<Release>({ ...options, client, type: releases, namespace });
  const controller: Controller<ArchiveObservation, ArchiveAction> = {
    name: 'archivist',
    observe: async (key) => ({ release: informer.get(key), records: await listOpen(database, key) }),
    reconcile: (observed) => ({ actions: planArchive(observed) }),
    apply: async ({ actions }) => {
      try {
        for (const action of actions) await carryOut(action, { client, database, clock, logger, term });
      } catch (error) {
        if (error instanceof TermOver) overtaken.abort(error);
        throw error;
      }
    },
  };
  informer.start(signal);
  const sources = [source(informer, ({ old, current }) => keysOf(current ?? old)), openRecords(database, namespace)];
  const running = runController(controller, { clock, logger, random: options.random, sources, signal });
  await running.done;
  if (overtaken.signal.aborted) throw overtaken.signal.reason;
}

function keysOf(release: Release | undefined): readonly ObjectKey[] {
  return release === undefined ? [] : [keyOf(release)];
}

/** Those that went while nobody looked have to be looked at too. */
function openRecords(database: Database, namespace: string | undefined): ControllerSource {
  const listed = Promise.withResolvers<void>();
  return {
    subscribe: (enqueue) => {
      const where = namespace === undefined ? '' : 'AND namespace = $1';
      database
        .query(
          `SELECT namespace, name FROM releases WHERE deleted_at IS NULL ${where}`,
          namespace === undefined ? [] : [namespace],
        )
        .then((rows) => {
          for (const row of rows) enqueue({ namespace: String(row['namespace']), name: String(row['name']) });
          listed.resolve();
        }, listed.reject);
      return () => undefined;
    },
    synced: () => listed.promise,
  };
}

async function listOpen(sql: Sql, { namespace = '', name }: ObjectKey): Promise<readonly OpenRecord[]> {
  const rows = await sql.query(
    'SELECT uid, resource_version FROM releases WHERE namespace = $1 AND name = $2 AND deleted_at IS NULL',
    [namespace, name],
  );
  return rows.map((row) => ({ uid: String(row['uid']), resourceVersion: String(row['resource_version']) }));
}

interface Means {
  readonly client: KubeClient;
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly term: Term;
}

function toTime(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}

async function carryOut(action: ArchiveAction, { client, database, clock, logger, term }: Means): Promise<void> {
  const now = toTime(clock);
  switch (action.type) {
    case 'record': {
      const leftOut = await recordRelease(database, term, { release: action.release, seenAt: now });
      for (const { channel, count } of leftOut)
        logger.warn('too much waits for a channel: it is not told of everything', { channel, count });
      return;
    }
    case 'recordDeletion':
      return recordDeletion(database, term, { uid: action.uid, at: now });
    case 'hold':
    case 'letGo': {
      const patch = finalizerPatch(action.release, { finalizer: archiveFinalizer, present: action.type === 'hold' });
      await client.patch(releases, keyOf(action.release), patch, { fieldManager: 'slipway-server' });
    }
  }
}
