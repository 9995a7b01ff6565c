import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import {
  KubeconfigError,
  mergeKubeconfigs,
  readKubeconfig,
  writeKubeconfig,
  type Kubeconfig,
} from '@slipway/kube/kubeconfig';
import type { ClusterCertificates } from '@slipway/cluster/pki/certificates';
import { dataDirectory } from '../embedded/data-directory.ts';
import { CommandFailure } from '../failure.ts';
import { homeDirectory } from '../home-directory.ts';
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

/**
 * `slipway` for the usual data directory, `slipway-<folder>-<6 hex digits>` for others: another one for every directory,
 * whatever their folders are called, and always the same for one.
 */
export function contextName(path: string): string {
  if (path === dataDirectory(undefined).path) return 'slipway';
  const folder = basename(path).replaceAll(/[^\w.-]/g, '-');
  return `slipway-${folder}-${createHash('sha256').update(path).digest('hex').slice(0, 6)}`;
}

/** What of others would be replaced by the entry of a cluster in `path`; empty where nothing is. */
export function findForeign(config: Kubeconfig, name: string, path: string): readonly Foreign[] {
  const context = config.contexts?.find((each) => each.name === name)?.context;
  if (context !== undefined && embeddedDirectory(context) === path) return [];
  const hasName = (entries: readonly { readonly name: string }[] | null | undefined): boolean =>
    entries?.some((each) => each.name === name) === true;
  return [
    ...(context === undefined ? [] : [{ kind: 'context' as const, directory: embeddedDirectory(context) }]),
    ...(hasName(config.clusters) ? [{ kind: 'cluster' as const }] : []),
    ...(hasName(config.users) ? [{ kind: 'user' as const }] : []),
  ];
}

export interface Foreign {
  readonly kind: 'context' | 'cluster' | 'user';
  /** Of another embedded cluster. */
  readonly directory?: string | undefined;
}

/** The file that kubectl writes to: the first of $KUBECONFIG, or ~/.kube/config. */
export function defaultKubeconfigFile(environment: NodeJS.ProcessEnv = process.env): string {
  const first = (environment['KUBECONFIG'] ?? '').split(':').find((file) => file !== '');
  return first ?? join(homeDirectory('--kubeconfig FILE'), '.kube', 'config');
}

/** Where an embedded cluster is to be found by kubectl. */
export interface KubeconfigEntry {
  readonly file: string;
  /** What its context, cluster and user are called there. */
  readonly context: string;
  /** That the context names. */
  readonly namespace?: string | undefined;
}

/**
 * Adds the cluster to a kubeconfig and makes it the current one, as other tools that start clusters do. The namespace that
 * somebody has given its context stays, where no other is asked for.
 */
export async function addKubeconfigEntry(
  { file, context, namespace }: KubeconfigEntry,
  own: Kubeconfig,
): Promise<{ readonly file: string; readonly context: string }> {
  const existing = (await readKubeconfig(file)) ?? {};
  const kept = namespace ?? namespaceOf(existing, context, own);
  const merged = mergeKubeconfigs([renamed(own, context, kept), withoutContext(existing, context)]);
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

/** Undefined, too, where the context of that name is of another cluster than `own`. */
function namespaceOf({ contexts }: Kubeconfig, name: string, own: Kubeconfig): string | undefined {
  const before = contexts?.find((each) => each.name === name)?.context;
  const [now] = own.contexts ?? [];
  if (before === undefined || now === undefined) return undefined;
  return embeddedDirectory(before) === embeddedDirectory(now.context) ? before.namespace : undefined;
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
