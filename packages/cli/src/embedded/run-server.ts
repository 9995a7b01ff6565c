import { readFile, rm } from 'node:fs/promises';
import { outliveOutput, type LogOutput } from '@slipway/kube/platform/log-output';
import { addKubeconfigEntry, removeKubeconfigEntry } from '../connection/kubeconfig-entry.ts';
import { CommandFailure } from '../failure.ts';
import { reactToStop } from '../stop-signal.ts';
import {
  createDataDirectory,
  dataDirectory,
  tokenFileOf,
  removeClusterState,
  runningCluster,
  writeClusterState,
  type ClusterState,
  type DataDirectory,
} from './data-directory.ts';
import { explainFailure } from './explain-failure.ts';
import { clearFoundation, layFoundation, type FoundationOptions } from './lay-foundation.ts';
import { identifyProcess, type ProcessIdentity } from './process-identity.ts';
import type { ServerOptions } from './server-options.ts';
import { placeAt } from './server-place.ts';
import type { EmbeddedCluster } from './start-cluster.ts';
import { keepOldHeapClose, keepYoungHeap } from './young-heap.ts';

/** Pods get this long to end unless `slipway down --grace` says otherwise. */
const defaultGraceSeconds = 2;

/** What a server is told by, and tells, whoever runs it. */
export interface ServerSurroundings {
  readonly log: LogOutput;
  readonly onReady: (state: ClusterState) => void;
  /** Pods are given their grace: this takes a while. */
  readonly onStopping?: (() => void) | undefined;
}

/** Runs a cluster in this process until SIGTERM or SIGINT. Rejects, with nothing left behind, when it cannot be started. */
export async function runServer(options: ServerOptions, surroundings: ServerSurroundings): Promise<void> {
  outliveOutput();
  const stopRequested = waitForStopSignal();
  const directory = dataDirectory(options.dataDirectory);
  await createDataDirectory(directory);
  const cluster = await start({ options, directory, log: surroundings.log });
  let closeBeside = async (): Promise<void> => undefined;
  try {
    const state = await publish({ options, directory, cluster });
    surroundings.onReady(state);
    cluster.openAccess();
    // Nobody waits for it: what is ready is the cluster.
    closeBeside = await openBeside(state, { options, directory, log: surroundings.log });
    await keepYoungHeap();
    await keepOldHeapClose(options.nodes);
    const reason = await Promise.race([stopRequested, cluster.failed]);
    if (reason instanceof Error) throw new CommandFailure(`The cluster ended: ${reason.message}`, { cause: reason });
  } finally {
    surroundings.onStopping?.();
    // First: what it has not written down yet it reads of the cluster.
    await closeBeside();
    await cluster.stop(await requestedGrace(directory));
    await retract(options, directory);
  }
}

/** Reads the modules for it where there is one. */
async function openBeside(
  state: ClusterState,
  { options, directory, log }: FoundationOptions,
): Promise<() => Promise<void>> {
  if (options.deploymentServer === undefined || state.deploymentServer === undefined) return async () => undefined;
  const { openServerBeside } = await import('./server-beside.ts');
  return openServerBeside({
    ...options.deploymentServer,
    place: state.deploymentServer,
    onPlace: (deploymentServer) => writeClusterState(directory, { ...state, deploymentServer }),
    directory,
    ephemeral: options.ephemeral,
    // It takes no TLS here.
    gatewayPorts: { plain: Number(new URL(state.gateway).port || 80) },
    log,
  });
}

async function start(given: FoundationOptions): Promise<EmbeddedCluster> {
  const { options, directory } = given;
  try {
    const foundation = await layFoundation(given);
    try {
      const { startCluster } = await import('./start-cluster.ts');
      return await startCluster(options, directory, foundation);
    } catch (error) {
      await clearFoundation(foundation);
      throw error;
    }
  } catch (error) {
    throw explainFailure(error, options);
  }
}

/** A second signal ends the process at once: somebody who presses Ctrl-C twice means it. The kernel cleans up. */
function waitForStopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    reactToStop({
      signals: ['SIGTERM', 'SIGINT', 'SIGHUP'],
      onStop: resolve,
      onInsist: () => process.exit(130),
    });
  });
}

interface Publication {
  readonly options: ServerOptions;
  readonly directory: DataDirectory;
  readonly cluster: EmbeddedCluster;
}

/** Says where the cluster is: in the data directory, and in the kubeconfig that the user's kubectl reads. */
async function publish({ options, directory, cluster }: Publication): Promise<ClusterState> {
  const merged =
    options.mergeInto === undefined ? undefined : await addKubeconfigEntry(options.mergeInto, cluster.kubeconfig);
  const state: ClusterState = {
    server: await requireIdentity(process.pid),
    node: cluster.nodePid === undefined ? undefined : await requireIdentity(cluster.nodePid),
    apiServer: cluster.apiServer,
    gateway: cluster.gateway,
    deploymentServer: options.deploymentServer && {
      ...placeAt(options.deploymentServer.port, tokenFileOf(directory, options.ephemeral)),
      isStarting: true,
    },
    runtime: cluster.runtime,
    level: cluster.level,
    limitations: cluster.limitations,
    ephemeral: options.ephemeral,
    kubeconfig: directory.kubeconfig,
    mergedInto: merged,
    startedAt: new Date().toISOString(),
    readyMilliseconds: Math.round(cluster.readyMilliseconds),
  };
  await writeClusterState(directory, state);
  return state;
}

async function requireIdentity(pid: number): Promise<ProcessIdentity> {
  const identity = await identifyProcess(pid);
  if (identity === undefined) throw new CommandFailure(`Process ${pid} of the cluster ended while it was starting.`);
  return identity;
}

async function requestedGrace(directory: DataDirectory): Promise<number> {
  const text = await readFile(directory.shutdownFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  const { graceSeconds } = JSON.parse(text) as { readonly graceSeconds?: number };
  return graceSeconds ?? defaultGraceSeconds;
}

async function retract(options: ServerOptions, directory: DataDirectory): Promise<void> {
  // First, because it may be what the kubeconfig needs room for.
  if (options.ephemeral) await rm(directory.kubeconfig, { force: true });
  const state = await runningCluster(directory);
  if (state?.mergedInto !== undefined)
    await removeKubeconfigEntry(state.mergedInto.file, state.mergedInto.context, directory.path);
  await removeClusterState(directory);
}
