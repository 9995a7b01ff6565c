/** What of the history is kept, where somebody has said that not all of it is. */
import { delay, type Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import { forgetRequests } from '../database/asked-requests.ts';
import { newestFirst } from './read-history.ts';
import { isDatabaseFault, type Database } from '../database/database.ts';

/** Absent: without a bound. A release goes by whichever comes first. */
export interface Retention {
  /** Of each application, the newest. */
  readonly releases?: number | undefined;
  /** Since they began; of the audit too, which has no other bound. */
  readonly days?: number | undefined;
}

export interface RetentionOptions extends Retention {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const lookMilliseconds = 3_600_000;
const dayMilliseconds = 86_400_000;
/** Of one transaction: others wait for it. */
const batchSize = 200;
/** Of notifications that were sent or given up. */
const deliveryDays = 30;

/** Every hour, and by every server: what is gone already is not missed. */
export async function runRetention(options: RetentionOptions): Promise<void> {
  const { clock, logger, signal } = options;
  while (!signal.aborted) {
    try {
      const removed = await removeOutdated(options);
      if (removed > 0) logger.info('releases of the past were removed from history', { removed });
    } catch (error) {
      if (!isDatabaseFault(error, 'unavailable')) throw error;
      logger.warn('history could not be looked through, looking again later', { error });
    }
    await delay(clock, lookMilliseconds, signal).catch(() => undefined);
  }
}

/** Batch by batch, until nothing is left or the signal. Resolves with how many releases went. */
export async function removeOutdated(options: RetentionOptions): Promise<number> {
  const { database, clock, signal } = options;
  const before = (days: number): string => new Date(clock.now() - days * dayMilliseconds).toISOString();
  await database.query("DELETE FROM deliveries WHERE state <> 'pending' AND created_at < $1", [before(deliveryDays)]);
  await forgetRequests(database, clock.now());
  if (options.releases === undefined && options.days === undefined) return 0;
  const oldest = options.days === undefined ? '' : before(options.days);
  const kept = options.releases ?? Number.MAX_SAFE_INTEGER;
  await inBatches(signal, () => removeAudit(database, oldest));
  return inBatches(signal, () => removeReleases(database, { kept, oldest }));
}

/** Until a batch is not full, or the signal. Resolves with how many went. */
async function inBatches(signal: AbortSignal, removeBatch: () => Promise<number>): Promise<number> {
  let removed = 0;
  while (!signal.aborted) {
    const batch = await removeBatch();
    removed += batch;
    if (batch < batchSize) break;
  }
  return removed;
}

async function removeAudit(database: Database, oldest: string): Promise<number> {
  const rows = await database.query(
    `DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < $1 ORDER BY at LIMIT ${batchSize}) RETURNING id`,
    [oldest],
  );
  return rows.length;
}

/** What the cluster still has is never removed: it would be written down again. Log, measurements and commands go along. */
async function removeReleases(
  database: Database,
  { kept, oldest }: { readonly kept: number; readonly oldest: string },
): Promise<number> {
  const rows = await database.query(
    `DELETE FROM releases WHERE uid IN (
       SELECT uid FROM (
         SELECT uid, deleted_at, created_at, creation_order,
           row_number() OVER (PARTITION BY namespace, application ORDER BY ${newestFirst}) AS place
         FROM releases
       ) AS ranked
       WHERE deleted_at IS NOT NULL AND (place > $1 OR created_at < $2)
       ORDER BY created_at, creation_order, uid LIMIT ${batchSize}
     ) RETURNING uid`,
    [kept, oldest],
  );
  return rows.length;
}
