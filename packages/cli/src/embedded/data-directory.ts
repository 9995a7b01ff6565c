import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { isRunning, type ProcessIdentity } from './process-identity.ts';

/** The files of one embedded cluster. */
export interface DataDirectory {
  readonly path: string;
  readonly run: string;
  readonly log: string;
  readonly images: string;
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
  readonly runtime: string;
  readonly level: string;
  readonly limitations: readonly string[];
  readonly kubeconfig: string;
  readonly mergedInto: { readonly file: string; readonly context: string } | undefined;
  readonly startedAt: string;
  readonly readyMilliseconds: number;
}

/** `--data-dir`, or the place where applications of this user keep their data. */
export function dataDirectory(option: string | undefined, environment: NodeJS.ProcessEnv = process.env): DataDirectory {
  const base = environment['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share');
  const path = option === undefined ? join(base, 'slipway', 'default') : resolve(option);
  return {
    path,
    run: join(path, 'run'),
    log: join(path, 'log'),
    images: join(path, 'images'),
    kubeconfig: join(path, 'kubeconfig'),
    stateFile: join(path, 'run', 'cluster.json'),
    shutdownFile: join(path, 'run', 'shutdown.json'),
  };
}

export async function createDataDirectory(directory: DataDirectory): Promise<void> {
  await mkdir(directory.run, { recursive: true, mode: 0o700 });
  await mkdir(directory.log, { recursive: true, mode: 0o700 });
}

/** Undefined when no cluster has written its state, or when that state is not readable as such. */
export async function readClusterState(directory: DataDirectory): Promise<ClusterState | undefined> {
  const text = await readFile(directory.stateFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  return text === undefined ? undefined : (JSON.parse(text) as ClusterState);
}

export async function writeClusterState(directory: DataDirectory, state: ClusterState): Promise<void> {
  await writeDurably(directory.stateFile, `${JSON.stringify(state, null, 2)}\n`);
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

async function writeDurably(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, text, { mode: 0o600, flush: true });
  await rename(temporary, file);
}
