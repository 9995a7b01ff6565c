import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeClient } from '@slipway/kube/client';
import { connect } from '../../../packages/cli/src/connection/connection.ts';
import { execute, type Outcome } from './execute.ts';
import { removeFolder, self, type Person } from './person.ts';

/** A cluster as a user starts it, in a folder of its own, on free ports. */
export interface TestCluster {
  readonly directory: string;
  readonly gateway: string;
  /** The administrator's. */
  readonly kubeconfig: string;
  readonly client: KubeClient;
  slipway(...words: readonly string[]): Promise<Outcome>;
  kubectl(...words: readonly string[]): Promise<Outcome>;
  /** Output of a kubectl that must succeed. */
  ask(...words: readonly string[]): Promise<string>;
  /** Stops the cluster and keeps its folder. */
  down(): Promise<Outcome>;
  stop(): Promise<Outcome>;
}

export interface StartOptions {
  readonly person?: Person;
  /** Of a cluster that was started before; a new folder if absent. */
  readonly directory?: string;
  /** Further options of `slipway up`. */
  readonly words?: readonly string[];
}

/**
 * The command line that starts a cluster on free ports and writes to no kubeconfig of a person. The deployment server is
 * for the few tests that say where it is.
 */
export function upWords(directory: string, words: readonly string[] = []): readonly string[] {
  const server = words.includes('--server-port') ? [] : ['--no-server'];
  const ports = ['--api-port', '0', '--gateway-port', '0', ...server];
  return ['up', '--data-dir', directory, ...ports, '--kubeconfig', mergedKubeconfig(directory), ...words];
}

function mergedKubeconfig(directory: string): string {
  return join(directory, 'merged.kubeconfig');
}

export async function startCluster(options: StartOptions = {}): Promise<TestCluster> {
  const { person = self, words = [] } = options;
  const directory = options.directory ?? (await person.createFolder());
  const started = await person.slipway(...upWords(directory, ['--detach', ...person.levelWords, ...words]));
  if (started.exitCode !== 0) throw new Error(`the cluster did not start: ${started.stderr}`);
  return findCluster(directory, person);
}

/** The cluster that runs in `directory`. */
export async function findCluster(directory: string, person: Person = self): Promise<TestCluster> {
  const { gateway }: { readonly gateway: string } = JSON.parse(
    await readFile(join(directory, 'run', 'cluster.json'), 'utf8'),
  );
  const kubeconfig = join(directory, 'kubeconfig');
  const { client } = await connect({ kubeconfig });
  const kubectl: TestCluster['kubectl'] = (...words) =>
    execute('kubectl', ['--kubeconfig', mergedKubeconfig(directory), ...words]);
  const down: TestCluster['down'] = () => person.slipway('down', '--data-dir', directory, '--grace', '1');
  return {
    directory,
    gateway,
    kubeconfig,
    client,
    slipway: person.slipway,
    kubectl,
    ask: async (...words) => {
      const outcome = await kubectl(...words);
      if (outcome.exitCode !== 0) throw new Error(`kubectl ${words.join(' ')} failed: ${outcome.stderr}`);
      return outcome.stdout.trim();
    },
    down,
    stop: async () => {
      const stopped = await down();
      await removeFolder(directory);
      return stopped;
    },
  };
}
