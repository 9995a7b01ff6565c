import { type Clock, delay } from '@slipway/kube/clock';
import { type Logger, silentLogger } from '@slipway/kube/logger';
import { untilOthersAreHeard } from '@slipway/kube/turns';
import { manyWrites } from './batch-length.ts';
import { ChangeLog } from './change-log.ts';
import { describeDiskFailure } from './disk-failure.ts';
import type { Journal, JournalContents, JournalEntry, SettledJournal } from './journal.ts';
import { requireStorableKeys } from './lmdb-journal.ts';
import { StoreUnavailable } from './store.ts';
import { type Changes, findUnsettled, remember, type UnsettledChanges } from './unsettled-changes.ts';

export interface LoggedJournalOptions {
  readonly settled: SettledJournal;
  /** Two files: while the changes of one are settled the other one is written. */
  readonly paths: readonly [string, string];
  readonly clock: Clock;
  readonly bounds?: LogBounds | undefined;
  readonly logger?: Logger | undefined;
}

export interface LogBounds {
  /** A log that is longer is full: as much is read again after a crash. */
  readonly logBytes: number;
  /** Changes of one transaction: so long nothing else happens, and so much room it needs. */
  readonly settledAtOnce: number;
  /** As long as the log that is written is not half full; absent: no difference. */
  readonly calm?: CalmBounds | undefined;
}

/** Small transactions far apart: each keeps the disk and the processor from whoever writes meanwhile. */
interface CalmBounds {
  readonly settledAtOnce: number;
  readonly restMilliseconds: number;
}

const usualBounds: LogBounds = {
  logBytes: 8 * 1024 * 1024,
  settledAtOnce: 256,
  calm: { settledAtOnce: 16, restMilliseconds: 50 },
};

/** So many times its bytes a log may hold where changes come faster than others are settled. */
const longestLog = 8;

/** Throws a `DamagedRecord` where changes are missing; nothing is changed then, and `settled` stays open. */
export function openLoggedJournal(options: LoggedJournalOptions): {
  readonly journal: Journal;
  readonly contents: JournalContents;
} {
  const [first, second] = options.paths;
  const logs = [new ChangeLog(first), new ChangeLog(second)] as const;
  try {
    const found = findUnsettled(options.settled.load(), logs);
    return { journal: new LoggedJournal(options, found), contents: found.contents };
  } catch (error) {
    for (const log of logs) log.close();
    throw error;
  }
}

/**
 * Makes changes durable in a log, with one write a batch, and settles them in a journal that costs more when there are
 * many: of one key only the last. What is in the log and not yet settled is read again after a crash. On a full disk nothing
 * is settled and the log grows no more, so that writes are refused until there is room again; so they are where changes
 * cannot be settled for another reason, once the log is much longer than it should be.
 */
class LoggedJournal implements Journal {
  readonly #settled: SettledJournal;
  readonly #bounds: LogBounds;
  readonly #logger: Logger;
  readonly #clock: Clock;
  /** Aborted while somebody waits until all is settled. */
  #patience = new AbortController();
  /** The first one is being written. */
  #logs: readonly [ChangeLog, ChangeLog];
  /** What is in the log that is being written, by key. */
  #recent: Changes;
  /** What is in the other one and not settled. */
  #older: Changes;
  #settling: Promise<void> | undefined;
  /** Changes of the batch before. */
  #lastLength = 0;

  constructor(
    { settled, clock, bounds = usualBounds, logger = silentLogger }: LoggedJournalOptions,
    found: UnsettledChanges,
  ) {
    this.#settled = settled;
    this.#clock = clock;
    this.#logs = found.logs;
    this.#recent = found.recent;
    this.#older = found.older;
    this.#bounds = bounds;
    this.#logger = logger;
  }

  /**
   * Who has written after many others have is not the only one: requests of these have mostly come too, and not been read
   * yet, and would wait for a flush of his alone.
   */
  gather(): Promise<void> {
    return this.#lastLength < manyWrites ? this.#settled.gather() : untilOthersAreHeard();
  }

