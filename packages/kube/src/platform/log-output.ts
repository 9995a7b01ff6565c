import { copyFileSync, fstatSync, ftruncateSync, readlinkSync, writeSync } from 'node:fs';

/** Where the lines of a log go. A `Writable` is one. */
export interface LogOutput {
  /** Calls back once, with the cause when nothing of the text counts as written. */
  write(text: string, onWritten: (error?: Error | null) => void): unknown;
}

/**
 * Lets this process outlive what it cannot say. Unheard, an error of these streams would end it, and neither a full disk
 * nor a reader that is gone is worth a cluster. The logger counts its lines that are lost.
 */
export function outliveOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

const usualLimitBytes = 4 * 1024 * 1024;

/**
 * The log that this process was started with as its stderr, and nobody else writes to. What is in it goes to a second
 * file, `.1`, before it grows past the limit. It is copied and not renamed: what Node itself says of a crash goes to the
 * descriptor, and belongs to the newest lines.
 */
export class LogFile implements LogOutput {
  readonly #fd: number;
  readonly #limitBytes: number;

  constructor(fd: number, limitBytes: number = usualLimitBytes) {
    this.#fd = fd;
    this.#limitBytes = limitBytes;
  }

  write(text: string, onWritten: (error?: Error | null) => void): void {
    onWritten(this.#append(Buffer.from(text)));
  }

  #append(bytes: Buffer): Error | undefined {
    try {
      const size = this.#makeRoom(bytes.length);
      const written = writeSync(this.#fd, bytes);
      if (written === bytes.length) return undefined;
      // The last bytes of a disk take a part of a line.
      ftruncateSync(this.#fd, size);
      return new Error(`the disk took ${written} of ${bytes.length} bytes`);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  /** Gives the size of the file, to which so much can be added. */
  #makeRoom(bytes: number): number {
    const { size } = fstatSync(this.#fd);
    if (size === 0 || size + bytes <= this.#limitBytes) return size;
    // Where the file is now: somebody may have moved its folder.
    const path = readlinkSync(`/proc/self/fd/${this.#fd}`);
    copyFileSync(path, `${path}.1`);
    ftruncateSync(this.#fd, 0);
    return 0;
  }
}
