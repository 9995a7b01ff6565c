import { writeFile } from 'node:fs/promises';
import { fetchHelperStatus } from '@slipway/cluster/node/helper/control';
import { controlSocketOf } from '@slipway/cluster/node/helper/helper-options';
import { removeKubeconfigEntry } from '../connection/kubeconfig-entry.ts';
import {
  dataDirectory,
  readClusterState,
  removeClusterState,
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
import { print } from '../output/output.ts';

/** How long the server may take beyond the grace of its pods to close its store and its sockets. */
const shutdownMarginMilliseconds = 5_000;

export async function down(options: { readonly dataDir?: string; readonly grace: number }): Promise<void> {
  const directory = dataDirectory(options.dataDir);
  const state = await readClusterState(directory);
  const processes = await listProcesses(directory, state);
  if (state === undefined && processes.length === 0) {
    print(`No cluster runs in ${directory.path}.`);
    return;
  }
  if (processes.length > 0) await stopProcesses({ directory, processes, graceSeconds: options.grace });
  await forget(directory, state);
  print(
    processes.length > 0
      ? `Stopped the cluster in ${directory.path}; ${state?.ephemeral === true ? 'it kept no objects' : 'its data are kept'}.`
      : `The cluster in ${directory.path} had ended before.`,
  );
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
  await writeFile(directory.shutdownFile, JSON.stringify({ graceSeconds }), { mode: 0o600 });
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

async function forget(directory: DataDirectory, state: ClusterState | undefined): Promise<void> {
  if (state?.mergedInto !== undefined) await removeKubeconfigEntry(state.mergedInto.file, state.mergedInto.context);
  await removeClusterState(directory);
}
