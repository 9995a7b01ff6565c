import { basename, join } from 'node:path';
import { homedir } from 'node:os';
import {
  KubeconfigError,
  mergeKubeconfigs,
  readKubeconfig,
  writeKubeconfig,
  type Kubeconfig,
} from '@slipway/kube/kubeconfig';
import type { ClusterCertificates } from '@slipway/cluster/pki/certificates';
import { CommandFailure } from '../failure.ts';
import { embeddedDirectory, embeddedExtension } from './embedded-extension.ts';
import { describeSystemError, isSystemError } from '../system-error.ts';

/** The context of an embedded cluster, complete: server, authority and the administrator's certificate. */
export function clusterKubeconfig(
  { path, server }: { readonly path: string; readonly server: string },
  certificates: ClusterCertificates,
): Kubeconfig {
  const context = contextName(path);
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: context, cluster: { server, 'certificate-authority-data': encode(certificates.authority) } }],
    users: [
      {
        name: context,
        user: {
          'client-certificate-data': encode(certificates.admin.certificate),
          'client-key-data': encode(certificates.admin.key),
        },
      },
    ],
    contexts: [{ name: context, context: { cluster: context, user: context, ...embeddedExtension(path) } }],
    'current-context': context,
  };
}

/** `slipway` for the usual data directory, `slipway-<folder>` for others. */
export function contextName(dataDirectory: string): string {
  const folder = basename(dataDirectory).replaceAll(/[^\w.-]/g, '-');
  return folder === 'default' ? 'slipway' : `slipway-${folder}`;
}

/** The file that kubectl writes to: the first of $KUBECONFIG, or ~/.kube/config. */
export function defaultKubeconfigFile(environment: NodeJS.ProcessEnv = process.env): string {
  const first = (environment['KUBECONFIG'] ?? '').split(':').find((file) => file !== '');
  return first ?? join(homedir(), '.kube', 'config');
}

/** Where an embedded cluster is to be found by kubectl. */
export interface KubeconfigEntry {
  readonly file: string;
  /** What its context, cluster and user are called there. */
  readonly context: string;
  /** That the context names. */
  readonly namespace?: string | undefined;
}

/** Adds the cluster to a kubeconfig and makes it the current one, as other tools that start clusters do. */
export async function addKubeconfigEntry(
  { file, context, namespace }: KubeconfigEntry,
  source: string,
): Promise<{ readonly file: string; readonly context: string }> {
  const [existing = {}, own = {}] = await Promise.all([readKubeconfig(file), readKubeconfig(source)]);
  const merged = mergeKubeconfigs([renamed(own, context, namespace), withoutContext(existing, context)]);
  try {
    await writeKubeconfig(file, { ...merged, 'current-context': context });
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new CommandFailure(
      `The cluster cannot be added to the kubeconfig ${file}: ${describeSystemError(error)}.\n` +
        'Name another with --kubeconfig FILE, or with the variable KUBECONFIG.',
      { cause: error },
    );
  }
  return { file, context };
}

/** The single cluster of a kubeconfig under another name. */
function renamed({ clusters, users, contexts, ...rest }: Kubeconfig, name: string, namespace?: string): Kubeconfig {
  return {
    ...rest,
    clusters: (clusters ?? []).map((each) => ({ ...each, name })),
    users: (users ?? []).map((each) => ({ ...each, name })),
    contexts: (contexts ?? []).map(({ context }) => ({
      name,
      context: { ...context, cluster: name, user: name, ...(namespace === undefined ? {} : { namespace }) },
    })),
  };
}

/** Takes the cluster of a data directory out again, unless another has taken the name since; everything else in the file stays, and all of it if somebody has made it unreadable. */
export async function removeKubeconfigEntry(file: string, context: string, path: string): Promise<void> {
  const existing = await readKubeconfig(file).catch((error: unknown) => {
    if (error instanceof KubeconfigError) return undefined;
    throw error;
  });
  const entry = existing?.contexts?.find(({ name }) => name === context);
  if (existing === undefined || entry === undefined || embeddedDirectory(entry.context) !== path) return;
  await writeKubeconfig(file, withoutContext(existing, context));
}

function withoutContext(config: Kubeconfig, name: string): Kubeconfig {
  const { 'current-context': current, ...rest } = config;
  const others = <T extends { readonly name: string }>(entries: readonly T[] | null | undefined): readonly T[] =>
    (entries ?? []).filter((each) => each.name !== name);
  return {
    ...rest,
    clusters: others(config.clusters),
    users: others(config.users),
    contexts: others(config.contexts),
    ...(current === undefined || current === name ? {} : { 'current-context': current }),
  };
}
