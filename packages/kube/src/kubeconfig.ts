/** kubeconfig files: which server, as whom. https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/ */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { HttpTransportOptions } from './http-transport.ts';

export interface KubeconfigCluster {
  readonly server: string;
  readonly 'certificate-authority'?: string;
  readonly 'certificate-authority-data'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  readonly 'tls-server-name'?: string;
  readonly 'proxy-url'?: string;
}

export interface ExecPlugin {
  readonly apiVersion?: string;
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly env?: ReadonlyArray<{ readonly name: string; readonly value: string }> | null;
}

export interface KubeconfigUser {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly 'client-certificate'?: string;
  readonly 'client-certificate-data'?: string;
  readonly 'client-key'?: string;
  readonly 'client-key-data'?: string;
  readonly exec?: ExecPlugin;
}

export interface KubeconfigContext {
  readonly cluster: string;
  readonly user: string;
  readonly namespace?: string;
}

export interface Kubeconfig {
  readonly apiVersion?: 'v1';
  readonly kind?: 'Config';
  readonly clusters?: ReadonlyArray<{ readonly name: string; readonly cluster: KubeconfigCluster }> | null;
  readonly users?: ReadonlyArray<{ readonly name: string; readonly user: KubeconfigUser }> | null;
  readonly contexts?: ReadonlyArray<{ readonly name: string; readonly context: KubeconfigContext }> | null;
  readonly 'current-context'?: string;
  readonly preferences?: object;
}

/** Says which file and what about it. */
export class KubeconfigError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'KubeconfigError';
  }
}

/** Undefined for a file that does not exist. */
export async function readKubeconfig(file: string): Promise<Kubeconfig | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new KubeconfigError(`the kubeconfig ${file} cannot be read: ${error.message}`, { cause: error });
  });
  if (text === undefined) return undefined;
  // Late: a cluster that starts has better things to do first.
  const { parse } = await import('yaml');
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new KubeconfigError(`the kubeconfig ${file} is not YAML: ${firstLine(error)}`, { cause: error });
  }
  if (value === null || value === undefined) return {};
  checkForm(value, file);
  return absolute(value, dirname(file));
}

/** The rest of a fault in YAML shows the text around it, in which there may be a key. */
function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('\n')[0] ?? '').replace(/:$/, '');
}

const sections = [
  { list: 'clusters', entry: 'cluster' },
  { list: 'users', entry: 'user' },
  { list: 'contexts', entry: 'context' },
] as const;

/** Throws when what is read here has another form than the documentation of Kubernetes says. */
function checkForm(value: unknown, file: string): asserts value is Kubeconfig {
  if (!isMapping(value))
    throw new KubeconfigError(`the kubeconfig ${file} must be a mapping with clusters, users and contexts`);
  for (const { list, entry } of sections) {
    const entries = value[list] ?? [];
    if (!Array.isArray(entries)) throw new KubeconfigError(`the kubeconfig ${file} is wrong: ${list} must be a list`);
    for (const [index, each] of entries.entries()) {
      const isEntry = isMapping(each) && typeof each['name'] === 'string' && isMapping(each[entry] ?? {});
      if (!isEntry)
        throw new KubeconfigError(
          `the kubeconfig ${file} is wrong: ${list}[${index}] must be a mapping with a name and a ${entry}`,
        );
    }
  }
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Paths in a kubeconfig are relative to it. */
function absolute(config: Kubeconfig, directory: string): Kubeconfig {
  const located = <T extends object>(value: T, fields: readonly string[]): T =>
    Object.fromEntries(
      Object.entries(value).map(([name, child]) => [
        name,
        fields.includes(name) && typeof child === 'string' ? resolve(directory, child) : child,
      ]),
    ) as T;
  return {
    ...config,
    clusters: (config.clusters ?? []).map(({ name, cluster }) => ({
      name,
      cluster: located(cluster ?? {}, ['certificate-authority']),
    })),
    users: (config.users ?? []).map(({ name, user }) => ({
      name,
      user: located(user ?? {}, ['tokenFile', 'client-certificate', 'client-key']),
    })),
  };
}

/** Joins several files as kubectl does: the first that names a thing counts. */
export function mergeKubeconfigs(configs: readonly Kubeconfig[]): Kubeconfig {
  const first = <T extends { readonly name: string }>(entries: readonly T[]): readonly T[] =>
    entries.filter((entry, index) => entries.findIndex(({ name }) => name === entry.name) === index);
  const current = configs.find((config) => (config['current-context'] ?? '') !== '')?.['current-context'];
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: first(configs.flatMap(({ clusters }) => clusters ?? [])),
    users: first(configs.flatMap(({ users }) => users ?? [])),
    contexts: first(configs.flatMap(({ contexts }) => contexts ?? [])),
    ...(current === undefined ? {} : { 'current-context': current }),
  };
}

export interface ResolvedContext {
  readonly contextName: string;
  readonly namespace: string;
  readonly transport: HttpTransportOptions;
}

