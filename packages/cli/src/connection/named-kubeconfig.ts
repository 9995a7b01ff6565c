import { mergeKubeconfigs, readKubeconfig, type Kubeconfig } from '@slipway/kube/kubeconfig';
import { defaultKubeconfigFile } from './kubeconfig-entry.ts';

export interface NamedKubeconfig {
  /** Undefined where no file is. */
  readonly config: Kubeconfig | undefined;
  /** What it is called in messages: the files. */
  readonly source: string;
}

/** What kubectl would read: the given file, those of $KUBECONFIG joined, or ~/.kube/config. */
export async function readNamedKubeconfig(file: string | undefined): Promise<NamedKubeconfig> {
  const files =
    file === undefined ? (process.env['KUBECONFIG'] ?? '').split(':').filter((each) => each !== '') : [file];
  const named = files.length === 0 ? [defaultKubeconfigFile()] : files;
  const configs = (await Promise.all(named.map((each) => readKubeconfig(each)))).filter(
    (config) => config !== undefined,
  );
  return { config: configs.length === 0 ? undefined : mergeKubeconfigs(configs), source: named.join(', ') };
}
