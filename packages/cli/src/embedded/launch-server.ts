import { spawn, type ChildProcess } from 'node:child_process';
import { open } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandFailure } from '../failure.ts';
import { createDataDirectory, dataDirectory, type ClusterState } from './data-directory.ts';
import type { ServerOptions, ServerReport } from './server-options.ts';

/** A start that takes longer than this hangs: a healthy one takes well under a second. */
const startTimeoutMilliseconds = 60_000;

/**
 * Megabytes of each half of the heap where objects begin. Left to itself it grows with the machine and stays so: after sixty
 * releases it held 140 MB, nearly all of it empty. Can be said only to a process that starts.
 */
const youngHeap = '--max-semi-space-size=16';

/**
 * Where there are few processors, they are busy with clients and with the server itself while it collects: to collect in
 * several threads makes it wait for a processor, and takes a tenth of its writes.
 */
function collectorFlags(): readonly string[] {
  return availableParallelism() < 4 ? ['--no-parallel-scavenge'] : [];
}

/**
 * Starts a server in a session of its own, with its log in the data directory, and resolves when it is ready. A server
 * that fails to start ends by itself and its message is thrown here.
 */
export async function launchServer(options: ServerOptions): Promise<ClusterState> {
  const directory = dataDirectory(options.dataDirectory);
  await createDataDirectory(directory);
  const logFile = join(directory.log, 'server.log');
  const log = await open(logFile, 'a', 0o600);
  try {
    const child = spawn(
      process.execPath,
      [
        youngHeap,
        ...collectorFlags(),
        fileURLToPath(new URL('../../bin/slipway.js', import.meta.url)),
        'server-process',
      ],
      {
        detached: true,
        stdio: ['ignore', log.fd, log.fd, 'ipc'],
        cwd: directory.path,
      },
    );
    return await awaitReport({ child, options, logFile });
  } finally {
    await log.close();
  }
}

interface Launch {
  readonly child: ChildProcess;
  readonly options: ServerOptions;
  readonly logFile: string;
}

function awaitReport({ child, options, logFile }: Launch): Promise<ClusterState> {
  const { promise, resolve, reject } = Promise.withResolvers<ClusterState>();
  const timer = setTimeout(() => {
    child.kill('SIGKILL');
    reject(
      new CommandFailure(
        `The cluster was not ready after ${startTimeoutMilliseconds / 1_000} s and was stopped. Its log: ${logFile}`,
      ),
    );
  }, startTimeoutMilliseconds);
  child.once('error', (error) =>
    reject(new CommandFailure(`The server process could not be started: ${error.message}`, { cause: error })),
  );
  const interruption = new Interruption(child);
  child.once('exit', (code, signal) => {
    reject(
      interruption.failure ??
        new CommandFailure(
          `The server ended before it was ready (${signal ?? `exit code ${code}`}). Its log: ${logFile}`,
        ),
    );
  });
  child.once('message', (report) => {
    const { kind, ...rest } = report as ServerReport;
    // One that is to stop ends all the same; that is what is waited for then.
    if (interruption.failure !== undefined) return;
    if (kind === 'ready' && 'state' in rest) resolve(rest.state);
    else if ('message' in rest) reject(new CommandFailure(rest.message, { exitCode: rest.exitCode }));
  });
  child.send(options);
  return promise.finally(() => {
    clearTimeout(timer);
    interruption.dispose();
    child.removeAllListeners();
    if (child.connected) child.disconnect();
    child.unref();
  });
}

const interruptions = ['SIGINT', 'SIGTERM'] as const;

/** Whoever interrupts the command before the cluster is ready wants none. The server, in a session of its own, is told. */
class Interruption {
  readonly #child: ChildProcess;
  #failure: CommandFailure | undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
    for (const signal of interruptions) process.on(signal, this.#onSignal);
  }

  /** What the command ends with when the server has ended; undefined while nobody has interrupted it. */
  get failure(): CommandFailure | undefined {
    return this.#failure;
  }

  dispose(): void {
    for (const signal of interruptions) process.off(signal, this.#onSignal);
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    const exitCode = signal === 'SIGINT' ? 130 : 143;
    this.#failure ??= new CommandFailure('Interrupted: the cluster that was starting has been stopped.', { exitCode });
    this.#child.kill('SIGTERM');
  };
}
