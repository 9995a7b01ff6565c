import { spawn, type ChildProcess } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandFailure } from '../failure.ts';
import { createDataDirectory, dataDirectory, type ClusterState } from './data-directory.ts';
import type { ServerOptions, ServerReport } from './server-options.ts';

/** A start that takes longer than this hangs: a healthy one takes well under a second. */
const startTimeoutMilliseconds = 60_000;

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
      [fileURLToPath(new URL('../../bin/slipway.js', import.meta.url)), 'server-process'],
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
  child.once('exit', (code, signal) => {
    reject(
      new CommandFailure(
        `The server ended before it was ready (${signal ?? `exit code ${code}`}). Its log: ${logFile}`,
      ),
    );
  });
  child.once('message', (report) => {
    const { kind, ...rest } = report as ServerReport;
    if (kind === 'ready' && 'state' in rest) resolve(rest.state);
    else if ('message' in rest) reject(new CommandFailure(rest.message, { exitCode: rest.exitCode }));
  });
  child.send(options);
  return promise.finally(() => {
    clearTimeout(timer);
    child.removeAllListeners();
    if (child.connected) child.disconnect();
    child.unref();
  });
}
