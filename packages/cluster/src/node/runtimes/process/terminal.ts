import { closeSync, constants, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { ReadStream } from 'node:tty';
import type { TerminalSize } from '../../runtime.ts';
import type { StandardStreams } from './standard-streams.ts';

/** A terminal of the kernel: one end for a process, the other one here. */
export interface Terminal {
  readonly input: Writable;
  /** Ends when no process has the terminal any more. */
  readonly output: Readable;
  /** For the process that is to have it. */
  readonly streams: StandardStreams;
  resize(size: TerminalSize): void;
  /** Whoever still has it is told that the line is gone. */
  close(): void;
}

/** What @lydell/node-pty gives beside the starting of processes, which is done here with namespaces and a report. */
interface Kernel {
  open(columns: number, rows: number): { readonly master: number; readonly slave: number; readonly pty: string };
  resize(master: number, columns: number, rows: number): void;
}

let kernel: Kernel | undefined;

function loadKernel(): Kernel {
  const require = createRequire(import.meta.url);
  kernel ??= require('@lydell/node-pty/requireBinary.js').requireBinary('pty.node') as Kernel;
  return kernel;
}

const initialSize: TerminalSize = { columns: 80, rows: 24 };

/** Throws where the machine gives none. */
export function openTerminal(): Terminal {
  const { open, resize } = loadKernel();
  const { master, slave, pty } = open(initialSize.columns, initialSize.rows);
  // The other one does not wait for input, which is no terminal as programs know it.
  const waiting = openSync(pty, constants.O_RDWR | constants.O_NOCTTY);
  closeSync(slave);
  const line = new ReadStream(master);
  const output = new PassThrough();
  line.on('data', (chunk: Buffer) => {
    if (!output.write(chunk)) line.pause();
  });
  output.on('drain', () => line.resume());
  // How the kernel says that the last process has let go of it.
  line.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EIO') output.destroy(error);
  });
  line.once('close', () => output.end());
  return {
    input: line,
    output,
    streams: { stdin: waiting, stdout: waiting, stderr: waiting, close: () => closeSync(waiting) },
    resize: ({ columns, rows }) => {
      if (!line.destroyed) resize(master, columns, rows);
    },
    close: () => line.destroy(),
  };
}
