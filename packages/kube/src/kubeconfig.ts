/** kubeconfig files: which server, as whom. https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/ */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Clock } from './clock.ts';
import { ExecCredentialSource, type ExecPlugin } from './exec-credentials.ts';
import type { HttpTransportOptions } from './http-transport.ts';
import { messageOf } from './message-of.ts';

export interface KubeconfigCluster {
  readonly server: string;
  readonly 'certificate-authority'?: string;
  readonly 'certificate-authority-data'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  readonly 'tls-server-name'?: string;
  readonly 'proxy-url'?: string;
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
  /** What programs other than kubectl keep with the context. */
  readonly extensions?: ReadonlyArray<{ readonly name: string; readonly extension: unknown }>;
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
  const message = messageOf(error);
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
      user: withCommand(directory, located(user ?? {}, ['tokenFile', 'client-certificate', 'client-key'])),
    })),
  };
}

/** A plugin without a slash is looked for in PATH. */
function withCommand(directory: string, user: KubeconfigUser): KubeconfigUser {
  const { exec } = user;
  return typeof exec?.command === 'string' && exec.command.includes('/')
    ? { ...user, exec: { ...exec, command: resolve(directory, exec.command) } }
    : user;
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

export interface ResolveOptions {
  readonly context?: string | undefined;
  /** What the kubeconfig is called in messages. */
  readonly source: string;
  /** For what credential plugins say about time. */
  readonly clock: Clock;
  /** In which credential plugins run. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** How to reach the server of a context (the current one unless named) and as whom. Throws `KubeconfigError`. */
export async function resolveContext(config: Kubeconfig, options: ResolveOptions): Promise<ResolvedContext> {
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
  refuseUnsupported(user, `the user "${context.user}" of ${source}`);
  const transport = await transportOptions(cluster, user, options);
  return { contextName, namespace: context.namespace ?? 'default', transport };
}

function names(entries: ReadonlyArray<{ readonly name: string }> | null | undefined): string {
  return entries === undefined || entries === null || entries.length === 0
    ? '(none)'
    : entries.map(({ name }) => name).join(', ');
}

/** Left out without a word, each of these would make us somebody else. */
const unsupported: Readonly<Record<string, string>> = {
  'auth-provider': 'signs in by an auth-provider, which Kubernetes dropped in 1.26; use exec',
  username: 'signs in by name and password, which Kubernetes dropped in 1.19; use a token or a client certificate',
  as: 'acts as another user (as), which is not supported',
};

function refuseUnsupported(user: KubeconfigUser, who: string): void {
  const field = Object.keys(unsupported).find((name) => name in user);
  if (field !== undefined) throw new KubeconfigError(`${who} ${unsupported[field]}`);
}

async function transportOptions(
  cluster: KubeconfigCluster,
  user: KubeconfigUser,
  { clock, environment }: ResolveOptions,
): Promise<HttpTransportOptions> {
  const plugin = user.exec;
  const exec = plugin && new ExecCredentialSource({ plugin, cluster, clock, environment });
  const [ca, cert, key] = await Promise.all([
    pem(cluster['certificate-authority-data'], cluster['certificate-authority']),
    pem(user['client-certificate-data'], user['client-certificate']),
    pem(user['client-key-data'], user['client-key']),
  ]);
  return {
    server: cluster.server,
    ca,
    insecureSkipTlsVerify: cluster['insecure-skip-tls-verify'],
    tlsServerName: cluster['tls-server-name'],
    ...(exec === undefined ? { cert, key, token: tokenOf(user) } : await byPlugin(exec)),
  };
}

/** Runs the plugin for the first time, so that what is wrong with it is said at once. */
async function byPlugin(
  exec: ExecCredentialSource,
): Promise<Pick<HttpTransportOptions, 'cert' | 'key' | 'token' | 'certificate' | 'onUnauthorized'>> {
  const credentials = (): ReturnType<ExecCredentialSource['get']> =>
    exec.get().catch((error: Error) => {
      throw new KubeconfigError(error.message, { cause: error });
    });
  const { certificate } = await credentials();
  return {
    ...certificate,
    token: async () => (await credentials()).token,
    certificate: async () => (await credentials()).certificate,
    onUnauthorized: () => exec.drop(),
  };
}

function tokenOf({ token, tokenFile }: KubeconfigUser): HttpTransportOptions['token'] {
  // A token in a file is rotated by whoever writes it.
  if (tokenFile !== undefined) return () => readToken(tokenFile);
  return token === undefined ? undefined : () => token;
}

async function readToken(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new KubeconfigError(`the token in ${file} cannot be read: ${error.message}`, { cause: error });
  });
  return text.trim();
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

const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

/** For a program that runs in a pod; undefined where it does not. */
export async function inClusterContext(
  environment: Readonly<Record<string, string | undefined>>,
  directory: string = serviceAccountDirectory,
): Promise<ResolvedContext | undefined> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  if (host === undefined || port === undefined) return undefined;
  const [ca, namespace = 'default'] = await Promise.all([
    readIfThere(join(directory, 'ca.crt')),
    readIfThere(join(directory, 'namespace')),
  ]);
  if (ca === undefined) return undefined;
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  // The kubelet puts a new token there long before the old one expires.
  const token = (): Promise<string> => readToken(join(directory, 'token'));
  return { contextName: 'in-cluster', namespace: namespace.trim(), transport: { server, ca, token } };
}

async function readIfThere(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new KubeconfigError(`the file ${file} of the service account cannot be read: ${error.message}`, {
      cause: error,
    });
  });
}

/** Writes by way of a temporary file, so that a crash leaves the old one or the new one. */
export async function writeKubeconfig(file: string, config: Kubeconfig): Promise<void> {
  const { stringify } = await import('yaml');
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}.new`;
  try {
    await writeFile(temporary, stringify(config), { mode: 0o600, flush: true });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
