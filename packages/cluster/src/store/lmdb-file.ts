/**
 * Looks at an LMDB file before LMDB does: LMDB maps the file and trusts it, so a file cut short would end the process with
 * a bus error instead of a message. Only the two meta pages are read. Layout: a page header of 24 bytes, then magic,
 * version, address and map size, two database records of 48 bytes, the number of the last page and the transaction.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const magic = 0xbe_ef_c0_de;
const metaLength = 160;
const offsets = { magic: 24, pageSize: 48, lastPage: 144, transaction: 152 } as const;

/**
 * Pages that the end of a sound file may lack: one that was taken and given back within a transaction is counted and
 * never written.
 */
const maxUnwrittenPages = 4;

/** What is wrong with the file, or undefined. An empty file is sound: LMDB makes a new database of it. */
export function findLmdbFault(path: string): string | undefined {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (size === 0) return undefined;
    return findFault(size, (length, position) => readAt(file, length, position));
  } finally {
    closeSync(file);
  }
}

function findFault(size: number, read: (length: number, position: number) => Buffer): string | undefined {
  const first = read(metaLength, 0);
  if (!isMeta(first)) return 'it does not begin as a database file does';
  const pageSize = first.readUInt32LE(offsets.pageSize);
  if (pageSize < 512 || pageSize > 65_536) return `its page size is ${pageSize}`;
  const second = read(metaLength, pageSize);
  if (!isMeta(second)) return 'its second page is not what it should be';
  const newest =
    first.readBigUInt64LE(offsets.transaction) >= second.readBigUInt64LE(offsets.transaction) ? first : second;
  const expected = (Number(newest.readBigUInt64LE(offsets.lastPage)) + 1) * pageSize;
  if (size + maxUnwrittenPages * pageSize < expected) return `it has ${size} bytes and should have ${expected}`;
  return undefined;
}

function isMeta(page: Buffer): boolean {
  return page.length === metaLength && page.readUInt32LE(offsets.magic) === magic;
}

function readAt(file: number, length: number, position: number): Buffer {
  const buffer = Buffer.alloc(length);
  return buffer.subarray(0, readSync(file, buffer, 0, length, position));
}
