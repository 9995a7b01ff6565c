import { type Clock, delay } from '@slipway/kube/clock';
import { type Logger, silentLogger } from '@slipway/kube/logger';
import { untilOthersAreHeard, whenAllIsSaid } from '@slipway/kube/turns';
import { manyWrites } from './batch-length.ts';
import { ChangeLog } from './change-log.ts';
import { describeDiskFailure } from './disk-failure.ts';
import type { Journal, JournalContents, JournalEntry } from './journal.ts';
import { readSnapshot, type SnapshotPace, writeSnapshot } from './snapshot.ts';
import { StoreUnavailable } from './store.ts';
import { type FoundChanges, findChanges } from './found-changes.ts';

export interface LoggedJournalOptions {
  /** Of the snapshot, which is there. */
  readonly path: string;
  /** Two files: while what is in one comes into a snapshot the other one is written. */
  readonly logs: readonly [string, string];
  readonly clock: Clock;
  readonly bounds?: LogBounds | undefined;
  readonly logger?: Logger | undefined;
}

export interface LogBounds {
  /** A log that is longer, and longer than the last snapshot, is full: as much is read again at the next start. */
  readonly logBytes: number;
  /** A log that is longer is full however long a snapshot is. */
  readonly maximumLogBytes: number;
  /**
   * Between two blocks of a snapshot, as long as the log that is written is not half full: each keeps the disk and the
   * processor from whoever writes meanwhile.
   */
  readonly restMilliseconds: number;
}

const usualBounds: LogBounds = {
  logBytes: 8 * 1024 * 1024,
  maximumLogBytes: 256 * 1024 * 1024,
  restMilliseconds: 50,
};

/** So many times its bytes a log may hold where changes come faster than a snapshot of those before is written. */
const longestLog = 8;

/** Whatever the reason is for which a snapshot cannot be written: it mostly lasts, and to try costs. */
const retryMilliseconds = 1_000;

/** Throws a `DamagedRecord` where something is missing; nothing is changed then. */
export function openLoggedJournal(options: LoggedJournalOptions): {
  readonly journal: Journal;
  readonly contents: JournalContents;
} {
  const snapshot = readSnapshot(options.path);
  const [first, second] = options.logs;
  const logs = [new ChangeLog(first), new ChangeLog(second)] as const;
  try {
    const found = findChanges(snapshot, logs);
    return {
      journal: new LoggedJournal(options, { ...found, snapshotBytes: snapshot.bytes }),
      contents: found.contents,
    };
  } catch (error) {
    for (const log of logs) log.close();
    throw error;
  }
}

/**
 * Makes changes durable in a log, with one write a batch. When that is full the other one is written, and all that there is
 * becomes a snapshot, after which what is in the full one is not needed: the longer the snapshot, the more seldom it is
 * written, so that on the whole each change is written about twice. What has changed since is read from the logs at a start.
 * Where no snapshot can be written, as on a full disk, changes are refused once the log is much longer than it should be, or
 * the disk takes no more of it.
 */
class LoggedJournal implements Journal {
  readonly #path: string;
  readonly #bounds: LogBounds;
  readonly #logger: Logger;
  readonly #clock: Clock;
  /** Aborted while somebody waits for the snapshot that is being written. */
  #patience = new AbortController();
  /** The first one is being written. */
  #logs: readonly [ChangeLog, ChangeLog];
  /** Whether the other one holds what is in no snapshot. */
  #needsOther: boolean;
  #snapshotBytes: number;
  #writing: Promise<void> | undefined;
  #isClosing = false;
  #failedAt = Number.NEGATIVE_INFINITY;
  /** Changes of the batch before. */
  #lastLength = 0;

  constructor(
    { path, clock, bounds = usualBounds, logger = silentLogger }: LoggedJournalOptions,
    found: FoundChanges & { readonly snapshotBytes: number },
  ) {
    this.#path = path;
    this.#clock = clock;
    this.#logs = found.logs;
    this.#needsOther = found.needsOther;
    this.#snapshotBytes = found.snapshotBytes;
    this.#bounds = bounds;
    this.#logger = logger;
  }

