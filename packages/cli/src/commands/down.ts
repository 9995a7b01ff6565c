import { fetchHelperStatus, requestStop } from '@slipway/cluster/node/helper/control';
import { controlSocketOf } from '@slipway/cluster/node/helper/helper-options';
import { removeKubeconfigEntry } from '../connection/kubeconfig-entry.ts';
import { locateEmbedded, type EmbeddedOptions } from '../connection/embedded-context.ts';
import {
  readClusterState,
  removeClusterState,
  writeShutdown,
  type ClusterState,
  type DataDirectory,
} from '../embedded/data-directory.ts';
import {
  identifyProcess,
  isRunning,
  signalProcess,
  waitForExit,
  type ProcessIdentity,
} from '../embedded/process-identity.ts';
import { CommandFailure } from '../failure.ts';
import type { GlobalOptions } from '../global-options.ts';
import { print, printValue } from '../output/output.ts';
import { describeSystemError, isSystemError, type SystemError } from '../system-error.ts';

/** How long the server may take beyond the grace of its pods to close its store and its sockets. */
const shutdownMarginMilliseconds = 5_000;

export interface DownOptions extends EmbeddedOptions, GlobalOptions {
  readonly grace: number;
}

export async function down(options: DownOptions): Promise<void> {
  const directory = await locateEmbedded(options, 'down');
  const outcome = await stopCluster(directory, options.grace);
  if (options.output !== undefined) return printValue({ dataDirectory: directory.path, ...outcome }, options.output);
  return print(describeOutcome(directory, outcome));
}

export interface DownOutcome {
  /** What there was: a cluster, the state that a dead one has left, or nothing. */
  readonly found: 'running' | 'ended' | 'nothing';
  readonly keepsData: boolean;
}

/** Stops the cluster of a data directory, if one runs, and takes it out of the kubeconfig. */
export async function stopCluster(directory: DataDirectory, graceSeconds: number): Promise<DownOutcome> {
  const state = await readClusterState(directory);
  const processes = await listProcesses(directory, state);
  const keepsData = state?.ephemeral !== true;
  if (state === undefined && processes.length === 0) return { found: 'nothing', keepsData };
  if (processes.length > 0) await stopProcesses({ directory, processes, graceSeconds });
  await forget(directory, state);
  return { found: processes.length > 0 ? 'running' : 'ended', keepsData };
}

export function describeOutcome({ path }: DataDirectory, { found, keepsData }: DownOutcome): string {
  switch (found) {
    case 'running':
      return `Stopped the cluster in ${path}; ${keepsData ? 'its data are kept' : 'it kept no objects'}.`;
    case 'ended':
      return `The cluster in ${path} had ended before.`;
    case 'nothing':
      return `No cluster runs in ${path}.`;
  }
}

/** What runs of the cluster, the server first. A helper whose server died before it could say so is found by its socket. */
async function listProcesses(
  directory: DataDirectory,
  state: ClusterState | undefined,
): Promise<readonly ProcessIdentity[]> {
  const helper = await fetchHelperStatus(controlSocketOf(directory.path));
  const named = [state?.server, helper === undefined ? state?.node : await identifyProcess(helper.pid)];
  const found = named.filter((identity) => identity !== undefined);
  const alive = await Promise.all(found.map(isRunning));
  return found.filter((_, index) => alive[index]);
}

interface Stop {
  readonly directory: DataDirectory;
  readonly processes: readonly ProcessIdentity[];
  readonly graceSeconds: number;
}

/** The server stops its node helper itself; the helper is asked directly when the server is gone. */
async function stopProcesses({ directory, processes, graceSeconds }: Stop): Promise<void> {
  await tellGrace(directory, graceSeconds);
  const [first] = processes;
  if (first !== undefined) await signalProcess(first, 'SIGTERM');
  if (await waitForExit(processes, graceSeconds * 1_000 + shutdownMarginMilliseconds)) return;
  for (const process of processes) await signalProcess(process, 'SIGKILL');
  if (await waitForExit(processes, shutdownMarginMilliseconds)) return;
  throw new CommandFailure(
    `The cluster in ${directory.path} does not end: process ${processes.map(({ pid }) => pid).join(', ')} ignored SIGKILL.\n` +
      'It waits for the kernel, usually for a disk or a mount. Look at it with: ps -o pid,stat,wchan,cmd -p PID',
  );
}

/**
 * In a file that the server reads when it ends. A cluster can be stopped where nothing can be written, too: then the node
 * helper is told, which keeps to the first grace that it hears.
 */
async function tellGrace(directory: DataDirectory, graceSeconds: number): Promise<void> {
  try {
    await writeShutdown(directory, graceSeconds);
  } catch (error) {
    if (!isUnwritable(error)) throw error;
    await requestStop(controlSocketOf(directory.path), graceSeconds);
  }
}

const unwritable: readonly string[] = ['ENOSPC', 'EDQUOT', 'EROFS'];

function isUnwritable(error: unknown): error is SystemError {
  return isSystemError(error) && unwritable.includes(error.code);
}

/** The state stays where the kubeconfig could not be written: what is to be taken out of it must be known later. */
async function forget(directory: DataDirectory, state: ClusterState | undefined): Promise<void> {
  if (state?.mergedInto !== undefined) {
    const { file, context } = state.mergedInto;
    try {
      await removeKubeconfigEntry(file, context, directory.path);
    } catch (error) {
      if (!isUnwritable(error)) throw error;
      throw new CommandFailure(
        `The cluster in ${directory.path} has ended, but the kubeconfig ${file} still has its context "${context}": ` +
          `${describeSystemError(error)}.\nMake room there, and run slipway down again to take it out.`,
        { cause: error },
      );
    }
  }
  await removeClusterState(directory);
}
