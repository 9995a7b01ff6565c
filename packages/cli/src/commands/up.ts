import { dirname, resolve } from 'node:path';
import { KubeconfigError, readKubeconfig } from '@slipway/kube/kubeconfig';
import {
  contextName,
  defaultKubeconfigFile,
  findForeign,
  type Foreign,
  type KubeconfigEntry,
} from '../connection/kubeconfig-entry.ts';
import {
  dataDirectory,
  createDataDirectory,
  runningCluster,
  type ClusterState,
  type DataDirectory,
} from '../embedded/data-directory.ts';
import { checkPorts, choosePort, usualPort } from '../embedded/check-ports.ts';
import { launchServer } from '../embedded/launch-server.ts';
import { maximumRealNodes, type ServerOptions } from '../embedded/server-options.ts';
import { portOf } from '../embedded/server-place.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import { colour, fold, print, printValue } from '../output/output.ts';
import type { GlobalOptions } from '../global-options.ts';

export interface UpOptions extends GlobalOptions {
  readonly dataDir?: string;
  readonly ephemeral: boolean;
  readonly apiPort: number;
  readonly gatewayPort: number;
  readonly dataPlane: ServerOptions['dataPlane'];
  readonly runtime: ServerOptions['runtime'];
  readonly level: ServerOptions['level'];
  readonly nodes: number;
  readonly controller: boolean;
  /** Whether there is a deployment server. */
  readonly server: boolean;
  /** Absent: the usual one, or any free one where that is in use. */
  readonly serverPort?: number;
  /** Of the notifications of the deployment server. */
  readonly allowPrivateTargets: boolean;
  readonly detach: boolean;
}

export async function up(options: UpOptions): Promise<void> {
  checkOptions(options);
  const directory = dataDirectory(options.dataDir);
  const mergeInto = {
    file: resolve(options.kubeconfig ?? defaultKubeconfigFile()),
    context: options.context ?? contextName(directory.path),
    namespace: options.namespace,
  };
  const running = await runningCluster(directory);
  if (running !== undefined) throw alreadyRunning(directory, running);
  await checkKubeconfig(mergeInto, directory);
  const server: ServerOptions = {
    dataDirectory: directory.path,
    ephemeral: options.ephemeral,
    apiPort: options.apiPort,
    gatewayPort: options.gatewayPort,
    dataPlane: options.dataPlane,
    runtime: options.runtime,
    nodes: options.nodes,
    level: options.level,
    controller: options.controller,
    deploymentServer: options.server
      ? {
          port: await choosePort(options.serverPort),
          isPortNamed: (options.serverPort ?? 0) !== 0,
          allowPrivateTargets: options.allowPrivateTargets,
        }
      : undefined,
    mergeInto,
  };
  await checkPorts(server);
  await createDataDirectory(directory);
  if (options.detach) {
    const launched = await launchServer(server);
    if (options.output !== undefined) return printValue(launched, options.output);
    return print(welcome(options, launched).join('\n'));
  }
  const { runServer } = await import('../embedded/run-server.ts');
  return runServer(server, {
    log: process.stderr,
    onReady: (state) => print([...welcome(options, state), '', 'Stop with Ctrl-C.'].join('\n')),
    onStopping: () => print('Stopping the cluster and its pods.'),
  });
}

/** With what is otherwise than usual. */
function welcome({ controller, serverPort }: UpOptions, state: ClusterState): readonly string[] {
  const { deploymentServer } = state;
  const isElsewhere =
    serverPort === undefined && deploymentServer !== undefined && portOf(deploymentServer) !== usualPort;
  return [
    ...greeting(state, isElsewhere ? ` (${usualPort} is in use)` : ''),
    ...(controller ? [] : ['  Delivery    none until one leads; run it with: slipway controller']),
  ];
}

