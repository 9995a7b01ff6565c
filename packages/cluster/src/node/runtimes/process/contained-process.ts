import { spawn, type ChildProcess } from 'node:child_process';
import { StartError } from '../../runtime.ts';
import { exitCodeOf } from './run-to-end.ts';
import type { Launch } from './isolation.ts';
import type { StandardStreams } from './standard-streams.ts';

/** A process group of its own, so that all of it can be signalled; what it says on descriptor 3 arrives at `report`. */
export function startProcess(launch: Launch, { stdin, stdout, stderr, close }: StandardStreams): ChildProcess {
  try {
    return spawn(launch.file, launch.parameters, {
      cwd: launch.directory,
      env: launch.environment,
      detached: launch.isSessionLeader !== true,
      stdio: [stdin, stdout, stderr, ...(launch.reports ? (['pipe'] as const) : [])],
    });
  } finally {
    close();
  }
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
  return new Report(child).until('ready');
}

/** Rejects with a `StartError`. */
export function spawned(child: ChildProcess, launch: Launch): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(notStarted(launch, error)));
  });
}

export function notStarted({ file }: Launch, error: Error): StartError {
  return new StartError('StartError', `"${file}" cannot be started: ${error.message}`, { cause: error });
}

/** What a process says on its descriptor 3. */
export class Report {
  private said = '';
  private hasClosed = false;
  private readonly listeners = new Set<() => void>();

  constructor(child: ChildProcess) {
    const stream = child.stdio[3];
    if (stream === null || stream === undefined || !('setEncoding' in stream)) {
      this.hasClosed = true;
      return;
    }
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      this.said += chunk;
      this.tell();
    });
    stream.once('close', () => {
      this.hasClosed = true;
      this.tell();
    });
  }

  get pid(): number | undefined {
    const pid = /^pid (\d+)$/m.exec(this.said)?.[1];
    return pid === undefined ? undefined : Number(pid);
  }

  /** Resolves when the process has said its pid and then this word. Rejects with what it said instead. */
  async until(word: 'waiting' | 'ready'): Promise<number> {
    const said = (): boolean => this.pid !== undefined && this.said.split('\n').includes(word);
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!said() && !this.hasClosed) return;
        this.listeners.delete(look);
        resolve();
      };
      this.listeners.add(look);
      look();
    });
    if (this.pid !== undefined && said()) return this.pid;
    const cause = this.said.replaceAll(/^(pid \d+|waiting)$/gm, '').trim();
    throw new StartError('RunContainerError', `the container's root cannot be made: ${cause || 'no cause was given'}`);
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

export function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(exitCodeOf(code, signal)));
  });
}
