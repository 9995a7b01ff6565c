import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { StandardStreams } from './standard-streams.ts';
import { closeReader, type InputPipe } from './input-pipe.ts';
import { runToEnd } from './run-to-end.ts';

/** What a process writes: `writer` is the descriptor for the process, to be closed here once it has been started. */
export interface OutputPipe {
  readonly reader: Readable;
  readonly writer: number;
}

export interface Output {
  readonly stdout: OutputPipe;
  readonly stderr: OutputPipe;
}

const batchSize = 64;
const lowMark = 16;

/**
 * Pipes of the kernel for what processes write. The ones that Node makes are sockets, and a program that opens its
 * /dev/stdout, or /proc/1/fd/1 of its container, cannot open a socket. A pipe that processes can be given has a name
 * for a moment; names are made ahead, many by one `mkfifo`, and any user may open them, as one does who left root behind.
 */
export class OutputPipes {
  private readonly directory: string;
  private readonly names: string[] = [];
  private made = 0;
  private making: Promise<void> | undefined;

  /** `directory` is made anew. */
  constructor(directory: string) {
    this.directory = directory;
  }

  async start(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
    await mkdir(this.directory, { mode: 0o700 });
    this.makeAhead();
  }

  async take(): Promise<Output> {
    while (this.names.length < 2) await this.make();
    const output = { stdout: openPipe(this.names.pop() ?? ''), stderr: openPipe(this.names.pop() ?? '') };
    if (this.names.length < lowMark) this.makeAhead();
    return output;
  }

  async stop(): Promise<void> {
    await this.making?.catch(() => undefined);
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Who takes one and finds none makes them and hears why that fails. */
  private makeAhead(): void {
    this.make().catch(() => undefined);
  }

  private make(): Promise<void> {
    this.making ??= this.makeBatch().finally(() => (this.making = undefined));
    return this.making;
  }

  private async makeBatch(): Promise<void> {
    const names = Array.from({ length: batchSize }, () => join(this.directory, String((this.made += 1))));
    await runToEnd('mkfifo', ['-m', '0666', '--', ...names]);
    this.names.push(...names);
  }
}

/** The reading end does not wait for a writer; after it the writing end finds a reader and does not wait either. */
function openPipe(name: string): OutputPipe {
  const reader = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(name, constants.O_WRONLY);
  unlinkSync(name);
  return { reader: new Socket({ fd: reader, readable: true, writable: false }), writer };
}

/** For a process that is to write there, and to read from `input` if that is given. */
export function writersOf({ stdout, stderr }: Output, input?: InputPipe): StandardStreams {
  return {
    stdin: input?.reader ?? 'ignore',
    stdout: stdout.writer,
    stderr: stderr.writer,
    close: () => {
      closeSync(stdout.writer);
      closeSync(stderr.writer);
      closeReader(input);
    },
  };
}

/** Resolves when nobody can write any more and all of it has been read. */
export async function endOfOutput({ stdout, stderr }: Output): Promise<void> {
  await Promise.all([closed(stdout.reader), closed(stderr.reader)]);
}

function closed(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.closed) resolve();
    else stream.once('close', resolve);
  });
}
