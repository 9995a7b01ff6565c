import type { Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import type { Files } from '../files.ts';
import { listSegments, segmentPath } from './log-files.ts';
import { formatLogLine, formatLogTime } from './log-line.ts';

export const logLimits = {
  /** The kubelet's containerLogMaxSize and containerLogMaxFiles. */
  segmentBytes: 10 * 1024 * 1024,
  segments: 5,
  /** A longer line is written in parts. */
  lineBytes: 16 * 1024,
  /** What may wait for the disk before a runtime is asked to pause, and before output is dropped. */
  pauseBytes: 1024 * 1024,
  dropBytes: 4 * 1024 * 1024,
} as const;

export interface LogWriterOptions {
  readonly files: Files;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly directory: string;
  readonly attempt: number;
  /** What the first lines wait for, if nobody reads: a file is made for them. Absent: nothing. */
  readonly whenCalm?: (() => Promise<void>) | undefined;
  readonly limits?: typeof logLimits | Readonly<Record<keyof typeof logLimits, number>>;
}

type Stream = 'stdout' | 'stderr';

/** Writes one instance's output to its segments, in batches, and tells readers when there is more. */
export class LogWriter {
  readonly #options: LogWriterOptions;
  readonly #limits: Readonly<Record<keyof typeof logLimits, number>>;
  readonly #rest: Record<Stream, Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  readonly #listeners = new Set<() => void>();
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #droppedBytes = 0;
  /** The disk did not take the last batch: an outage is logged when it begins, not for every batch. */
  #isFailing = false;
  #draining: Promise<void> | undefined;
  #sequence: number | undefined;
  #size = 0;
  #isEnding = false;
  #beginning: 'due' | 'underWay' | 'done' = 'due';
  readonly #hurry = Promise.withResolvers<void>();

  constructor(options: LogWriterOptions) {
    this.#options = options;
    this.#limits = options.limits ?? logLimits;
  }

  get closed(): boolean {
    return this.#isEnding && this.#draining === undefined;
  }

  /** It takes nothing any more; what it has may still be on its way to the disk. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** The first lines are still on their way to the disk. */
  get isBeginning(): boolean {
    return this.#beginning === 'underWay';
  }

  /** Nothing is held back any more. */
  hurry(): void {
    this.#hurry.resolve();
  }

  /** The returned promise resolves once there is room for more. */
  write(stream: Stream, chunk: Uint8Array): void | Promise<void> {
    if (this.#isEnding || this.#options.files.discards) return;
    const bytes = Buffer.concat([this.#rest[stream], chunk]);
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
      this.#addLine(stream, bytes.subarray(start, end));
      start = end + 1;
    }
    this.#rest[stream] = this.#addParts(stream, bytes.subarray(start));
    if (this.#pendingBytes > 0) this.#draining ??= this.#drain();
    if (this.#pendingBytes <= this.#limits.pauseBytes) return undefined;
    this.hurry();
    return this.#draining;
  }

  /** Writes what is left. Nothing is accepted any more. */
  async close(): Promise<void> {
    this.hurry();
    if (!this.#isEnding) {
      this.#isEnding = true;
      for (const stream of ['stdout', 'stderr'] as const) {
        if (this.#rest[stream].length > 0) this.#addLine(stream, this.#rest[stream]);
        this.#rest[stream] = Buffer.alloc(0);
      }
      if (this.#pendingBytes > 0) this.#draining ??= this.#drain();
    }
    await this.#draining;
    this.#notify();
  }

  /** Calls back after more has been written, and after the end. */
  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #addLine(stream: Stream, line: Buffer): void {
    this.#add(stream, this.#addParts(stream, line), false);
  }

  /** Adds what is more than one line may hold and returns the rest. */
  #addParts(stream: Stream, line: Buffer): Buffer {
    let start = 0;
    for (; line.length - start > this.#limits.lineBytes; start += this.#limits.lineBytes) {
      this.#add(stream, line.subarray(start, start + this.#limits.lineBytes), true);
    }
    return line.subarray(start);
  }

  #add(stream: Stream, content: Buffer, partial: boolean): void {
    const time = formatLogTime(this.#options.clock.now());
    if (this.#pendingBytes > this.#limits.dropBytes) {
      this.#droppedBytes += content.length;
      return;
    }
    if (this.#droppedBytes > 0) {
      const note = Buffer.from(`[${this.#droppedBytes} bytes of output were dropped: the disk could not keep up]`);
      this.#droppedBytes = 0;
      this.#push(formatLogLine({ time, stream: 'stderr', partial: false, content: note }));
    }
    this.#push(formatLogLine({ time, stream, partial, content }));
  }

  #push(line: Buffer): void {
    this.#pending.push(line);
    this.#pendingBytes += line.length;
  }

  async #drain(): Promise<void> {
    await this.#gather();
    while (this.#pending.length > 0) {
      const batch = Buffer.concat(this.#pending);
      this.#pending = [];
      this.#pendingBytes = 0;
      try {
        await this.#append(batch);
        this.#isFailing = false;
      } catch (error) {
        this.#droppedBytes += batch.length;
        if (!this.#isFailing)
          this.#options.logger.error('A container log cannot be written: output is dropped until it can', {
            directory: this.#options.directory,
            error,
          });
        this.#isFailing = true;
      }
      this.#beginning = 'done';
      this.#notify();
    }
    this.#draining = undefined;
  }

  /** Everything that is written within one turn of the event loop goes to the disk at once. */
  async #gather(): Promise<void> {
    if (this.#beginning !== 'due') return Promise.resolve();
    this.#beginning = 'underWay';
    return Promise.race([this.#options.whenCalm?.(), this.#hurry.promise]);
  }

  async #append(batch: Buffer): Promise<void> {
    const { files, directory, attempt } = this.#options;
    const sequence = this.#sequence ?? (await this.#open());
    await files.append(segmentPath(directory, attempt, sequence), batch);
    this.#size += batch.length;
    if (this.#size < this.#limits.segmentBytes) return;
    this.#sequence = sequence + 1;
    this.#size = 0;
    await files.remove(segmentPath(directory, attempt, this.#sequence - this.#limits.segments));
  }

  /** Goes on after what an agent before this one wrote of the same instance. */
  async #open(): Promise<number> {
    const { files, directory, attempt } = this.#options;
    await files.makeDirectory(directory);
    const last = (await listSegments(files, directory)).findLast((segment) => segment.attempt === attempt);
    this.#sequence = last?.sequence ?? 0;
    this.#size = last === undefined ? 0 : ((await files.size(last.path)) ?? 0);
    return this.#sequence;
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}
