/**
 * All objects at one revision, in a file of their own, which is written anew as a whole and takes the place of the one before
 * it only then. In bytes, numbers little-endian:
 *
 *     0 `slipway\n`    8 crc32 of the next 16    12 revision (double)    20 how many objects (double)    28 blocks
 *     block:  0 crc32 of all that follows    4 length of the entries    8 entries
 *     entry:  0 revision (double)    8 length of the key    12 length of the value    16 key    value
 */
import { closeSync, fchmodSync, fstatSync, openSync, readSync } from 'node:fs';
import { open, rename, rm, statfs, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { bytesOf } from './change-frame.ts';
import { DamagedRecord, type JournalContents } from './journal.ts';
import type { StoredObject } from './store.ts';

const mark = Buffer.from('slipway\n');
const headerBytes = 28;
const blockHeaderBytes = 8;
const entryHeaderBytes = 16;
/** So long is a block before the next one begins: nothing else happens in this process while it is made. */
const blockBytes = 128 * 1024;
/** Written before the disk is waited for: whoever else waits for it does so for no longer than this takes. */
const flushedBytes = 4 * 1024 * 1024;

export interface SnapshotPace {
  /**
   * Resolves when the next block may be written, with whether there is so much time that each may wait for the disk, which
   * has little to do at once then; rejects to give it up. Absent: there is none.
   */
  readonly rest?: (() => Promise<boolean>) | undefined;
}

/**
 * Writes what there is at this moment, whatever is written meanwhile. Resolves with its bytes once it would survive the end of
 * the machine. Rejects when it could not be written: the one before it is what there is then.
 */
export async function writeSnapshot(
  path: string,
  { objects, revision }: JournalContents,
  { rest }: SnapshotPace = {},
): Promise<number> {
  const draft = draftOf(path);
  await requireRoom(path, objects);
  const file = await open(draft, 'w', 0o600);
  let written = 0;
  try {
    let unflushed = 0;
    for (const block of blocksOf(objects, revision)) {
      const isCalm = written > 0 && (await rest?.()) === true;
      await writeWhole(file, block);
      written += block.length;
      unflushed += block.length;
      if (!isCalm && unflushed < flushedBytes) continue;
      await file.datasync();
      unflushed = 0;
    }
    await file.sync();
  } catch (error) {
    await file.close();
    await rm(draft, { force: true });
    throw error;
  }
  await file.close();
  await rename(draft, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
  return written;
}

/** The one that is being written. */
export function draftOf(path: string): string {
  return `${path}.new`;
}

/** Throws a `DamagedRecord`. */
export function readSnapshot(path: string): JournalContents & { readonly bytes: number } {
  const fd = openSync(path, 'r');
  try {
    // What others may read of it was not written by us.
    fchmodSync(fd, 0o600);
    return read(new SnapshotReader(fd, path));
  } finally {
    closeSync(fd);
  }
}

function read(reader: SnapshotReader): JournalContents & { readonly bytes: number } {
  const header = reader.take(headerBytes);
  if (!header.subarray(0, mark.length).equals(mark)) throw reader.fault('it does not begin as one');
  if (crc32(header.subarray(12)) !== header.readUInt32LE(8))
    throw reader.fault('the checksum of its header does not match');
  const revision = header.readDoubleLE(12);
  const count = header.readDoubleLE(20);
  const objects: StoredObject[] = [];
  while (objects.length < count) readBlock(reader, revision, objects);
  if (reader.left > 0 || objects.length !== count)
    throw reader.fault(
      `it holds ${reader.left > 0 ? 'more than' : objects.length + ' objects instead of'} ${count} objects`,
    );
  return { objects, revision, bytes: reader.position };
}

function readBlock(reader: SnapshotReader, newest: number, objects: StoredObject[]): void {
  const header = reader.take(blockHeaderBytes);
  const [checksum, length] = [header.readUInt32LE(0), header.readUInt32LE(4)];
  const entries = reader.take(length);
  if (length === 0 || crc32(entries, crc32(lengthBytes(length))) !== checksum)
    throw reader.fault(`the checksum of what ends at byte ${reader.position} does not match`);
  for (let at = 0; at < length;) {
    const keyAt = at + entryHeaderBytes;
    const valueAt = keyAt + entries.readUInt32LE(at + 8);
    const end = valueAt + entries.readUInt32LE(at + 12);
    const key = entries.toString('utf8', keyAt, valueAt);
    const revision = entries.readDoubleLE(at);
    if (revision > newest) throw reader.fault(`the revision of ${key} is past ${newest}, the newest`);
    objects.push({ key, value: entries.toString('utf8', valueAt, end), revision });
    at = end;
  }
}

/** One piece after the other: a large file need not fit into memory twice. */
class SnapshotReader {
  readonly #fd: number;
  readonly #path: string;
  readonly #size: number;
  #memory = Buffer.allocUnsafeSlow(2 * blockBytes);
  #position = 0;

  constructor(fd: number, path: string) {
    this.#fd = fd;
    this.#path = path;
    this.#size = fstatSync(fd).size;
  }

  get position(): number {
    return this.#position;
  }

  get left(): number {
    return this.#size - this.#position;
  }

  /** As long as nothing else is taken. */
  take(bytes: number): Buffer {
    if (bytes > this.left) throw this.fault(`it ends at byte ${this.#size}, before its end`);
    if (bytes > this.#memory.length) this.#memory = Buffer.allocUnsafeSlow(bytes);
    for (let done = 0; done < bytes;) {
      const length = readSync(this.#fd, this.#memory, done, bytes - done, this.#position + done);
      if (length === 0) throw this.fault(`it could not be read past byte ${this.#position + done}`);
      done += length;
    }
    this.#position += bytes;
    return this.#memory.subarray(0, bytes);
  }

  fault(what: string): DamagedRecord {
    return new DamagedRecord(this.#path, what);
  }
}

function* blocksOf(objects: readonly StoredObject[], revision: number): Iterable<Buffer> {
  const header = headerOf(objects.length, revision);
  if (objects.length === 0) yield header;
  let from = 0;
  let length = 0;
  for (const [index, object] of objects.entries()) {
    length += entryBytes(object);
    if (length < blockBytes && index < objects.length - 1) continue;
    const block = blockOf(objects.slice(from, index + 1), length);
    yield from === 0 ? Buffer.concat([header, block]) : block;
    from = index + 1;
    length = 0;
  }
}

function headerOf(count: number, revision: number): Buffer {
  const header = Buffer.alloc(headerBytes);
  mark.copy(header);
  header.writeDoubleLE(revision, 12);
  header.writeDoubleLE(count, 20);
  header.writeUInt32LE(crc32(header.subarray(12)), 8);
  return header;
}

function blockOf(objects: readonly StoredObject[], length: number): Buffer {
  const block = Buffer.allocUnsafeSlow(blockHeaderBytes + length);
  block.writeUInt32LE(length, 4);
  let at = blockHeaderBytes;
  for (const object of objects) {
    const { key, value, revision } = object;
    block.writeDoubleLE(revision, at);
    const keyBytes = block.write(key, at + entryHeaderBytes);
    block.writeUInt32LE(keyBytes, at + 8);
    block.writeUInt32LE(bytesOf(object), at + 12);
    at += entryHeaderBytes + keyBytes;
    at += block.write(value, at);
  }
  block.writeUInt32LE(crc32(block.subarray(4)), 0);
  return block;
}

function entryBytes(object: StoredObject): number {
  return entryHeaderBytes + Buffer.byteLength(object.key) + bytesOf(object);
}

function lengthBytes(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(length);
  return bytes;
}

/** A full disk is seen before all of it is filled with what must be thrown away again. */
async function requireRoom(path: string, objects: readonly StoredObject[]): Promise<void> {
  let needed = headerBytes + blockHeaderBytes;
  for (const object of objects) needed += entryHeaderBytes + object.key.length + bytesOf(object);
  const { bavail, bsize } = await statfs(dirname(path));
  if (needed > bavail * bsize) throw new NoRoomError(needed, bavail * bsize);
}

/** As a disk says it. */
class NoRoomError extends Error {
  readonly code = 'ENOSPC';

  constructor(needed: number, free: number) {
    super(`all that is stored takes ${needed} bytes, and ${free} are free`);
    this.name = 'NoRoomError';
  }
}

async function writeWhole(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length;) done += (await file.write(bytes, done)).bytesWritten;
}
