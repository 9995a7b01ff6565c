import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@slipway/kube/clock';
import { type Logger, silentLogger } from '@slipway/kube/logger';
import { changeFiles, claimStoreDirectory, formatFile, snapshotFile } from './claim-store-directory.ts';
import type { DirectoryLock } from './directory-lock.ts';
import { DamagedRecord, type Journal, type JournalContents } from './journal.ts';
import { MemoryStore } from './memory-store.ts';
import type { Store } from './store.ts';
import { StoreOpenError } from './store-open-error.ts';

export interface OpenStoreOptions {
  readonly directory: string;
  /** From `claimStoreDirectory`, if the caller owns the directory already; the store gives it up when it is closed. */
  readonly lock?: DirectoryLock | undefined;
  /** Nothing outlives the process; the directory is only locked. */
  readonly ephemeral?: boolean | undefined;
  readonly clock: Clock;
  readonly logger?: Logger | undefined;
}

/** Raised when an older program would read the files wrongly, which refuses a newer format. */
const currentFormat = 3;
/** Those before kept their objects in a database. */
const oldestFormat = 3;

/** Opens the store that lives in `directory`, which is made if it is absent. Rejects with `StoreOpenError`. */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const { directory } = options;
  const logger = options.logger ?? silentLogger;
  const lock = options.lock ?? claimStoreDirectory(directory);
  try {
    if (options.ephemeral === true) return new LockedStore(lock, { logger });
    const start = options.clock.monotonic();
    const { journal, contents } = await openJournal({ directory, logger, clock: options.clock });
    logger.debug('store opened', {
      directory,
      objects: contents.objects.length,
      revision: contents.revision,
      milliseconds: Math.round(options.clock.monotonic() - start),
    });
    return new LockedStore(lock, { ...contents, journal, logger });
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Gives the directory up when it is closed. */
class LockedStore extends MemoryStore {
  readonly #lock: DirectoryLock;

  constructor(lock: DirectoryLock, options: ConstructorParameters<typeof MemoryStore>[0]) {
    super(options);
    this.#lock = lock;
  }

  override async close(): Promise<void> {
    try {
      await super.close();
    } finally {
      this.#lock.release();
    }
  }
}

async function openJournal({
  directory,
  logger,
  clock,
}: Pick<OpenStoreOptions, 'directory' | 'clock'> & { readonly logger: Logger }): Promise<{
  readonly journal: Journal;
  readonly contents: JournalContents;
}> {
  const format = readFormat(directory);
  // Late: an ephemeral store does without them.
  const { draftOf, writeSnapshot } = await import('./snapshot.ts');
  const { openLoggedJournal } = await import('./logged-journal.ts');
  const path = join(directory, snapshotFile);
  const logs = [join(directory, changeFiles[0]), join(directory, changeFiles[1])] as const;
  if (format !== undefined) requireFiles([path, ...logs]);
  // What is written for the first time may have been cut short; the format comes last.
  else if (!existsSync(path)) await writeSnapshot(path, { objects: [], revision: 0 });
  let opened: ReturnType<typeof openLoggedJournal> | undefined;
  try {
    opened = openLoggedJournal({ path, logs, logger, clock });
    rmSync(draftOf(path), { force: true });
    if (format === undefined) writeFormat(directory);
    return opened;
  } catch (error) {
    const found = opened;
    await found?.journal.close(() => found.contents);
    throw error instanceof DamagedRecord ? damaged(error.path, error.fault, error) : error;
  }
}

function requireFiles(paths: readonly string[]): void {
  const missing = paths.find((path) => !existsSync(path));
  if (missing !== undefined) throw damaged(missing, 'the file is missing');
}

/** Undefined if there is none yet. */
function readFormat(directory: string): number | undefined {
  const path = join(directory, formatFile);
  if (!existsSync(path)) return undefined;
  const format = parseFormat(readFileSync(path, 'utf8'));
  if (format === undefined) throw damaged(path, `expected {"format": ${currentFormat}}`);
  if (format < oldestFormat) {
    throw new StoreOpenError(
      'olderFormat',
      `${directory} was written by an older Slipway (format ${format}, this one knows ${currentFormat}); use that version, or another data directory`,
    );
  }
  if (format <= currentFormat) return format;
  throw new StoreOpenError(
    'newerFormat',
    `${directory} was written by a newer Slipway (format ${format}, this one knows ${currentFormat}); use that version, or another data directory`,
  );
}

function parseFormat(text: string): number | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    const format = typeof parsed === 'object' && parsed !== null && 'format' in parsed ? parsed.format : undefined;
    return typeof format === 'number' && Number.isInteger(format) && format > 0 ? format : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function writeFormat(directory: string): void {
  const temporary = join(directory, `${formatFile}.new`);
  const file = openSync(temporary, 'w', 0o600);
  try {
    writeSync(file, `${JSON.stringify({ format: currentFormat })}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, join(directory, formatFile));
  const folder = openSync(directory, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function damaged(path: string, fault: string, cause?: unknown): StoreOpenError {
  return new StoreOpenError(
    'damaged',
    `${path} is damaged: ${fault}; nothing was changed. Restore the directory from a copy, or start with another data directory`,
    { cause },
  );
}
