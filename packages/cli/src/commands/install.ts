import {
  controllerManifests,
  homeOf,
  installationManifests,
  kindManifests,
} from '@slipway/delivery/install/installation';
import type { Manifest } from '@slipway/delivery/install/manifest';
import { serverManifests } from '@slipway/delivery/install/server-installation';
import { controllerName, serverName } from '@slipway/delivery/install/names';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { namespaces } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import { limitTime } from '@slipway/kube/time-limit';
import { connect, type Connection } from '../connection/connection.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import type { GlobalOptions } from '../global-options.ts';
import { deploymentReady } from '../install/await-controllers.ts';
import { areKindsServed } from '../install/kinds-served.ts';
import { refuseBesideOthers } from '../install/other-controllers.ts';
import { grantableRoles, manifestRights, missingRights, refuseWithout } from '../install/rights.ts';
import { writeManifest, type Writing, type Written } from '../install/write-manifests.ts';
import { print, printManifests } from '../output/output.ts';
import { createProgress } from '../output/progress.ts';

export interface InstallOptions extends GlobalOptions {
  readonly image: string;
  readonly server: boolean;
  /** Of the server's PostgreSQL. */
  readonly serverSecret?: string;
  /** Whether the server gets what it takes to try a version in dry runs. */
  readonly tryObjects: boolean;
  readonly dryRun: boolean;
  readonly wait: boolean;
  readonly timeout?: number;
}

const defaultTimeoutSeconds = 300;

/** Writes the kinds of Slipway and its controllers into a cluster, or prints what it would write. May run again. */
export async function install(options: InstallOptions): Promise<void> {
  if (options.output !== undefined) return printManifests(manifestsFor(options), options.output);
  if (options.timeout !== undefined && !options.wait)
    throw usageFailure('--timeout says how long --wait waits: give both, such as --wait --timeout 120');
  if (options.wait && options.dryRun)
    throw usageFailure('--wait waits for what --dry-run does not write: give one of the two');
  if (options.tryObjects && !hasServer(options))
    throw usageFailure('--try-objects is a right of the deployment server: give --server or --server-secret too');
  const connection = await connect(options);
  const { client } = connection;
  using limit = limitTime({
    clock: systemClock,
    milliseconds: (options.timeout ?? defaultTimeoutSeconds) * 1_000,
    signal: new AbortController().signal,
    message: `not done within ${options.timeout ?? defaultTimeoutSeconds} s`,
  });
  const writing: Writing = { client, dryRun: options.dryRun, signal: limit.signal };
  await requireNamespace(options, writing);
  const manifests = await planManifests(options, writing);
  await refuseBesideOthers(client, options.namespace, limit.signal);
  await writeAll(manifests, options, writing);
  if (options.dryRun) return print('Nothing was written.');
  print(describeInstallation(options, connection));
  if (hasServer(options)) print(describeServer(options));
  if (options.wait) await awaitAll(options, writing);
  return undefined;
}

function manifestsFor(options: InstallOptions): readonly unknown[] {
  return [...installationManifests(options), ...manifestsOfServer(options)].map(({ object }) => object);
}

function hasServer({ server, serverSecret }: InstallOptions): boolean {
  return server || serverSecret !== undefined;
}

function manifestsOfServer(options: InstallOptions): readonly Manifest[] {
  const { namespace, image, serverSecret: secret, tryObjects: triesObjects } = options;
  return hasServer(options) ? serverManifests({ namespace, image, secret, triesObjects }) : [];
}

/** What is to be written, once it is known that it may be. */
async function planManifests(options: InstallOptions, writing: Writing): Promise<readonly Manifest[]> {
  const { client, signal } = writing;
  const controllers = [...controllerManifests(options), ...manifestsOfServer(options)];
  const kinds = kindManifests(options);
  const missingForKinds = await missingRights(client, manifestRights(kinds), signal);
  // Who owns a namespace need not own the cluster: the kinds are enough that somebody else has installed.
  const isLeft =
    options.namespace !== undefined && missingForKinds.length > 0 && (await areKindsServed(client, signal));
  const missing = await missingRights(client, manifestRights(controllers), signal);
  refuseWithout([...(isLeft ? [] : missingForKinds), ...missing], adviceFor(options));
  await grantableRoles(controllers, writing);
  if (isLeft) print('The kinds of Slipway are there, and left as they are: this user may not write them.');
  return isLeft ? controllers : [...kinds, ...controllers];
}

function adviceFor({ namespace }: InstallOptions): string {
  return namespace === undefined
    ? 'Ask an administrator of the cluster, or install for one namespace: slipway install --namespace NAME'
    : `Ask an administrator to apply what this prints: slipway install --namespace ${namespace} -o yaml`;
}

/** Found before the kinds are written. Who may not look is told by the server. */
async function requireNamespace({ namespace }: InstallOptions, { client, signal }: Writing): Promise<void> {
  if (namespace === undefined) return;
  try {
    await client.get(namespaces, { name: namespace }, { signal });
  } catch (error) {
    if (isStatusReason(error, 'Forbidden')) return;
    if (!isStatusReason(error, 'NotFound')) throw error;
    const hint = `Create it with: kubectl create namespace ${namespace}`;
    throw new CommandFailure(`Nothing was changed: there is no namespace "${namespace}".\n${hint}`, { cause: error });
  }
}

async function writeAll(manifests: readonly Manifest[], options: InstallOptions, writing: Writing): Promise<void> {
  for (const manifest of manifests) print(describeWritten(await writeManifest(manifest, writing), options));
}

function describeWritten({ kind, namespace, name, outcome }: Written, { dryRun }: InstallOptions): string {
  const where = namespace === undefined ? name : `${namespace}/${name}`;
  return `${kind} ${where} ${dryRun ? wouldBe[outcome] : outcome}`;
}

const wouldBe = {
  created: 'would be created',
  changed: 'would be changed',
  unchanged: 'would stay as it is',
} as const;

function describeInstallation({ namespace }: InstallOptions, { server }: Connection): string {
  const scope = namespace === undefined ? 'every namespace' : `the namespace ${namespace}`;
  return `Slipway is installed in ${server}: its controllers serve ${scope} from ${homeOf({ namespace })}.`;
}

/** Nobody outside reaches it until somebody leads there. */
function describeServer(options: InstallOptions): string {
  const kubectl = `kubectl --namespace ${homeOf(options)}`;
  return [
    `The deployment server is the Service ${serverName} there: ${kubectl} port-forward service/${serverName} 8090:80`,
    `The token of its first admin: ${kubectl} exec deployment/${serverName} -- cat /var/lib/slipway/server-token`,
  ].join('\n');
}

async function awaitAll(options: InstallOptions, writing: Writing): Promise<void> {
  await awaitDeployment(options, writing, { name: controllerName, called: 'controllers' });
  if (hasServer(options)) await awaitDeployment(options, writing, { name: serverName, called: 'servers' });
}

interface Awaited {
  readonly name: string;
  readonly called: string;
}

async function awaitDeployment(
  options: InstallOptions,
  { client, signal }: Writing,
  { name, called }: Awaited,
): Promise<void> {
  const key = { namespace: homeOf(options), name };
  const progress = await createProgress();
  let last = 'nothing was heard of them';
  try {
    await deploymentReady({ client, key, signal, called }, (state) => {
      last = state;
      progress.update({ lines: [state], stage: state });
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new CommandFailure(
      `The ${called} did not become ready in time: ${last}.\nWhat they lack: kubectl describe pods --namespace ${key.namespace}`,
      { cause: error },
    );
  } finally {
    await progress.done();
  }
}