  /**
   * A flush takes long, and those in this process who answer the batch before do so before anything else happens: some of
   * them only when they know all that this turn brings, so they come first. Whoever comes by a socket has a turn of his own.
   * Where many others have written he is not the only one: requests of these have mostly come too, and not been read yet, and
   * would wait for a flush of his alone.
   */
  async gather(): Promise<void> {
    if (this.#lastLength >= manyWrites) return untilOthersAreHeard();
    await whenAllIsSaid();
    await whenAllIsSaid();
  }

  async append(batch: readonly JournalEntry[], before: () => JournalContents): Promise<void> {
    try {
      await this.#append(batch, before);
    } catch (error) {
      // A full disk refuses without a wait: who asks again at once would otherwise keep everything else from happening.
      await untilOthersAreHeard();
      throw error;
    }
  }

  async #append(batch: readonly JournalEntry[], before: () => JournalContents): Promise<void> {
    this.#lastLength = batch.length;
    this.#goOn(before);
    if (this.#logs[0].length > longestLog * this.#fullBytes) await this.#requireSnapshot(before);
    try {
      await this.#log(batch, before);
    } catch (error) {
      throw new StoreUnavailable(describeDiskFailure({ path: this.#logs[0].path, cause: error }), { cause: error });
    }
  }

  async close(contents: () => JournalContents): Promise<void> {
    this.#isClosing = true;
    this.#patience.abort();
    await this.#writing;
    try {
      if (this.#needsOther || this.#logs[0].length > 0) await this.#writeSnapshot(contents());
    } catch (error) {
      this.#logger.warn('no snapshot was written at the end, and changes are read from the log at the next start', {
        error,
      });
    }
    for (const log of this.#logs) log.close();
  }

  get #fullBytes(): number {
    return Math.min(Math.max(this.#bounds.logBytes, this.#snapshotBytes), this.#bounds.maximumLogBytes);
  }

  #goOn(before: () => JournalContents): void {
    if (!this.#needsOther && this.#logs[0].length > this.#fullBytes) this.#turn();
    const isTooSoon = this.#clock.monotonic() - this.#failedAt < retryMilliseconds;
    if (this.#needsOther && !isTooSoon) this.#writing ??= this.#tryWriteSnapshot(before());
  }

  /** Throws where what must be in a snapshot first cannot be. */
  async #requireSnapshot(before: () => JournalContents): Promise<void> {
    await this.#writing;
    if (this.#needsOther) {
      const [{ path, length }] = this.#logs;
      throw new StoreUnavailable(
        `${path} holds ${length} bytes of changes, and no snapshot of those before them can be written, for a reason that is in the log of the cluster; nothing was changed`,
      );
    }
    this.#goOn(before);
  }

  /** Where the disk has no room for more of it, all that there is becomes a snapshot, and what it holds is written over. */
  async #log(batch: readonly JournalEntry[], before: () => JournalContents): Promise<void> {
    try {
      await this.#logs[0].append(batch);
    } catch (error) {
      if (this.#clock.monotonic() - this.#failedAt < retryMilliseconds) throw error;
      this.#logger.warn('the log took no more changes, and all that is stored becomes a snapshot', { error });
      await this.#makeRoom(before);
      await this.#logs[0].append(batch);
    }
  }

  async #makeRoom(before: () => JournalContents): Promise<void> {
    this.#patience.abort();
    try {
      await this.#writing;
      await this.#writeSnapshot(before());
    } finally {
      this.#patience = new AbortController();
    }
    this.#logs[0].rewind();
  }

  /** Goes on in the other log. */
  #turn(): void {
    const [full, free] = this.#logs;
    free.rewind();
    this.#logs = [free, full];
    this.#needsOther = true;
  }

  /** Never rejects: it is tried again with a later batch. */
  async #tryWriteSnapshot(contents: JournalContents): Promise<void> {
    try {
      await this.#writeSnapshot(contents, { rest: () => this.#rest() });
    } catch (error) {
      if (!this.#isClosing) this.#logger.warn('no snapshot could be written yet', { error });
    } finally {
      this.#writing = undefined;
    }
  }

  async #writeSnapshot(contents: JournalContents, pace?: SnapshotPace): Promise<void> {
    try {
      this.#snapshotBytes = await writeSnapshot(this.#path, contents, pace);
      this.#needsOther = false;
    } catch (error) {
      this.#failedAt = this.#clock.monotonic();
      throw error;
    }
  }

  /** Whether there is time: not where somebody waits for it, or soon would. An abort ends a rest early. */
  async #rest(): Promise<boolean> {
    const isCalm = !this.#patience.signal.aborted && this.#logs[0].length <= this.#fullBytes / 2;
    if (isCalm) await delay(this.#clock, this.#bounds.restMilliseconds, this.#patience.signal).catch(() => undefined);
    // Another one is written at the end.
    if (this.#isClosing) throw new Error('the journal is being closed');
    return isCalm;
  }
}
