/** How far the log of each container was sent: what a reader comes back with. Pure. */
import { createHash } from 'node:crypto';

/** Which run of the container, in nanoseconds since the epoch, and how many lines of that very time were sent. */
export interface LinePosition {
  readonly run: number;
  readonly at: bigint;
  readonly count: number;
}

/** By the container: its runs are read one after the other. */
export type LogPositions = ReadonlyMap<string, LinePosition>;

/** 6 bytes for the container, 4 for its run, 8 for the time, 2 for the lines of that time. */
const entryBytes = 20;
const keyBytes = 6;
const maximumEntries = 200;
const maximumRun = 2 ** 32 - 1;
const maximumCount = 65_535;
export const maximumPositionLength = Math.ceil((maximumEntries * entryBytes * 4) / 3);

/** Short, because it travels in a URL: containers are known by a part of a hash. */
export function containerKey(id: string): string {
  return createHash('sha256')
    .update(id)
    .digest('hex')
    .slice(0, 2 * keyBytes);
}

/** The newest, where there are more than fit: what is left out has been silent for longest. */
export function encodePositions(positions: LogPositions): string {
  const newest = [...positions]
    .toSorted(([, one], [, other]) => (one.at < other.at ? 1 : one.at > other.at ? -1 : 0))
    .slice(0, maximumEntries);
  const entries = newest.map(([key, { run, at, count }]) => {
    const entry = Buffer.alloc(entryBytes);
    entry.write(key, 'hex');
    entry.writeUInt32BE(Math.min(run, maximumRun), keyBytes);
    entry.writeBigUInt64BE(at, keyBytes + 4);
    entry.writeUInt16BE(Math.min(count, maximumCount), keyBytes + 12);
    return entry;
  });
  return Buffer.concat(entries).toString('base64url');
}

/** Undefined for what is no position. */
export function decodePositions(text: string): LogPositions | undefined {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length % entryBytes !== 0 || bytes.toString('base64url') !== text) return undefined;
  const positions = new Map<string, LinePosition>();
  for (let start = 0; start < bytes.length; start += entryBytes) {
    const key = bytes.toString('hex', start, start + keyBytes);
    const from = start + keyBytes;
    positions.set(key, {
      run: bytes.readUInt32BE(from),
      at: bytes.readBigUInt64BE(from + 4),
      count: bytes.readUInt16BE(from + 12),
    });
  }
  return positions;
}

export interface TimedLine {
  readonly at: bigint;
  /** As it stood before the line. */
  readonly time: string;
  readonly text: string;
}

/** `2026-01-01T00:00:00.123456789Z text`; undefined for the rest of a line that came in parts. */
export function parseLine(line: string): TimedLine | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) ?/.exec(line);
  if (match === null) return undefined;
  const [start, seconds = '', fraction = '', zone = ''] = match;
  const milliseconds = Date.parse(`${seconds}${zone}`);
  if (Number.isNaN(milliseconds) || milliseconds < 0) return undefined;
  const at = BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
  return { at, time: start.trim(), text: line.slice(start.length) };
}

/** For `sinceTime`: whole seconds, which every API server understands; what was sent of that second is left out again. */
export function sinceTimeOf({ at }: LinePosition): string {
  return `${new Date(Number(at / 1_000_000_000n) * 1_000).toISOString().slice(0, 19)}Z`;
}

export function advance(position: LinePosition | undefined, run: number, at: bigint): LinePosition {
  return position?.run === run && position.at === at ? { run, at, count: position.count + 1 } : { run, at, count: 1 };
}