/** How to reach the server of a context (the current one unless named) and as whom. Throws `KubeconfigError`. */
export async function resolveContext(
  config: Kubeconfig,
  options: { readonly context?: string | undefined; readonly source: string },
): Promise<ResolvedContext> {
  const { source } = options;
  const contextName = options.context ?? config['current-context'] ?? '';
  if (contextName === '')
    throw new KubeconfigError(
      `${source} has no current context: name one with --context, one of: ${names(config.contexts)}`,
    );
  const context = config.contexts?.find(({ name }) => name === contextName)?.context;
  if (context === undefined)
    throw new KubeconfigError(`${source} has no context named "${contextName}"; it has: ${names(config.contexts)}`);
  const cluster = config.clusters?.find(({ name }) => name === context.cluster)?.cluster;
  if (cluster === undefined)
    throw new KubeconfigError(
      `the context "${contextName}" of ${source} names the cluster "${context.cluster}", which is not in it; it has: ${names(config.clusters)}`,
    );
  if (!URL.canParse(cluster.server))
    throw new KubeconfigError(
      `the cluster "${context.cluster}" of ${source} has the server "${cluster.server}"; expected a URL such as https://127.0.0.1:6443`,
    );
  if (cluster['proxy-url'] !== undefined)
    throw new KubeconfigError(
      `the cluster "${context.cluster}" of ${source} is reached through a proxy (proxy-url), which is not supported`,
    );
  const user = config.users?.find(({ name }) => name === context.user)?.user ?? {};
  return { contextName, namespace: context.namespace ?? 'default', transport: await transportOptions(cluster, user) };
}

function names(entries: ReadonlyArray<{ readonly name: string }> | null | undefined): string {
  return entries === undefined || entries === null || entries.length === 0
    ? '(none)'
    : entries.map(({ name }) => name).join(', ');
}

async function transportOptions(cluster: KubeconfigCluster, user: KubeconfigUser): Promise<HttpTransportOptions> {
  const credentials = user.exec === undefined ? undefined : execCredentials(user.exec);
  const certificate = await credentials?.();
  const [ca, cert, key] = await Promise.all([
    pem(cluster['certificate-authority-data'], cluster['certificate-authority']),
    certificate?.certificate ?? pem(user['client-certificate-data'], user['client-certificate']),
    certificate?.key ?? pem(user['client-key-data'], user['client-key']),
  ]);
  return {
    server: cluster.server,
    ca,
    cert,
    key,
    insecureSkipTlsVerify: cluster['insecure-skip-tls-verify'],
    tlsServerName: cluster['tls-server-name'],
    token: credentials === undefined ? tokenOf(user) : async () => (await credentials()).token,
  };
}

function tokenOf({ token, tokenFile }: KubeconfigUser): HttpTransportOptions['token'] {
  // A token in a file is rotated by whoever writes it.
  if (tokenFile !== undefined) return async () => (await readFile(tokenFile, 'utf8')).trim();
  return token === undefined ? undefined : () => token;
}

async function pem(data: string | undefined, file: string | undefined): Promise<string | undefined> {
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  if (file === undefined) return undefined;
  return readFile(file, 'utf8').catch((error: Error) => {
    throw new KubeconfigError(`the file ${file}, which the kubeconfig names, cannot be read: ${error.message}`, {
      cause: error,
    });
  });
}

interface ExecCredentials {
  readonly token: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  /** Milliseconds; undefined: for this process. */
  readonly expires: number | undefined;
}

const execTimeoutMilliseconds = 30_000;

/** Runs a credential plugin when there is nothing yet or what there is expires. */
function execCredentials(plugin: ExecPlugin): () => Promise<ExecCredentials> {
  let cached: Promise<ExecCredentials> | undefined;
  return async () => {
    const known = await cached;
    if (known === undefined || (known.expires !== undefined && known.expires <= new Date().getTime()))
      cached = runPlugin(plugin);
    return cached ?? runPlugin(plugin);
  };
}

async function runPlugin({
  command,
  args,
  env,
  apiVersion = 'client.authentication.k8s.io/v1',
}: ExecPlugin): Promise<ExecCredentials> {
  const info = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { interactive: false } });
  const assignments = [...(env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: info }].map(
    ({ name, value }) => `${name}=${value}`,
  );
  try {
    // `env` adds to the environment that the plugin inherits.
    const { stdout } = await promisify(execFile)('env', [...assignments, command, ...(args ?? [])], {
      timeout: execTimeoutMilliseconds,
      maxBuffer: 1024 * 1024,
    });
    const {
      status,
    }: {
      readonly status?: {
        readonly token?: string;
        readonly clientCertificateData?: string;
        readonly clientKeyData?: string;
        readonly expirationTimestamp?: string;
      };
    } = JSON.parse(stdout);
    const expires = status?.expirationTimestamp === undefined ? undefined : Date.parse(status.expirationTimestamp);
    return { token: status?.token, certificate: status?.clientCertificateData, key: status?.clientKeyData, expires };
  } catch (error) {
    throw new KubeconfigError(
      `the credential plugin ${command} of the kubeconfig failed: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

/** For a program that runs in a pod; undefined where it does not. */
export async function inClusterContext(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ResolvedContext | undefined> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  if (host === undefined || port === undefined) return undefined;
  const ca = await readFile(`${serviceAccountDirectory}/ca.crt`, 'utf8').catch(() => undefined);
  if (ca === undefined) return undefined;
  const namespace = await readFile(`${serviceAccountDirectory}/namespace`, 'utf8').catch(() => 'default');
  const token = async (): Promise<string> => (await readFile(`${serviceAccountDirectory}/token`, 'utf8')).trim();
  return {
    contextName: 'in-cluster',
    namespace: namespace.trim(),
    transport: { server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`, ca, token },
  };
}

/** Writes by way of a temporary file, so that a crash leaves the old one or the new one. */
export async function writeKubeconfig(file: string, config: Kubeconfig): Promise<void> {
  const { stringify } = await import('yaml');
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}.new`;
  await writeFile(temporary, stringify(config), { mode: 0o600, flush: true });
  await rename(temporary, file);
}
