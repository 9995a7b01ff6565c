import { spawn } from 'node:child_process';
import { closeSync, constants, fchmodSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';

/** What a process reads: `reader` is the descriptor for the process, to be closed here once it has been started. */
export interface InputPipe {
  readonly writer: Writable;
  readonly reader: number;
}

/** Says who it is and holds a pipe without a name until its input ends. */
const script = `: | { exec 4<&0; read -r pid rest </proc/self/stat; echo "$pid"; read -r never <&3; }`;

/**
 * A pipe that a program can open again as /dev/stdin, also after the last of the input: of one with a name that would wait
 * for another writer for ever, and what Node makes itself are sockets, which nobody can open.
 */
export async function openInputPipe(): Promise<InputPipe> {
  const holder = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore', 'pipe'] });
  const pid = await new Promise<string>((resolve, reject) => {
    holder.once('error', reject);
    holder.once('exit', () => reject(new Error('the program that makes pipes ended before it had made one')));
    holder.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString()));
  });
  try {
    const path = `/proc/${pid.trim()}/fd/4`;
    const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    const reader = openSync(path, constants.O_RDONLY);
    fchmodSync(reader, 0o666);
    return { writer: new Socket({ fd: writer, readable: false, writable: true }), reader };
  } finally {
    holder.stdio[3]?.destroy();
  }
}

export function closeReader(input: InputPipe | undefined): void {
  if (input !== undefined) closeSync(input.reader);
}