function checkOptions(options: UpOptions): void {
  const { apiPort, gatewayPort, server, serverPort = 0, detach, output, nodes, runtime } = options;
  if (nodes > maximumRealNodes && runtime !== 'simulated')
    throw usageFailure(`--nodes ${nodes}: expected at most ${maximumRealNodes}, or --runtime simulated with it`);
  if (output !== undefined && !detach)
    throw usageFailure('--output prints where the cluster is once it is ready: give --detach with it');
  const ports: ReadonlyArray<readonly [option: string, port: number]> = [
    ['--api-port', apiPort],
    ['--gateway-port', gatewayPort],
    ['--server-port', server ? serverPort : 0],
  ];
  for (const [index, [option, port]] of ports.entries()) {
    const same = ports.slice(index + 1).find((other) => port !== 0 && other[1] === port);
    if (same !== undefined)
      throw usageFailure(`${option} and ${same[0]} are both ${port}: expected different ports, or 0 for any free one`);
  }
}

/** Before anything is started: the cluster will be added to it. What is another cluster's there is not ours to replace. */
async function checkKubeconfig({ file, context }: KubeconfigEntry, { path }: DataDirectory): Promise<void> {
  try {
    const foreign = findForeign((await readKubeconfig(file)) ?? {}, context, path);
    if (foreign.length > 0) throw usageFailure(describeForeign(file, context, foreign));
  } catch (error) {
    if (!(error instanceof KubeconfigError)) throw error;
    throw usageFailure(
      `${error.message}.\nRepair it, or name another to add the cluster to with --kubeconfig FILE.`,
      error,
    );
  }
}

function describeForeign(file: string, name: string, foreign: readonly Foreign[]): string {
  const [first] = foreign;
  const owner = first?.directory === undefined ? 'another cluster' : `the cluster in ${first.directory}`;
  const removals = foreign.map(({ kind }) => `kubectl config --kubeconfig ${file} delete-${kind} ${name}`);
  return [
    `The kubeconfig ${file} has a ${first?.kind ?? ''} "${name}" of ${owner} already; it was left as it is.`,
    'Give this cluster another name there with --context NAME, or name another kubeconfig with --kubeconfig FILE.',
    `If the other is of no use any more: ${removals.join(' && ')}`,
  ].join('\n');
}

function alreadyRunning(directory: DataDirectory, state: ClusterState): CommandFailure {
  return new CommandFailure(
    `A cluster runs in ${directory.path} already (process ${state.server.pid}, API server ${state.apiServer}).\n` +
      'Use it, stop it with slipway down, or start a second one beside it with --data-dir OTHER --api-port 0 --gateway-port 0.',
  );
}

/** With a remark on where its deployment server is. */
export function greeting(state: ClusterState, serverRemark = ''): readonly string[] {
  return [
    `${colour('green', '✔')} Cluster ready in ${state.readyMilliseconds} ms (runtime ${state.runtime}, level ${state.level}).`,
    `  API server  ${state.apiServer}`,
    `  Gateway     ${state.gateway}`,
    ...(state.deploymentServer === undefined
      ? []
      : [`  Server      ${state.deploymentServer.url}${serverRemark} (log in: slipway open${dataDirOption(state)})`]),
    `  kubeconfig  ${state.kubeconfig}`,
    `  Try         kubectl ${kubectlOptions(state).join(' ')} get nodes`,
    ...state.limitations.map((limitation) => `  ${colour('yellow', 'Limited')}     ${fold(limitation, 14)}`),
  ];
}

/** Which cluster is meant, where it is not the usual one. */
function dataDirOption({ kubeconfig }: ClusterState): string {
  const path = dirname(kubeconfig);
  return path === dataDirectory(undefined).path ? '' : ` --data-dir ${path}`;
}

/** What kubectl needs to be told, in the environment of whoever asks. */
function kubectlOptions({ kubeconfig, mergedInto }: ClusterState): readonly string[] {
  if (mergedInto === undefined) return ['--kubeconfig', kubeconfig];
  const isUsual = mergedInto.file === resolve(defaultKubeconfigFile());
  return [...(isUsual ? [] : ['--kubeconfig', mergedInto.file]), '--context', mergedInto.context];
}
