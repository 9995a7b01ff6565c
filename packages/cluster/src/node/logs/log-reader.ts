/** Reads a container's log as the API answers it: the end of it, since a time, cut at a number of bytes, followed. */
import type { Files } from '../files.ts';
import type { LogSegment } from './log-files.ts';
import { parseLogLine, type LogLine } from './log-line.ts';

export interface LogOptions {
  readonly follow: boolean;
  readonly tailLines: number | undefined;
  /** Milliseconds since the epoch. */
  readonly since: number | undefined;
  readonly limitBytes: number | undefined;
  readonly timestamps: boolean;
  readonly signal: AbortSignal;
}

export interface LogSource {
  readonly files: Files;
  /** Oldest first; asked again when the end of the last one is reached. */
  readonly segments: () => Promise<readonly LogSegment[]>;
  /** The writer, while the container runs. */
  readonly live: LiveLog | undefined;
}

export interface LiveLog {
  readonly closed: boolean;
  /** It will be closed once the disk has taken what it has. */
  readonly isEnding: boolean;
  /** Its first lines are on their way to the disk. */
  readonly isBeginning: boolean;
  /** Holds nothing back any more. */
  hurry(): void;
  onAppend(listener: () => void): () => void;
}

const blockBytes = 64 * 1024;

export async function* readLog(source: LogSource, options: LogOptions): AsyncGenerator<Uint8Array> {
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  for await (const block of readBlocks(source, options)) {
    const text = formatLines(block, options).subarray(0, left);
    left -= text.length;
    if (text.length > 0) yield text;
    if (left <= 0) return;
  }
}

function formatLines(lines: readonly LogLine[], { since, timestamps }: LogOptions): Buffer {
  const parts = lines
    .filter(({ time }) => since === undefined || Date.parse(time) >= since)
    .flatMap(({ time, content, partial }) => [
      Buffer.from(timestamps ? `${time} ` : ''),
      content,
      Buffer.from(partial ? '' : '\n'),
    ]);
  return Buffer.concat(parts);
}

interface Position {
  readonly sequence: number;
  readonly offset: number;
}

/** Whole lines, block by block. Only one block is held at a time; the reader's pace is the pace. */
async function* readBlocks(source: LogSource, options: LogOptions): AsyncGenerator<readonly LogLine[]> {
  const { live } = source;
  const appended = new Appended(live, options.signal);
  try {
    live?.hurry();
    // Who has heard of the beginning or the end of a container reads what it said; a disk that hangs holds nobody who has left.
    while (isBeingWritten(live) && !options.signal.aborted) await appended.after(appended.version);
    if (options.signal.aborted) return;
    let position = await findStart(source, options.tailLines);
    while (!options.signal.aborted) {
      // Asked before reading: what is appended later wakes us again.
      const ended = live?.closed !== false;
      const seen = appended.version;
      const { lines, next } = await readFrom(source, position);
      const moved = next.sequence !== position.sequence || next.offset !== position.offset;
      position = next;
      if (lines.length > 0) yield lines;
      if (moved) continue;
      if (!options.follow || ended) return;
      await appended.after(seen);
    }
  } finally {
    appended.stop();
  }
}

function isBeingWritten(live: LiveLog | undefined): boolean {
  return live !== undefined && (live.isBeginning || (live.isEnding && !live.closed));
}

async function readFrom(source: LogSource, position: Position): Promise<{ lines: readonly LogLine[]; next: Position }> {
  const segments = await source.segments();
  const segment = segments.find(({ sequence }) => sequence >= position.sequence);
  if (segment === undefined) return { lines: [], next: position };
  const offset = segment.sequence === position.sequence ? position.offset : 0;
  const block = Buffer.from(await source.files.read(segment.path, offset, blockBytes));
  const end = block.lastIndexOf(0x0a) + 1;
  if (end > 0)
    return { lines: parseBlock(block.subarray(0, end)), next: { sequence: segment.sequence, offset: offset + end } };
  const hasNewer = segments.some(({ sequence }) => sequence > segment.sequence);
  return {
    lines: [],
    next: hasNewer ? { sequence: segment.sequence + 1, offset: 0 } : { sequence: segment.sequence, offset },
  };
}

function parseBlock(block: Buffer): readonly LogLine[] {
  const lines: LogLine[] = [];
  let start = 0;
  for (let end = block.indexOf(0x0a); end >= 0; end = block.indexOf(0x0a, start)) {
    const line = parseLogLine(block.subarray(start, end));
    if (line !== undefined) lines.push(line);
    start = end + 1;
  }
  return lines;
}

/** Counts line breaks from the end, block by block. */
async function findStart({ files, segments }: LogSource, tailLines: number | undefined): Promise<Position> {
  const all = await segments();
  const first = { sequence: all[0]?.sequence ?? 0, offset: 0 };
  if (tailLines === undefined) return first;
  let wanted = tailLines + 1;
  for (const segment of all.toReversed()) {
    for (let end = (await files.size(segment.path)) ?? 0; end > 0; end -= Math.min(end, blockBytes)) {
      const start = Math.max(0, end - blockBytes);
      const block = Buffer.from(await files.read(segment.path, start, end - start));
      for (let at = block.lastIndexOf(0x0a); at >= 0; at = at === 0 ? -1 : block.lastIndexOf(0x0a, at - 1)) {
        wanted--;
        if (wanted === 0) return { sequence: segment.sequence, offset: start + at + 1 };
      }
    }
  }
  return first;
}

/** Waits for the writer without missing what it wrote meanwhile. */
class Appended {
  version = 0;
  #wake: (() => void) | undefined;
  readonly #unsubscribe: () => void;
  readonly #signal: AbortSignal;

  constructor(live: LiveLog | undefined, signal: AbortSignal) {
    this.#signal = signal;
    this.#unsubscribe = live?.onAppend(() => this.#advance()) ?? (() => undefined);
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  readonly #onAbort = (): void => this.#advance();

  #advance(): void {
    this.version++;
    this.#wake?.();
  }

  async after(version: number): Promise<void> {
    if (this.version !== version || this.#signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }

  stop(): void {
    this.#unsubscribe();
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}
