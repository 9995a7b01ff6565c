import { spawn, type ChildProcess } from 'node:child_process';
import { StartError } from '../../runtime.ts';
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
