import type { Readable } from 'node:stream';
import type { Clock } from '@slipway/kube/clock';
import type { ExecResult } from '../../runtime.ts';
import { endOf, notStarted, startProcess } from './contained-process.ts';
import type { Launch } from './isolation.ts';
import { endOfOutput, writersOf, type OutputPipes } from './output-pipes.ts';
import { signalIfRunning } from './signal.ts';

const outputLimit = 64 * 1024;

export interface InsideOptions {
  readonly timeoutMilliseconds: number;
  readonly clock: Clock;
  readonly pipes: OutputPipes;
}

/** Runs a process to its end, or kills it and what it started when the time is over. */
export async function runInside(
  launch: Launch,
  { timeoutMilliseconds, clock, pipes }: InsideOptions,
): Promise<ExecResult> {
  const output = await pipes.take();
  const stdout = collect(output.stdout.reader);
  const stderr = collect(output.stderr.reader);
  const child = startProcess(launch, writersOf(output));
  const outputEnded = endOfOutput(output);
  let timedOut = false;
  const cancel = clock.schedule(timeoutMilliseconds, () => {
    timedOut = true;
    if (child.pid !== undefined) signalIfRunning(-child.pid, 'SIGKILL');
    // A process that left the group may hold the pipes.
    output.stdout.reader.destroy();
    output.stderr.reader.destroy();
  });
  try {
    const exitCode = await endOf(child).catch((error: Error) => {
      throw notStarted(launch, error);
    });
    await outputEnded;
    return { exitCode, stdout: stdout(), stderr: stderr(), timedOut };
  } finally {
    cancel();
  }
}

/** The first 64 KiB; the rest is read and dropped, so that the process does not block. */
function collect(stream: Readable): () => Uint8Array {
  const chunks: Uint8Array[] = [];
  let size = 0;
  stream.on('data', (chunk: Uint8Array) => {
    const kept = chunk.subarray(0, outputLimit - size);
    size += kept.length;
    if (kept.length > 0) chunks.push(kept);
  });
  return () => Buffer.concat(chunks);
}
