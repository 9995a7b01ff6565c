import { writeFile } from 'node:fs/promises';
import { removeKubeconfigEntry } from '../connection/kubeconfig-entry.ts';
import {
  dataDirectory,
  readClusterState,
  removeClusterState,
  type ClusterState,
  type DataDirectory,
} from '../embedded/data-directory.ts';
import { isRunning, signalProcess, waitForExit, type ProcessIdentity } from '../embedded/process-identity.ts';
import { CommandFailure } from '../failure.ts';
import { print } from '../output/output.ts';

/** How long the server may take beyond the grace of its pods to close its store and its sockets. */
const shutdownMarginMilliseconds = 5_000;

export async function down(options: { readonly dataDir?: string; readonly grace: number }): Promise<void> {
  const directory = dataDirectory(options.dataDir);
  const state = await readClusterState(directory);
  if (state === undefined) {
    print(`No cluster runs in ${directory.path}.`);
    return;
  }
  const processes = [state.server, ...(state.node === undefined ? [] : [state.node])];
  const wasRunning = (await Promise.all(processes.map(isRunning))).includes(true);
  if (wasRunning) await stopProcesses({ directory, state, processes, graceSeconds: options.grace });
  await forget(directory, state);
  print(
    wasRunning
      ? `Stopped the cluster in ${directory.path}; its data are kept.`
      : `The cluster in ${directory.path} had ended before.`,
  );
}

interface Stop {
  readonly directory: DataDirectory;
  readonly state: ClusterState;
  readonly processes: readonly ProcessIdentity[];
  readonly graceSeconds: number;
}

/** The server stops its node helper itself; the helper is asked directly when the server is gone. */
async function stopProcesses({ directory, state, processes, graceSeconds }: Stop): Promise<void> {
  await writeFile(directory.shutdownFile, JSON.stringify({ graceSeconds }), { mode: 0o600 });
  const first = (await isRunning(state.server)) ? state.server : state.node;
  if (first !== undefined) await signalProcess(first, 'SIGTERM');
  if (await waitForExit(processes, graceSeconds * 1_000 + shutdownMarginMilliseconds)) return;
  for (const process of processes) await signalProcess(process, 'SIGKILL');
  if (await waitForExit(processes, shutdownMarginMilliseconds)) return;
  throw new CommandFailure(
    `The cluster in ${directory.path} does not end: process ${processes.map(({ pid }) => pid).join(', ')} ignored SIGKILL.\n` +
      'It waits for the kernel, usually for a disk or a mount. Look at it with: ps -o pid,stat,wchan,cmd -p PID',
  );
}

async function forget(directory: DataDirectory, state: ClusterState): Promise<void> {
  if (state.mergedInto !== undefined) await removeKubeconfigEntry(state.mergedInto.file, state.mergedInto.context);
  await removeClusterState(directory);
}
