import { existsSync } from 'node:fs';
import { findEmbedded, locateEmbedded, namesKubeconfig, type EmbeddedOptions } from '../connection/embedded-context.ts';
import { dataDirectory, readClusterState, type ClusterState, type DataDirectory } from '../embedded/data-directory.ts';
import { isRunning } from '../embedded/process-identity.ts';
import type { ServerPlace } from '../embedded/server-place.ts';
import { answers } from '../deployment-server/call.ts';
import { exitCodes } from '../failure.ts';
import { colour, fold, print, printValue } from '../output/output.ts';
import type { GlobalOptions } from '../global-options.ts';

/** Exits with 0 when the cluster runs and with 1 when it does not, so that scripts can ask. */
export async function status(options: EmbeddedOptions & GlobalOptions): Promise<void> {
  if (!namesKubeconfig(options)) return embeddedStatus(dataDirectory(options.dataDir), options);
  const { path } = await findEmbedded(options);
  if (options.dataDir !== undefined) return embeddedStatus(await locateEmbedded(options, 'status'), options);
  // A copy of its kubeconfig may be on another machine than the cluster.
  const directory = path === undefined ? undefined : dataDirectory(path);
  return directory !== undefined && existsSync(directory.path)
    ? embeddedStatus(directory, options)
    : namedStatus(options);
}

async function namedStatus(options: GlobalOptions): Promise<void> {
  const [{ connect }, { fetchClusterReport }, { describeReport }] = await Promise.all([
    import('../connection/connection.ts'),
    import('../connection/cluster-report.ts'),
    import('../output/cluster-report.ts'),
  ]);
  const now = Date.now();
  const report = await fetchClusterReport(await connect(options), { namespace: options.namespace, now });
  if (options.output !== undefined) return printValue({ running: true, ...report }, options.output);
  return print(describeReport(report, now).join('\n'));
}

async function embeddedStatus(directory: DataDirectory, options: GlobalOptions): Promise<void> {
  const state = await readClusterState(directory);
  const serverRuns = state !== undefined && (await isRunning(state.server));
  const nodeRuns = state?.node !== undefined && (await isRunning(state.node));
  const beside = state?.deploymentServer;
  const deploymentServerRuns = beside && (await serves(beside));
  if (!serverRuns) process.exitCode = exitCodes.failure;
  if (options.output !== undefined) {
    await printValue(
      {
        dataDirectory: directory.path,
        running: serverRuns,
        nodeRunning: nodeRuns,
        deploymentServerRunning: deploymentServerRuns,
        ...state,
      },
      options.output,
    );
    return;
  }
  if (state === undefined) {
    print(`No cluster runs in ${directory.path}. Start one with: slipway up`);
    return;
  }
  print(describeCluster(state, { serverRuns, nodeRuns, deploymentServerRuns }).join('\n'));
}

/** Whoever answers where it is not is somebody else. */
async function serves({ url, isStarting, waitsFor, endedWith }: ServerPlace): Promise<boolean> {
  return isStarting !== true && waitsFor === undefined && endedWith === undefined && answers(url);
}

interface Alive {
  readonly serverRuns: boolean;
  readonly nodeRuns: boolean;
  /** Whether it answers; undefined where there is none. */
  readonly deploymentServerRuns: boolean | undefined;
}

function describeServer(
  { url, tokenFile, isStarting, waitsFor, endedWith }: ServerPlace,
  { deploymentServerRuns }: Alive,
): string {
  if (isStarting === true) return `${url} ${colour('yellow', '(starts)')}`;
  if (waitsFor !== undefined) return `${url} ${colour('red', `(waits for ${waitsFor})`)}`;
  if (endedWith !== undefined) return `${url} ${colour('red', `(has ended: ${endedWith}; it is started again)`)}`;
  const health = deploymentServerRuns === true ? '' : colour('red', ' (does not answer)');
  return `${url}${health}; log in with slipway open, or with the token in ${tokenFile}`;
}

function describeCluster(state: ClusterState, alive: Alive): readonly string[] {
  const health = alive.serverRuns
    ? colour('green', 'running')
    : colour('red', 'stopped without slipway down (the next up takes over)');
  const node =
    state.node === undefined
      ? 'in the server'
      : alive.nodeRuns
        ? `process ${state.node.pid}`
        : colour('red', 'not running');
  return [
    `Cluster      ${health}, process ${state.server.pid}, since ${state.startedAt}`,
    `API server   ${state.apiServer}`,
    `Gateway      ${state.gateway}`,
    ...(state.deploymentServer === undefined ? [] : [`Server       ${describeServer(state.deploymentServer, alive)}`]),
    `Node         ${node}, runtime ${state.runtime}, level ${state.level}`,
    `kubeconfig   ${state.kubeconfig}${state.mergedInto === undefined ? '' : ` (context ${state.mergedInto.context} in ${state.mergedInto.file})`}`,
    ...state.limitations.map((limitation) => `${colour('yellow', 'Limited')}      ${fold(limitation, 13)}`),
  ];
}