  async append(batch: readonly JournalEntry[]): Promise<void> {
    try {
      await this.#append(batch);
    } catch (error) {
      // A full disk refuses without a wait: who asks again at once would otherwise keep everything else from happening.
      await untilOthersAreHeard();
      throw error;
    }
  }

  async #append(batch: readonly JournalEntry[]): Promise<void> {
    requireStorableKeys(batch);
    this.#lastLength = batch.length;
    this.#goOn();
    if (this.#logs[0].length > longestLog * this.#bounds.logBytes) await this.#requireSettled();
    try {
      await this.#log(batch);
    } catch (error) {
      throw new StoreUnavailable(describeDiskFailure({ path: this.#logs[0].path, cause: error }), { cause: error });
    }
    for (const entry of batch) remember(this.#recent, entry);
  }

  async close(): Promise<void> {
    this.#patience.abort();
    await this.#settling;
    try {
      await this.#settleAll();
    } catch (error) {
      // They are in the log.
      this.#logger.warn('changes were not settled, and are read from the log at the next start', { error });
    }
    await this.#settled.close();
    for (const log of this.#logs) log.close();
  }

  #goOn(): void {
    if (this.#older.size === 0 && this.#logs[0].length > this.#bounds.logBytes) this.#turn();
    if (this.#older.size > 0) this.#settling ??= this.#settleOlder();
  }

  /** Throws where what must be settled first cannot be. */
  async #requireSettled(): Promise<void> {
    await this.#settling;
    if (this.#older.size > 0) {
      const [{ path, length }] = this.#logs;
      throw new StoreUnavailable(
        `${path} holds ${length} bytes of changes, and those before them cannot be settled, for a reason that is in the log of the cluster; nothing was changed`,
      );
    }
    this.#goOn();
  }

  /** Where the disk has no room for more of it, what it holds is settled and written over. */
  async #log(batch: readonly JournalEntry[]): Promise<void> {
    try {
      await this.#logs[0].append(batch);
    } catch (error) {
      this.#logger.warn('the log took no more changes, and those that it holds are settled', { error });
      await this.#makeRoom();
      await this.#logs[0].append(batch);
    }
  }

  async #makeRoom(): Promise<void> {
    this.#patience.abort();
    try {
      await this.#settling;
      await this.#settleAll();
    } finally {
      this.#patience = new AbortController();
    }
  }

  /** Goes on in the other log. */
  #turn(): void {
    const [full, free] = this.#logs;
    free.rewind();
    this.#logs = [free, full];
    this.#older = this.#recent;
    this.#recent = new Map();
  }

  /** Never rejects: what could not be settled is tried again with the next batch. */
  async #settleOlder(): Promise<void> {
    try {
      await this.#settle(this.#older);
    } catch (error) {
      this.#logger.warn('changes could not be settled yet', { error });
    } finally {
      this.#settling = undefined;
    }
  }

  async #settleAll(): Promise<void> {
    await this.#settle(this.#older);
    await this.#settle(this.#recent);
    this.#logs[0].rewind();
  }

  /** What is settled is not settled again, which would go back to its revision. */
  async #settle(changes: Changes): Promise<void> {
    const entries = [...changes.values()];
    let done = 0;
    try {
      while (done < entries.length) {
        const calm = this.#calmBounds();
        const batch = entries.slice(done, done + (calm ?? this.#bounds).settledAtOnce);
        await this.#settled.append(batch);
        done += batch.length;
        if (calm !== undefined && done < entries.length) await this.#rest(calm.restMilliseconds);
      }
      changes.clear();
    } catch (error) {
      for (const { key } of entries.slice(0, done)) changes.delete(key);
      throw error;
    }
  }

  /** Undefined where somebody waits, or soon would. */
  #calmBounds(): CalmBounds | undefined {
    const isInHurry = this.#patience.signal.aborted || this.#logs[0].length > this.#bounds.logBytes / 2;
    return isInHurry ? undefined : this.#bounds.calm;
  }

  /** An abort ends it early. */
  async #rest(milliseconds: number): Promise<void> {
    await delay(this.#clock, milliseconds, this.#patience.signal).catch(() => undefined);
  }
}
