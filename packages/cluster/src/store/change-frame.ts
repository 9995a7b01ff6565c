/**
 * Changes as they stand in a change log: one frame a batch, valid as a whole or not at all. In bytes, numbers little-endian:
 *
 *     0  crc32 of all that follows     4  length of the entries     8  revision of the first one (double)     16  how many
 *     20 entries: length of the key, length of the value and one (0: the key was deleted), key, value
 */
import { crc32 } from 'node:zlib';
import type { JournalEntry } from './journal.ts';

const checkedFrom = 4;
const headerBytes = 20;
const entryHeaderBytes = 8;

/** Frames begin at multiples of this, which a disk writes as a whole: what is found there is a header or is not. */
export const frameAlignment = 512;

export interface Frame {
  readonly first: number;
  readonly last: number;
  /** Where the next one begins. */
  readonly end: number;
  entries(): readonly JournalEntry[];
}

/** The revisions of a batch are consecutive. */
export function encodeFrame(batch: readonly JournalEntry[]): Buffer {
  const sizes = batch.map((entry) => ({ key: Buffer.byteLength(entry.key), value: bytesOf(entry) }));
  const length = sizes.reduce((sum, size) => sum + entryHeaderBytes + size.key + size.value, 0);
  const end = headerBytes + length;
  const bytes = Buffer.allocUnsafeSlow(aligned(end));
  bytes.fill(0, end);
  bytes.writeUInt32LE(length, 4);
  bytes.writeDoubleLE(batch[0]?.revision ?? 0, 8);
  bytes.writeUInt32LE(batch.length, 16);
  let at = headerBytes;
  batch.forEach(({ key, value }, index) => {
    const size = sizes[index] ?? { key: 0, value: 0 };
    bytes.writeUInt32LE(size.key, at);
    bytes.writeUInt32LE(value === undefined ? 0 : size.value + 1, at + 4);
    bytes.write(key, at + entryHeaderBytes);
    if (value !== undefined) bytes.write(value, at + entryHeaderBytes + size.key);
    at += entryHeaderBytes + size.key + size.value;
  });
  bytes.writeUInt32LE(crc32(bytes.subarray(checkedFrom, end)), 0);
  return bytes;
}

/** The value's. */
export function bytesOf(entry: JournalEntry): number {
  entry.bytes ??= entry.value === undefined ? 0 : Buffer.byteLength(entry.value);
  return entry.bytes;
}

/** Undefined where none stands, or none that is whole. */
export function readFrame(bytes: Buffer, at: number): Frame | undefined {
  if (at + headerBytes > bytes.length) return undefined;
  const length = bytes.readUInt32LE(at + 4);
  const first = bytes.readDoubleLE(at + 8);
  const count = bytes.readUInt32LE(at + 16);
  const end = at + headerBytes + length;
  if (count === 0 || !Number.isSafeInteger(first) || first < 1 || end > bytes.length) return undefined;
  if (crc32(bytes.subarray(at + checkedFrom, end)) !== bytes.readUInt32LE(at)) return undefined;
  const body = bytes.subarray(at + headerBytes, end);
  return { first, last: first + count - 1, end: aligned(end), entries: () => readEntries(body, first) };
}

/** The frames of one run from the beginning: each continues the revisions of the one before it. */
export function readRun(bytes: Buffer): readonly Frame[] {
  const frames: Frame[] = [];
  for (let frame = readFrame(bytes, 0); frame !== undefined; frame = readFrame(bytes, frame.end)) {
    const before = frames.at(-1);
    if (before !== undefined && frame.first !== before.last + 1) break;
    frames.push(frame);
  }
  return frames;
}

/** Whether a whole frame stands anywhere that begins with this revision or a later one. */
export function hasFrameFrom(revision: number, bytes: Buffer): boolean {
  for (let at = 0; at + headerBytes <= bytes.length; at += frameAlignment)
    if (bytes.readDoubleLE(at + 8) >= revision && readFrame(bytes, at) !== undefined) return true;
  return false;
}

function readEntries(body: Buffer, first: number): readonly JournalEntry[] {
  const entries: JournalEntry[] = [];
  for (let at = 0; at < body.length;) {
    const keyAt = at + entryHeaderBytes;
    const valueAt = keyAt + body.readUInt32LE(at);
    const marked = body.readUInt32LE(at + 4);
    at = valueAt + Math.max(0, marked - 1);
    entries.push({
      key: body.toString('utf8', keyAt, valueAt),
      revision: first + entries.length,
      value: marked === 0 ? undefined : body.toString('utf8', valueAt, at),
    });
  }
  return entries;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / frameAlignment) * frameAlignment;
}
