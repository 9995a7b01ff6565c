/**
 * Looks at an LMDB file before LMDB does: LMDB maps the file and trusts it, so a file cut short or written over would end
 * the process with a bus error or an assertion instead of a message. Every page of both trees is visited; values are left
 * to their checksums.
 *
 * Layout (lmdb 3.5, little-endian): a page begins with a header of 24 bytes (number at 0, flags at 18, then the bytes
 * used for offsets at 20). A meta page goes on with magic, version, address and map size, two records of 48 bytes for the
 * trees of free pages and of data, the last page and the transaction. The offsets of a page's nodes follow its header and
 * count from its end; a node has 8 bytes (child page or size of the data, flags, size of the key), the key, the data.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const headerLength = 24;
const meta = { length: 160, magic: 24, pageSize: 48, freeRoot: 88, dataRoot: 136, transaction: 152 } as const;
const magic = 0xbe_ef_c0_de;
/** The root of an empty tree. */
const noPage = 0xffff_ffff_ffff_ffffn;
const pageFlags = { branch: 1, leaf: 2, overflow: 4 } as const;
/** The data of the node stands on pages of its own. */
const bigData = 1;

/** Pages are read one at a time into the same buffer. */
type ReadPage = (number: number) => Buffer | undefined;

/** What is wrong with the file, or undefined. An empty file is sound: LMDB makes a new database of it. */
export function findLmdbFault(path: string): string | undefined {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    return size === 0 ? undefined : findFault(file, size);
  } finally {
    closeSync(file);
  }
}

function findFault(file: number, size: number): string | undefined {
  const first = readAt(file, Buffer.alloc(meta.length), 0);
  if (first === undefined || first.readUInt32LE(meta.magic) !== magic) return 'it does not begin as a database does';
  const pageSize = first.readUInt32LE(meta.pageSize);
  if (pageSize < 512 || pageSize > 65_536) return `its page size is ${pageSize}`;
  const second = readAt(file, Buffer.alloc(meta.length), pageSize);
  if (second === undefined || second.readUInt32LE(meta.magic) !== magic)
    return 'its second page is not what it should be';
  const isFirstNewer = first.readBigUInt64LE(meta.transaction) >= second.readBigUInt64LE(meta.transaction);
  const newest = isFirstNewer ? first : second;
  const buffer = Buffer.alloc(pageSize);
  const readPage: ReadPage = (number) => readAt(file, buffer, number * pageSize);
  const roots = [newest.readBigUInt64LE(meta.freeRoot), newest.readBigUInt64LE(meta.dataRoot)];
  return findTreeFault(roots.filter((root) => root !== noPage).map(Number), readPage, Math.floor(size / pageSize));
}

function findTreeFault(roots: readonly number[], readPage: ReadPage, pageCount: number): string | undefined {
  const pending = [...roots];
  let visited = 0;
  for (let number = pending.pop(); number !== undefined; number = pending.pop()) {
    visited += 1;
    if (visited > pageCount) return 'its pages refer to each other in a circle';
    const page = number < pageCount ? readPage(number) : undefined;
    if (page === undefined) return `it has ${pageCount} pages and refers to page ${number}`;
    const links = linksOf(page, number);
    if (links === undefined) return `page ${number} is not what it should be`;
    pending.push(...links.children);
    for (const large of links.large) {
      const fault = findOverflowFault(large, readPage, pageCount);
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}

function findOverflowFault(number: number, readPage: ReadPage, pageCount: number): string | undefined {
  const page = number < pageCount ? readPage(number) : undefined;
  if (page === undefined) return `it has ${pageCount} pages and refers to page ${number}`;
  const isOverflow = isPage(page, number) && (page.readUInt16LE(18) & pageFlags.overflow) !== 0;
  if (!isOverflow) return `page ${number} is not what it should be`;
  const end = number + page.readUInt32LE(20);
  return end <= pageCount ? undefined : `it has ${pageCount} pages and refers to page ${end - 1}`;
}

interface Links {
  readonly children: readonly number[];
  /** First pages of large values. */
  readonly large: readonly number[];
}

/** The pages that a page refers to; undefined if it is no page of a tree. */
function linksOf(page: Buffer, number: number): Links | undefined {
  const flags = page.readUInt16LE(18);
  const isBranch = (flags & pageFlags.branch) !== 0;
  if (!isPage(page, number) || isBranch === ((flags & pageFlags.leaf) !== 0)) return undefined;
  const nodes = page.readUInt16LE(20) >> 1;
  const children: number[] = [];
  const large: number[] = [];
  for (let index = 0; index < nodes; index++) {
    const offset = headerLength + index * 2;
    const node = offset + 2 <= page.length ? headerLength + page.readUInt16LE(offset) : page.length;
    if (node + 8 > page.length) return undefined;
    const data = node + 8 + page.readUInt16LE(node + 6);
    if (isBranch) children.push(page.readUIntLE(node, 6));
    else if ((page.readUInt16LE(node + 4) & bigData) !== 0) {
      if (data + 8 > page.length) return undefined;
      large.push(Number(page.readBigUInt64LE(data)));
    } else if (data + page.readUInt32LE(node) > page.length) return undefined;
  }
  return { children, large };
}

function isPage(page: Buffer, number: number): boolean {
  return Number(page.readBigUInt64LE(0)) === number;
}

/** Undefined if the file ends before the buffer is full. */
function readAt(file: number, buffer: Buffer, position: number): Buffer | undefined {
  return readSync(file, buffer, 0, buffer.length, position) === buffer.length ? buffer : undefined;
}
