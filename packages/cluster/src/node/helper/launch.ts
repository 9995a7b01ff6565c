import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { getCompileCacheDir } from 'node:module';
import { extname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Logger } from '@slipway/kube/logger';
import type { NodeRanges } from '../../network/ranges.ts';
import { directoriesOf, findControlGroups, readGroupMachine } from '../control-groups/find-control-groups.ts';
import { liftAllScript } from '../control-groups/group-values.ts';
import type { IsolationLevel } from '../runtimes/process/isolation.ts';
import { signalIfRunning } from '../runtimes/process/signal.ts';
import { findTools, requireTool } from '../runtimes/process/tools.ts';
import { awaitHelperEnd, fetchHelperStatus, requestStop } from './control.ts';
import {
  controlSocketOf,
  helperProtocol,
  parseHelperReport,
  pidVariable,
  type HelperOptions,
  type HelperStatus,
} from './helper-options.ts';
import { planNode } from './plan-node.ts';
import { userNamespaces } from './try-level.ts';

export interface LaunchOptions {
  readonly dataDirectory: string;
  /** At least one. */
  readonly nodeNames: readonly string[];
  /** A helper of an earlier server that had another store serves nodes and pods that do not exist. */
  readonly storeIdentity: string;
  /** Where the API server answers, or will soon answer, this node over plain HTTP. */
  readonly apiSocket: string;
  /** As `planNode` chose them; chosen here if absent. */
  readonly ranges?: NodeRanges | undefined;
  readonly level?: 'auto' | IsolationLevel | undefined;
  /** Why the level is no better one. */
  readonly limitations?: readonly string[] | undefined;
  readonly logger: Logger;
  /** Ends the wait for a helper that is starting; one that is ready goes on. */
  readonly signal: AbortSignal;
  /** The environment of pods without variables of their own; only PATH and the compile cache are used. */
  readonly environment?: NodeJS.ProcessEnv | undefined;
}

export interface NodeHelper {
  /** Of the helper itself, for `kill` and for measuring. */
  readonly pid: number;
  readonly level: IsolationLevel;
  readonly limitations: readonly string[];
  readonly ranges: NodeRanges;
  /** Resolves when the helper has ended, whatever the cause. */
  readonly done: Promise<void>;
  /** Stops its pods and then itself; resolves when nothing is left. */
  stop(graceSeconds: number): Promise<void>;
}

/** A helper that is on its way. */
export interface NodeHelperLaunch {
  readonly ready: Promise<NodeHelper>;
  /** An earlier server started it. */
  readonly isTakenOver: boolean;
}

/**
 * Takes over the helper that an earlier server left behind, or starts one. The helper outlives this process, looks for the
 * next server for a minute, and takes everything with it when it ends. Resolves when its process runs: what the caller does
 * next happens beside its start.
 */
export async function launchNodeHelper(options: LaunchOptions): Promise<NodeHelperLaunch> {
  const socketPath = controlSocketOf(options.dataDirectory);
  const running = await fetchHelperStatus(socketPath);
  if (running !== undefined && canTakeOver(running, options)) {
    options.logger.info('Took over the node helper of an earlier server', { pid: running.pid });
    return { ready: Promise.resolve(describeHelper(running, socketPath)), isTakenOver: true };
  }
  if (running !== undefined) {
    await Promise.all([awaitHelperEnd(socketPath), requestStop(socketPath, 0)]);
  }
  const { status } = await startHelper(options);
  const ready = status.then((said) => describeHelper(said, socketPath));
  // A failure is seen where the helper is waited for, which may be later.
  ready.catch(() => undefined);
  return { ready, isTakenOver: false };
}

/** Another number of nodes or level needs another helper, and so does another store or place of it. */
export function canTakeOver(
  running: Omit<HelperStatus, 'pid' | 'limitations' | 'ranges'>,
  asked: Pick<LaunchOptions, 'dataDirectory' | 'storeIdentity' | 'nodeNames' | 'level'>,
): boolean {
  // It looks for servers where its directory was when it began.
  const isOfThis = running.dataDirectory === asked.dataDirectory && running.storeIdentity === asked.storeIdentity;
  const serves = running.protocol === helperProtocol && running.nodeNames.join() === asked.nodeNames.join();
  const { level = 'auto' } = asked;
  return isOfThis && serves && (level === 'auto' || level === running.level) && !running.isStopping;
}

function describeHelper(status: HelperStatus, socketPath: string): NodeHelper {
  const done = awaitHelperEnd(socketPath);
  return {
    pid: status.pid,
    level: status.level,
    limitations: status.limitations,
    ranges: status.ranges,
    done,
    stop: async (graceSeconds) => {
      await requestStop(socketPath, graceSeconds);
      await done;
    },
  };
}

interface StartingHelper {
  readonly status: Promise<HelperStatus>;
}

