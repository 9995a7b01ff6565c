import { isAbsolute } from 'node:path';
import type { KubeconfigContext } from '@slipway/kube/kubeconfig';

const extensionName = 'slipway.dev/embedded-cluster';

/** An extension of a context; kubectl keeps those that it does not know. */
export function embeddedExtension(path: string): Pick<KubeconfigContext, 'extensions'> {
  return { extensions: [{ name: extensionName, extension: { dataDirectory: path } }] };
}

/** The data directory of the embedded cluster that a context is of; undefined where it is of another cluster. */
export function embeddedDirectory({ extensions }: KubeconfigContext): string | undefined {
  if (!Array.isArray(extensions)) return undefined;
  const found: unknown = extensions.find((each) => each?.name === extensionName)?.extension;
  if (typeof found !== 'object' || found === null || !('dataDirectory' in found)) return undefined;
  const path = found.dataDirectory;
  return typeof path === 'string' && isAbsolute(path) ? path : undefined;
}
