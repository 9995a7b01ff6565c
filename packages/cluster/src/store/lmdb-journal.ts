import { chmodSync, closeSync, openSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { asBinary, open, type RootDatabase } from 'lmdb';
import { bytesOf } from './change-frame.ts';
import { describeDiskFailure } from './disk-failure.ts';
import { DiskReserve } from './disk-reserve.ts';
import { whenAllIsSaid } from '@slipway/kube/turns';
import { DamagedRecord, type JournalContents, type JournalEntry, type SettledJournal } from './journal.ts';
import { type StoredObject, StoreUnavailable } from './store.ts';

/** Keys of objects begin with `/`. */
const revisionKey = 'revision';

/** Never there. Objects' keys begin with `/`. */
const noKey = 'none';

/** LMDB's limit; the longest key of a Kubernetes object has about 640 bytes. */
const maxKeyBytes = 1_900;

/** It is read as text and written as bytes. */
type Value = string | ReturnType<typeof asBinary>;

const databaseOptions = {
  noSubdir: true,
  encoding: 'string',
  // The batch's own promise then means flushed, and is the only one: with either of these on, lmdb makes a second
  // promise for a failed commit that no caller can handle.
  overlappingSync: false,
  eventTurnBatching: false,
  // By itself a transaction begins in the next turn of the event loop, which may be long in coming; the second write
  // begins it at once. https://github.com/kriszyp/lmdb-js#lmdb-flags-and-settings
  txnStartThreshold: 1,
} as const;

/**
 * Keeps the store in LMDB: one transaction a batch, flushed before it counts. A record is
 * `<revision> <crc32 of the value>\n<value>`; the revision of the whole store is a record of its own, written by every
 * batch, so that deletions count too.
 */
export class LmdbJournal implements SettledJournal {
  readonly #path: string;
  readonly #database: RootDatabase<Value, string>;
  readonly #reserve: DiskReserve;

  constructor(path: string) {
    this.#path = path;
    // LMDB would let everybody read them: there are Secrets in it.
    for (const file of [path, `${path}-lock`]) makePrivate(file);
    this.#database = open<Value, string>({ path, ...databaseOptions });
    this.#reserve = new DiskReserve(path);
  }

  load(): JournalContents {
    const objects: StoredObject[] = [];
    let revision = 0;
    for (const { key, value } of this.#database.getRange({})) {
      if (key === revisionKey) revision = Number(value);
      else objects.push(parseRecord(key, String(value)));
    }
    if (!Number.isSafeInteger(revision)) throw new DamagedRecord(revisionKey, 'it is not a number');
    const ahead = objects.find((object) => object.revision > revision);
    if (ahead !== undefined) throw new DamagedRecord(ahead.key, `its revision is past ${revision}, the newest`);
    return { objects, revision };
  }

  /**
   * A flush takes long, and those in this process who answer the batch before do so before anything else happens: some of
   * them only when they know all that this turn brings, so they come first. Whoever comes by a socket has a turn of his own;
   * a turn may be longer than a flush, and is not waited for.
   */
  async gather(): Promise<void> {
    await whenAllIsSaid();
    await whenAllIsSaid();
  }

  async append(batch: readonly JournalEntry[]): Promise<void> {
    requireStorableKeys(batch);
    const lengths = batch.map(bytesOf);
    const bytes = boundOf(batch, lengths);
    try {
      const extended = this.#reserve.take(bytes, () => this.#usedBytes());
      // Begun within this turn where it can be: the next one may be long in coming.
      if (extended !== undefined) await extended;
      const records = recordsOf(batch, lengths);
      // One promise, unless there was something to commit already; removing what is not there changes nothing.
      await Promise.all([this.#database.batch(() => this.#put(batch, records)), this.#database.remove(noKey)]);
    } catch (error) {
      const cause = await commitErrorOf(error);
      throw new StoreUnavailable(describeDiskFailure({ path: this.#path, needed: bytes, cause }), { cause });
    }
  }

  async close(): Promise<void> {
    await this.#database.close();
    this.#reserve.close();
  }

  #usedBytes(): number {
    const { lastPageNumber, pageSize } = this.#database.getStats() as StoreStatistics;
    return (lastPageNumber + 1) * pageSize;
  }

  #put(batch: readonly JournalEntry[], records: readonly (Buffer | undefined)[]): void {
    for (const [index, { key }] of batch.entries()) {
      const record = records[index];
      if (record === undefined) void this.#database.remove(key);
      else void this.#database.put(key, asBinary(record));
    }
    const last = batch.at(-1);
    if (last !== undefined) void this.#database.put(revisionKey, String(last.revision));
  }
}

/** Throws `StoreUnavailable` for a key that would be refused each time it is tried. */
export function requireStorableKeys(batch: readonly JournalEntry[]): void {
  const tooLong = batch.find(({ key }) => 3 * key.length > maxKeyBytes && Buffer.byteLength(key) > maxKeyBytes);
  if (tooLong !== undefined)
    throw new StoreUnavailable(`a key of ${tooLong.key.length} characters is too long to be stored: ${tooLong.key}`);
}

interface StoreStatistics {
  readonly lastPageNumber: number;
  readonly pageSize: number;
}

const pageBytes = 4096;
/** Branches, the list of free pages, and the record of the revision. */
const pagesOfBatch = 16;
/** The leaf with the record, written anew, and a second one where it no longer fits; besides the pages of its value. */
const pagesOfEntry = 2;

/** What a batch can at most add to the file: LMDB never writes over a page, and may have no free ones. */
function boundOf(batch: readonly JournalEntry[], lengths: readonly number[]): number {
  let pages = pagesOfBatch;
  for (const [index, { key }] of batch.entries())
    pages += Math.ceil((3 * key.length + (lengths[index] ?? 0)) / pageBytes) + pagesOfEntry;
  return pages * pageBytes;
}

/** As long as `<revision> <crc32>\n` can be. */
const maxHeaderBytes = 32;

/**
 * All records of a batch one after the other in one piece of memory, since to make each a text, bytes and the address of
 * these takes longer than to write it. Undefined for a deletion.
 */
function recordsOf(batch: readonly JournalEntry[], lengths: readonly number[]): readonly (Buffer | undefined)[] {
  const total = lengths.reduce((sum, length) => sum + length + maxHeaderBytes, 0);
  const memory = Buffer.allocUnsafeSlow(total);
  let at = 0;
  return batch.map(({ value, revision }, index) => {
    if (value === undefined) return undefined;
    const [begin, end] = [at + maxHeaderBytes, at + maxHeaderBytes + (lengths[index] ?? 0)];
    memory.write(value, begin);
    const header = `${revision} ${crc32(memory.subarray(begin, end))}\n`;
    memory.write(header, begin - header.length, 'latin1');
    at = end;
    return memory.subarray(begin - header.length, end);
  });
}

function makePrivate(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}

/** lmdb gives the cause of a failed commit as a second promise, which rejects with it. */
async function commitErrorOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error;
  try {
    await error.commitError;
    return error;
  } catch (cause) {
    return cause;
  }
}

function parseRecord(key: string, record: string): StoredObject {
  const end = record.indexOf('\n');
  const header = /^(\d+) (\d+)$/.exec(record.slice(0, Math.max(0, end)));
  if (header === null) throw new DamagedRecord(key, 'its header is not readable');
  const value = record.slice(end + 1);
  if (crc32(value) !== Number(header[2])) throw new DamagedRecord(key, 'its checksum does not match');
  return { key, value, revision: Number(header[1]) };
}
