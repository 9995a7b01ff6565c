/** Which embedded cluster a kubeconfig names: `slipway up` writes its data directory into the context. */
import { resolve } from 'node:path';
import { KubeconfigError, type Kubeconfig, type KubeconfigContext } from '@slipway/kube/kubeconfig';
import { dataDirectory, type DataDirectory } from '../embedded/data-directory.ts';
import { usageFailure } from '../failure.ts';
import type { ConnectionOptions } from '../global-options.ts';
import { embeddedDirectory } from './embedded-extension.ts';
import { readNamedKubeconfig } from './named-kubeconfig.ts';

export interface EmbeddedOptions extends ConnectionOptions {
  readonly dataDir?: string | undefined;
}

/** Whether the options name a cluster by kubeconfig. Without, an embedded one is meant: not whatever $KUBECONFIG says. */
export function namesKubeconfig({ kubeconfig, context }: ConnectionOptions): boolean {
  return kubeconfig !== undefined || context !== undefined;
}

/** The data directory that `--data-dir` names, or else the kubeconfig. Throws for a context of any other cluster. */
export async function locateEmbedded(options: EmbeddedOptions, command: string): Promise<DataDirectory> {
  if (!namesKubeconfig(options)) return dataDirectory(options.dataDir);
  const { name, path, source } = await findEmbedded(options);
  if (path === undefined)
    throw usageFailure(
      `The context "${name}" of ${source} is of no embedded cluster: slipway ${command} works with those that slipway up starts.\n` +
        'Name one of their contexts with --context NAME, or their data directory with --data-dir DIR.',
    );
  if (options.dataDir !== undefined && resolve(options.dataDir) !== path)
    throw usageFailure(
      `--data-dir names ${resolve(options.dataDir)}, and the context "${name}" of ${source} is of the cluster in ${path}: give one of the two.`,
    );
  return dataDirectory(path);
}

export interface NamedCluster {
  readonly name: string;
  /** Of an embedded cluster: its data directory. */
  readonly path: string | undefined;
  readonly source: string;
}

export async function findEmbedded(options: ConnectionOptions): Promise<NamedCluster> {
  try {
    const { config, source } = await readNamedKubeconfig(options.kubeconfig);
    if (config === undefined) throw new KubeconfigError(`there is no kubeconfig at ${source}`);
    const name = options.context ?? config['current-context'] ?? '';
    return { name, path: embeddedDirectory(requireContext(config, name, source)), source };
  } catch (error) {
    if (!(error instanceof KubeconfigError)) throw error;
    throw usageFailure(
      `${error.message}.\nName a kubeconfig with --kubeconfig FILE, or start a cluster with: slipway up`,
      error,
    );
  }
}

function requireContext({ contexts }: Kubeconfig, name: string, source: string): KubeconfigContext {
  const found = contexts?.find((each) => each.name === name)?.context;
  if (found !== undefined) return found;
  const known = (contexts ?? []).map((each) => each.name).join(', ') || '(none)';
  throw new KubeconfigError(
    name === ''
      ? `${source} has no current context: name one with --context, one of: ${known}`
      : `${source} has no context named "${name}"; it has: ${known}`,
  );
}
