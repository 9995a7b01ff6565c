import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { CommandFailure } from '../failure.ts';
import { homeDirectory } from '../home-directory.ts';
import { describeSystemError, isSystemError } from '../system-error.ts';
import { isRunning, type ProcessIdentity } from './process-identity.ts';

/** The files of one embedded cluster. */
export interface DataDirectory {
  readonly path: string;
  readonly run: string;
  readonly log: string;
  readonly images: string;
  /** Of the deployment server beside it. */
  readonly deploymentServer: string;
  readonly kubeconfig: string;
  readonly stateFile: string;
  readonly shutdownFile: string;
}

/** What a running cluster says of itself, for `status`, `down` and other commands. */
export interface ClusterState {
  readonly server: ProcessIdentity;
  readonly node: ProcessIdentity | undefined;
  readonly apiServer: string;
  readonly gateway: string;
  /** Absent where there is none. */
  readonly deploymentServer?:
    | {
        readonly url: string;
        /** Has the token of its first admin. */
        readonly tokenFile: string;
        /** It was begun and does not listen yet: until then whoever answers there is somebody else. */
        readonly isStarting?: boolean | undefined;
        /** Why it does not listen there. Absent: nothing is in its way. */
        readonly waitsFor?: string | undefined;
        /** How it ended: it is started again by itself, and until then whoever answers there is somebody else. */
        readonly endedWith?: string | undefined;
      }
    | undefined;
  readonly runtime: string;
  readonly level: string;
  readonly limitations: readonly string[];
  /** Its objects go with it. */
  readonly ephemeral: boolean;
  readonly kubeconfig: string;
  readonly mergedInto: { readonly file: string; readonly context: string } | undefined;
  readonly startedAt: string;
  readonly readyMilliseconds: number;
}

/** `--data-dir`, or the place where applications of this user keep their data. */
export function dataDirectory(option: string | undefined, environment: NodeJS.ProcessEnv = process.env): DataDirectory {
  const path = option === undefined ? defaultDataDirectory(environment) : resolve(option);
  return {
    path,
    run: join(path, 'run'),
    log: join(path, 'log'),
    images: join(path, 'images'),
    deploymentServer: join(path, 'server'),
    kubeconfig: join(path, 'kubeconfig'),
    stateFile: join(path, 'run', 'cluster.json'),
    shutdownFile: join(path, 'run', 'shutdown.json'),
  };
}

function defaultDataDirectory(environment: NodeJS.ProcessEnv): string {
  const given = environment['XDG_DATA_HOME'] ?? '';
  // https://specifications.freedesktop.org/basedir-spec/latest/: what is empty or relative counts as absent.
  const base = isAbsolute(given) ? given : join(homeDirectory('--data-dir DIR'), '.local', 'share');
  return join(base, 'slipway', 'default');
}

/** Of its deployment server; that of a cluster which keeps nothing goes with it. */
export function tokenFileOf({ run, deploymentServer }: DataDirectory, isEphemeral: boolean): string {
  return join(isEphemeral ? run : deploymentServer, 'server-token');
}

export async function createDataDirectory(directory: DataDirectory): Promise<void> {
  try {
    await createFolder(directory.run);
    await createFolder(directory.log);
  } catch (error) {
    throw unusable(directory, error);
  }
}

/**
 * With those above it, which nobody else can read. One by one: the recursive call tries for ever where a folder is there and
 * takes no others, as in /proc.
 */
async function createFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (error.code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    const above = dirname(path);
    if (error.code !== 'ENOENT' || (await isFolder(above))) throw error;
    await createFolder(above);
    await mkdir(path, { mode: 0o700 });
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return false;
    throw error;
  }
}

/** Undefined when no cluster has written its state, or when what is there is no such state. */
export async function readClusterState(directory: DataDirectory): Promise<ClusterState | undefined> {
  try {
    return parseClusterState(await readFile(directory.stateFile, 'utf8'));
  } catch (error) {
    if (isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined;
    throw unusable(directory, error);
  }
}

function parseClusterState(text: string): ClusterState | undefined {
  try {
    const state: unknown = JSON.parse(text);
    const isState = typeof state === 'object' && state !== null && 'server' in state && 'apiServer' in state;
    return isState ? (state as ClusterState) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function unusable({ path }: DataDirectory, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  const where = error.path === undefined || error.path === path ? '' : ` (${error.path})`;
  return new CommandFailure(
    `The data directory ${path} cannot be used: ${describeSystemError(error)}${where}.\n` +
      'Choose one that is yours, or a new one, with --data-dir DIR.',
    { cause: error },
  );
}

export async function writeClusterState(directory: DataDirectory, state: ClusterState): Promise<void> {
  await replaceFile(directory.stateFile, `${JSON.stringify(state, null, 2)}\n`, { flush: true });
}

/** For the server, which reads it when it ends. */
export async function writeShutdown(directory: DataDirectory, graceSeconds: number): Promise<void> {
  await replaceFile(directory.shutdownFile, JSON.stringify({ graceSeconds }), { flush: false });
}

export async function removeClusterState(directory: DataDirectory): Promise<void> {
  await rm(directory.stateFile, { force: true });
  await rm(directory.shutdownFile, { force: true });
}

/** The state of a cluster whose server lives. */
export async function runningCluster(directory: DataDirectory): Promise<ClusterState | undefined> {
  const state = await readClusterState(directory);
  return state !== undefined && (await isRunning(state.server)) ? state : undefined;
}

/** Whole or not at all. */
async function replaceFile(file: string, text: string, { flush }: { readonly flush: boolean }): Promise<void> {
  const temporary = `${file}.${process.pid}`;
  try {
    await writeFile(temporary, text, { mode: 0o600, flush });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
