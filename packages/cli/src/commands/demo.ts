import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applications } from '@slipway/delivery/api/application';
import type { Release } from '@slipway/delivery/api/release';
import type { KubeClient } from '@slipway/kube/client';
import { namespaces } from '@slipway/kube/resources';
import { connect } from '../connection/connection.ts';
import type { KubeconfigEntry } from '../connection/kubeconfig-entry.ts';
import { applicationName, demoApplication, host } from '../demo/application.ts';
import { summarize } from '../demo/summary.ts';
import { findBrokenPromises, type DemoCast, type DemoResult } from '../demo/verdict.ts';
import { buildInto } from '../embedded/build-into.ts';
import { dataDirectory, readClusterState, type ClusterState, type DataDirectory } from '../embedded/data-directory.ts';
import { launchServer } from '../embedded/launch-server.ts';
import type { ServerOptions } from '../embedded/server-options.ts';
import { CommandFailure } from '../failure.ts';
import type { GlobalOptions } from '../global-options.ts';
import { startLoad, type Load } from '../load/load.ts';
import { followRelease } from '../output/follow-release.ts';
import { colour, fold, print, printValue } from '../output/output.ts';
import { createProgress } from '../output/progress.ts';
import { stopCluster } from './down.ts';
import { greeting } from './up.ts';

export interface DemoOptions extends GlobalOptions {
  readonly once: boolean;
  readonly rate: number;
  readonly level: ServerOptions['level'];
}

/** Beside the packages in a checkout, within the package where it is published. */
const exampleFolders = ['../../../../examples/statics', '../../examples/statics'];
const cast: DemoCast = { first: 'v1', upgrade: 'v2', broken: 'v3' };
/** A release of the demo takes seconds; one that hangs must not hang the terminal too. */
const patienceSeconds = 120;

/** The story of the README, on a cluster of its own that is gone afterwards. */
export async function demo(options: DemoOptions): Promise<void> {
  // A story that was cut short still follows a release in a cluster that is gone, and would for ever.
  if ((await play(options)) === 'interrupted') process.exit(interruptedExitCode);
}

/** As shells have it for SIGINT. */
const interruptedExitCode = 130;

async function play(options: DemoOptions): Promise<'interrupted' | 'told'> {
  const say = narrator(options);
  const directory = dataDirectory(await mkdtemp(join(tmpdir(), 'slipway-demo-')));
  const interrupted = interruption();
  try {
    const outcome = await Promise.race([tell({ options, directory, say }), interrupted]);
    if (outcome === 'interrupted') return outcome;
    if (!options.once) {
      say(await howToLookAround(directory));
      await interrupted;
    }
    if (!outcome) throw new CommandFailure('The demo did not go as it should; what is written above says where.');
    return 'told';
  } finally {
    await stopCluster(directory, 1);
    await rm(directory.path, { recursive: true, force: true });
    say('The cluster of the demo is stopped, and its files are gone.');
  }
}

async function howToLookAround(directory: DataDirectory): Promise<string> {
  const state = await readClusterState(directory);
  return [
    '\nThe cluster keeps running. Look around from another terminal:',
    `  kubectl --kubeconfig ${directory.kubeconfig} get applications,releases,pods`,
    `  curl -H 'Host: ${host}' ${state?.gateway ?? ''}/version`,
    'Stop it with Ctrl-C.',
  ].join('\n');
}

interface Story {
  readonly options: DemoOptions;
  readonly directory: DataDirectory;
  readonly say: (text: string) => void;
}

/** Data on standard output are the result alone. */
function narrator({ output }: DemoOptions): Story['say'] {
  return output === undefined ? print : (text) => process.stderr.write(`${text}\n`);
}

function interruption(): Promise<'interrupted'> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve('interrupted'));
  });
}

