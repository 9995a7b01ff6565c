import type { Readable } from 'node:stream';
import type { Clock } from '@slipway/kube/clock';
import { StartError, type ExecResult } from '../../runtime.ts';
import { exitCodeOf, startProcess } from './contained-process.ts';
import type { Launch } from './isolation.ts';
import { signalIfRunning } from './signal.ts';

const outputLimit = 64 * 1024;

/** Runs a process to its end, or kills it and what it started when the time is over. */
export async function runInside(
  launch: Launch,
  options: { readonly timeoutMilliseconds: number; readonly clock: Clock },
): Promise<ExecResult> {
  const child = startProcess(launch);
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  let timedOut = false;
  const cancel = options.clock.schedule(options.timeoutMilliseconds, () => {
    timedOut = true;
    if (child.pid !== undefined) signalIfRunning(-child.pid, 'SIGKILL');
    // A process that left the group may hold the pipes.
    child.stdout?.destroy();
    child.stderr?.destroy();
  });
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', (error) =>
        reject(new StartError('StartError', `"${launch.file}" cannot be started: ${error.message}`, { cause: error })),
      );
      child.once('close', (code, signal) => resolve(exitCodeOf(code, signal)));
    });
    return { exitCode, stdout: stdout(), stderr: stderr(), timedOut };
  } finally {
    cancel();
  }
}

/** The first 64 KiB; the rest is read and dropped, so that the process does not block. */
function collect(stream: Readable | null): () => Uint8Array {
  const chunks: Uint8Array[] = [];
  let size = 0;
  stream?.on('data', (chunk: Uint8Array) => {
    const kept = chunk.subarray(0, outputLimit - size);
    size += kept.length;
    if (kept.length > 0) chunks.push(kept);
  });
  return () => Buffer.concat(chunks);
}