async function startHelper(options: LaunchOptions): Promise<StartingHelper> {
  const environment = options.environment ?? process.env;
  const searchPath = environment['PATH'] ?? '';
  const plan =
    options.ranges === undefined || options.level === undefined || options.level === 'auto'
      ? await planNode({ dataDirectory: options.dataDirectory, level: options.level ?? 'auto', searchPath })
      : { level: options.level, ranges: options.ranges, limitations: options.limitations ?? [] };
  const { dataDirectory, storeIdentity, nodeNames, apiSocket } = options;
  const log = await openLog(dataDirectory);
  try {
    const controlGroups = findControlGroups(groupNameOf(dataDirectory), readGroupMachine());
    const child = spawnHelper(
      { dataDirectory, storeIdentity, nodeNames, apiSocket, controlGroups, ...plan },
      environment,
      log.fd,
    );
    const status = awaitReady(child, options).finally(() => child.unref());
    status.catch(() => undefined);
    return { status };
  } finally {
    await log.close();
  }
}

/**
 * Process 1 of the namespaces is a shell: it reaps the processes that nobody waits for, which Node would leave as zombies
 * that keep a pod's own process namespace from ending. When the helper ends, so does that shell, and the kernel ends
 * everything in the namespaces, which it lets end by lifting what holds them back. The shell that stays outside only waits. The number that the machine has for the helper
 * is read before /proc is the namespace's.
 */
const namespaceScript = `
groups=$1; shift
(
  ( read -r pid rest </proc/self/stat; export ${pidVariable}="$pid"; mount -t proc proc /proc && exec "$@" ) &
  exec 3>&- 4>&-
  wait "$!"
  IFS='
'
  for group in $groups; do
    ${liftAllScript}
  done
) &
exec 3>&- 4>&-
wait "$!"
`;

/** Stays outside of the namespaces: in one of processes whose first has ended, nothing can be started. Groups end with nobody. */
const groupsScript = `
groups=$1; shift
"$@" &
exec 3>&- 4>&-
wait "$!"
IFS='
'
for group in $groups; do rmdir "$group"/* "$group" 2>/dev/null; done
`;

async function openLog(dataDirectory: string): Promise<FileHandle> {
  const logDirectory = join(dataDirectory, 'log');
  await Promise.all([
    mkdir(logDirectory, { recursive: true, mode: 0o700 }),
    mkdir(join(dataDirectory, 'run'), { recursive: true, mode: 0o700 }),
  ]);
  return open(join(logDirectory, 'node.log'), 'a', 0o600);
}

function spawnHelper(options: HelperOptions, environment: NodeJS.ProcessEnv, log: number): ChildProcess {
  const main = fileURLToPath(new URL(`./main${extname(import.meta.url)}`, import.meta.url));
  const command = [process.execPath, main, JSON.stringify(options)];
  const network = openSync('/proc/self/ns/net', 'r');
  try {
    const [file = '', ...parameters] = options.level === 'plain' ? command : isolate(command, options, environment);
    return spawn(file, parameters, {
      detached: true,
      cwd: '/',
      env: { ...environment, ...compileCacheOf() },
      stdio: ['ignore', log, log, 'pipe', network],
    });
  } finally {
    closeSync(network);
  }
}

function isolate(
  command: readonly string[],
  { controlGroups, level }: HelperOptions,
  environment: NodeJS.ProcessEnv,
): readonly string[] {
  const unshare = requireTool(findTools(['unshare'], environment['PATH'] ?? '').tools, 'unshare');
  const groups = directoriesOf(controlGroups).join('\n');
  // With a hostname of its own, which a pod on its network may change, and never the machine's.
  const namespaces = level === 'root' ? ['--net', '--mount', '--pid', '--uts'] : userNamespaces;
  const isolated = [unshare, ...namespaces, '/bin/sh', '-c', namespaceScript, 'sh', groups, ...command];
  return groups === '' ? isolated : ['/bin/sh', '-c', groupsScript, 'sh', groups, ...isolated];
}

/** The same at every start, so that one that could not be removed is found again; and no other cluster's. */
function groupNameOf(dataDirectory: string): string {
  return `slipway-${createHash('sha256').update(dataDirectory).digest('hex').slice(0, 12)}`;
}

/** Both processes read the same modules; what one has compiled the other need not. */
function compileCacheOf(): Record<string, string> {
  const directory = getCompileCacheDir();
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: directory };
}

/** Resolves with what the helper says when it is ready; rejects with why it is not. */
async function awaitReady(child: ChildProcess, options: LaunchOptions): Promise<HelperStatus> {
  const logFile = join(options.dataDirectory, 'log/node.log');
  const stop = (): void => {
    if (child.pid !== undefined) signalIfRunning(-child.pid, 'SIGKILL');
  };
  options.signal.addEventListener('abort', stop, { once: true });
  try {
    const line = await readReport(child);
    if (line === '') {
      throw new Error(`the node helper ended before it was ready; its log: ${logFile}`);
    }
    const said = parseHelperReport(line);
    if (said.kind === 'failed') {
      throw new Error(`the node helper could not start: ${said.message}; its log: ${logFile}`);
    }
    return said.status;
  } finally {
    options.signal.removeEventListener('abort', stop);
  }
}

function readReport(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`the node helper cannot be started: ${error.message}`)));
    const stream = child.stdio[3];
    let said = '';
    if (!isReadable(stream)) {
      reject(new Error('the node helper has no pipe for its report'));
      return;
    }
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => (said += chunk));
    stream.once('close', () => resolve(said.trim()));
  });
}

function isReadable(stream: ChildProcess['stdio'][number]): stream is Readable {
  return stream !== null && stream !== undefined && 'setEncoding' in stream;
}
