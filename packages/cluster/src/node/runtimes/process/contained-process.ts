import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { StartError } from '../../runtime.ts';
import type { Launch } from './isolation.ts';

export type OutputListener = (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void | Promise<void>;

/** A process group of its own, so that all of it can be signalled; what it says on descriptor 3 arrives at `report`. */
export function startProcess(launch: Launch): ChildProcess {
  return spawn(launch.file, launch.parameters, {
    cwd: launch.directory,
    env: launch.environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', ...(launch.reports ? (['pipe'] as const) : [])],
  });
}

/**
 * The pid of the container's first process once the command itself is about to run: at once where nothing comes before
 * it, else when descriptor 3 has said `pid N` and `ready`. Anything else that was said is why it cannot run.
 */
export async function awaitReport(child: ChildProcess, launch: Launch): Promise<number> {
  await spawned(child, launch);
  if (!launch.reports) {
    return child.pid ?? 0;
  }
  const report = await readReport(child);
  const pid = /^pid (\d+)$/m.exec(report)?.[1];
  if (pid === undefined || !isReady(report)) {
    const said = report.replaceAll(/^pid \d+$/gm, '').trim();
    throw new StartError('RunContainerError', `the container's root cannot be made: ${said || 'no cause was given'}`);
  }
  return Number(pid);
}

function spawned(child: ChildProcess, launch: Launch): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) =>
      reject(new StartError('StartError', `"${launch.file}" cannot be started: ${error.message}`, { cause: error })),
    );
  });
}

function readReport(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    const stream = child.stdio[3];
    let report = '';
    if (stream === null || stream === undefined || !('setEncoding' in stream)) {
      resolve(report);
      return;
    }
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      report += chunk;
      if (isReady(report) && /^pid \d+$/m.test(report)) resolve(report);
    });
    stream.once('close', () => resolve(report));
  });
}

function isReady(report: string): boolean {
  return /^ready$/m.test(report);
}

/** Passes output on and lets the process wait while the listener has no room. */
export function forwardOutput(child: ChildProcess, listener: OutputListener): void {
  forward(child.stdout, (chunk) => listener('stdout', chunk));
  forward(child.stderr, (chunk) => listener('stderr', chunk));
}

function forward(stream: Readable | null, write: (chunk: Uint8Array) => void | Promise<void>): void {
  stream?.on('data', (chunk: Uint8Array) => {
    const room = write(chunk);
    if (room !== undefined) {
      stream.pause();
      void room.finally(() => stream.resume());
    }
  });
}

/** As a shell shows it: 128 + the number of the signal. */
export function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

/** Runs a program of the machine and rejects with what it said unless it succeeds. */
export async function runToEnd(file: string, parameters: readonly string[]): Promise<void> {
  const child = spawn(file, parameters, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(exitCodeOf(code, signal)));
  });
  const [said, code] = await Promise.all([text(child.stderr), ended]);
  if (code !== 0) {
    throw new Error(`${file} ${parameters.join(' ')} failed with exit code ${code}: ${said.trim()}`);
  }
}
