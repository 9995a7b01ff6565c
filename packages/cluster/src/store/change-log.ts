import { chmodSync, closeSync, constants, openSync, readFileSync, write } from 'node:fs';
import { encodeFrame, frameAlignment, type Frame, hasFrameFrom, readRun } from './change-frame.ts';
import { DiskReserve } from './disk-reserve.ts';
import type { JournalEntry } from './journal.ts';

export interface LogContents {
  readonly frames: readonly Frame[];
  /** Whether a frame of that revision or a later one stands where they have ended: one between was lost. */
  hasFrameFrom(revision: number): boolean;
}

const blank = Buffer.alloc(frameAlignment);

/**
 * A file of changes in the order of their revisions, written from its beginning again and again. What an earlier run has
 * left behind the newest has older revisions, and so does not continue it.
 */
export class ChangeLog {
  readonly path: string;
  readonly #fd: number;
  readonly #reserve: DiskReserve;
  #end = 0;

  constructor(path: string) {
    this.path = path;
    const { O_RDWR, O_CREAT, O_DSYNC } = constants;
    // A write has then been flushed when it is done, with one way to the disk and one to the thread that waits for it.
    this.#fd = openSync(path, O_RDWR | O_CREAT | O_DSYNC, 0o600);
    chmodSync(path, 0o600);
    this.#reserve = new DiskReserve(path);
  }

  /** Bytes of what it holds. */
  get length(): number {
    return this.#end;
  }

  /** What it holds; the next frame goes behind it. */
  read(): LogContents {
    const bytes = readFileSync(this.path);
    const frames = readRun(bytes);
    this.#end = frames.at(-1)?.end ?? 0;
    return { frames, hasFrameFrom: (revision) => hasFrameFrom(revision, bytes.subarray(this.#end)) };
  }

  /** Resolves when the batch would survive the end of the machine; rejects when nothing of it was kept. */
  async append(batch: readonly JournalEntry[]): Promise<void> {
    const frame = encodeFrame(batch);
    const extended = this.#reserve.take(frame.length, () => this.#end);
    if (extended !== undefined) await extended;
    try {
      await this.#write(frame);
    } catch (error) {
      await this.#takeBack(error);
      throw error;
    }
    this.#end += frame.length;
  }

  /** What it holds is no longer needed. */
  rewind(): void {
    this.#end = 0;
  }

  close(): void {
    this.#reserve.close();
    closeSync(this.#fd);
  }

  /** The frame may stand there all the same. */
  async #takeBack(cause: unknown): Promise<void> {
    try {
      await this.#write(blank);
    } catch (error) {
      throw new AggregateError([cause, error], 'a batch was not written, and may stand there still', {
        cause: error,
      });
    }
  }

  async #write(bytes: Buffer): Promise<void> {
    for (let done = 0; done < bytes.length;) done += await this.#writePart(bytes, done);
  }

  #writePart(bytes: Buffer, from: number): Promise<number> {
    return new Promise((resolve, reject) => {
      write(this.#fd, bytes, from, bytes.length - from, this.#end + from, (error, written) => {
        if (error === null) resolve(written);
        else reject(error);
      });
    });
  }
}