/** Whether the demo kept its promises. */
async function tell(story: Story): Promise<boolean> {
  const { options, directory, say } = story;
  say('A release, an upgrade under load, and a broken version that is refused, on a cluster of its own.');
  say('It takes about half a minute and leaves nothing behind.\n');
  say('Starting the cluster ...');
  const state = await launchServer({
    dataDirectory: directory.path,
    ephemeral: true,
    apiPort: 0,
    gatewayPort: 0,
    dataPlane: 'built-in',
    runtime: 'auto',
    nodes: 1,
    level: options.level,
    controller: true,
    deploymentServer: undefined,
    mergeInto: kubeconfigEntry(options),
  });
  say(greeting(state).join('\n'));
  await buildVersions(story, state);
  const { client } = await connect({ kubeconfig: state.kubeconfig });
  await createNamespace(client, options.namespace);
  const { first, upgrade, broken } = cast;
  const releases = [await release(story, { client, version: first })];
  say(
    `\nLoad: ${options.rate} requests a second to http://${host} through the gateway,\n      half over new connections and half over kept ones.`,
  );
  const load = startLoad({ target: state.gateway, host, path: '/version', rate: options.rate, versions: [first] });
  try {
    await load.allow([first, upgrade]);
    releases.push(await release(story, { client, version: upgrade, load }));
    await load.allow([upgrade]);
    releases.push(await release(story, { client, version: broken, load }));
    return await show(story, { releases, load: await load.stop(), cast });
  } catch (error) {
    await load.stop();
    throw error;
  }
}

/** Undefined without --kubeconfig: the demo leaves no trace where nobody asked for one. */
function kubeconfigEntry({ kubeconfig, context, namespace }: DemoOptions): KubeconfigEntry | undefined {
  return kubeconfig === undefined
    ? undefined
    : { file: resolve(kubeconfig), context: context ?? 'slipway-demo', namespace };
}

async function createNamespace(client: KubeClient, name = 'default'): Promise<void> {
  if (name === 'default') return;
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
}

async function show({ say, options }: Story, result: DemoResult): Promise<boolean> {
  const brokenPromises = findBrokenPromises(result);
  const isAsPromised = brokenPromises.length === 0;
  const { releases, load } = result;
  if (options.output !== undefined)
    await printValue({ isAsPromised, brokenPromises, releases, load, broken: cast.broken }, options.output);
  say(`\n${summarize(result).join('\n')}`);
  say(
    isAsPromised
      ? colour('green', '\n✔ No request was lost, and the broken version never saw one.')
      : colour('red', ['\n✘ Not as promised:', ...brokenPromises].join('\n  ')),
  );
  return isAsPromised;
}

function findExample(): string {
  const folders = exampleFolders.map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const found = folders.find((folder) => existsSync(folder));
  if (found === undefined)
    throw new CommandFailure(`The example is missing; it was looked for in ${folders.join(', ')}`);
  return found;
}

async function buildVersions({ directory, say }: Story, state: ClusterState): Promise<void> {
  const contextDirectory = findExample();
  for (const version of [cast.first, cast.upgrade, cast.broken]) {
    const isHealthy = version !== cast.broken;
    const started = performance.now();
    await buildInto(directory, {
      contextDirectory,
      tag: `statics:${version}`,
      buildArguments: { VERSION: version, HEALTHY: String(isHealthy) },
      level: state.level === 'root' ? 'root' : 'plain',
      output: () => undefined,
    });
    say(
      `Built statics:${version} from examples/statics in ${Math.round(performance.now() - started)} ms${isHealthy ? '' : '; it will say that it is not healthy'}.`,
    );
  }
}

interface Asked {
  readonly client: KubeClient;
  readonly version: string;
  readonly load?: Load;
}

/** Asks for a version and watches until its release has ended, one way or the other. */
async function release({ say, options }: Story, { client, version, load }: Asked): Promise<Release> {
  say(`\n${colour('bold', `Releasing ${version}`)}`);
  const { namespace = 'default' } = options;
  const wanted = demoApplication(version, namespace);
  const key = { namespace, name: applicationName };
  const application = await client.patch(
    applications,
    key,
    { type: 'apply', body: wanted, force: true },
    { fieldManager: 'slipway' },
  );
  const progress = await createProgress(options.output === undefined ? process.stdout : process.stderr);
  const below = (): readonly string[] =>
    load === undefined ? [] : [`  requests ${load.report.sent} sent, ${load.report.failed} failed`];
  const outcome = await followRelease({
    client,
    application,
    until: 'succeeded',
    timeoutSeconds: patienceSeconds,
    below,
    progress,
  });
  await progress.done();
  say(
    outcome.isReached
      ? `${colour('green', '✔')} ${version} is live.`
      : `${colour('yellow', '↩')} ${version} was refused. ${fold(outcome.reason, 2)}`,
  );
  if (outcome.release === undefined)
    throw new CommandFailure(`Version ${version} was never released: ${outcome.reason}`);
  return outcome.release;
}
