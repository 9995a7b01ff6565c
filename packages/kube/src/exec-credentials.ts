/** Credentials from a program that the kubeconfig names. https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Clock } from './clock.ts';

export interface ExecPlugin {
  readonly apiVersion?: string;
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly env?: ReadonlyArray<{ readonly name: string; readonly value: string }> | null;
  /** What a person without the program is told. */
  readonly installHint?: string;
  readonly interactiveMode?: string;
  readonly provideClusterInfo?: boolean;
}

export interface ExecCredentials {
  readonly token: string | undefined;
  /** PEM. */
  readonly certificate: { readonly cert: string; readonly key: string } | undefined;
  /** Milliseconds since the epoch; undefined: until the API server refuses them. */
  readonly expires: number | undefined;
}

export interface ExecOptions {
  readonly plugin: ExecPlugin;
  /** The cluster as the kubeconfig has it, for a plugin that wants to know. */
  readonly cluster: object;
  readonly clock: Clock;
  /** Of this process; the plugin's own variables come on top. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const defaultApiVersion = 'client.authentication.k8s.io/v1';
const timeoutMilliseconds = 30_000;
const maximumOutputBytes = 1024 * 1024;
const quotedCharacters = 500;

/** Runs the plugin when there is nothing yet, or when what there is has expired or was refused; never twice at once. */
export class ExecCredentialSource {
  readonly #options: ExecOptions;
  #current: Promise<ExecCredentials> | undefined;

  constructor(options: ExecOptions) {
    this.#options = options;
  }

  async get(): Promise<ExecCredentials> {
    const current = this.#current ?? this.#run();
    const credentials = await current;
    if (!this.#isExpired(credentials)) return credentials;
    // Only who finds the expired ones still in place asks for others.
    if (this.#current === current) this.#current = undefined;
    return this.#current ?? this.#run();
  }

  /** The API server has refused them: the next request brings others. */
  drop(): void {
    this.#current = undefined;
  }

  #isExpired({ expires }: ExecCredentials): boolean {
    return expires !== undefined && expires <= this.#options.clock.now();
  }

  #run(): Promise<ExecCredentials> {
    const run = runPlugin(this.#options);
    this.#current = run;
    // A failure is not kept: the plugin may have lacked no more than a network.
    run.catch(() => {
      if (this.#current === run) this.#current = undefined;
    });
    return run;
  }
}

async function runPlugin({ plugin, cluster, environment }: ExecOptions): Promise<ExecCredentials> {
  const { command, args, env, apiVersion = defaultApiVersion } = plugin;
  if (plugin.interactiveMode === 'Always')
    throw failure(plugin, 'it wants to ask a person (interactiveMode: Always), and nobody is there to answer');
  const spec = { interactive: false, ...(plugin.provideClusterInfo === true ? { cluster } : {}) };
  const info = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec });
  const own = Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]));
  try {
    const running = promisify(execFile)(command, [...(args ?? [])], {
      env: { ...environment, ...own, KUBERNETES_EXEC_INFO: info },
      timeout: timeoutMilliseconds,
      maxBuffer: maximumOutputBytes,
    });
    // Nobody is there to answer: a plugin that reads finds the end, as it would with /dev/null.
    running.child.stdin?.end();
    const { stdout } = await running;
    return parseCredential(stdout, apiVersion);
  } catch (error) {
    throw failure(plugin, describe(error, plugin), error);
  }
}

function failure({ command }: ExecPlugin, reason: string, cause?: unknown): Error {
  return new Error(`the credential plugin ${command} of the kubeconfig failed: ${reason}`, { cause });
}

/** Never what it printed: that may be the secret. */
function describe(error: unknown, { installHint }: ExecPlugin): string {
  if (!(error instanceof Error)) return String(error);
  const { code, signal, stderr } = error as { code?: unknown; signal?: unknown; stderr?: unknown };
  if (code === 'ENOENT') return `there is no such program${installHint === undefined ? '' : `. ${installHint.trim()}`}`;
  if (signal === 'SIGTERM') return `it did not end within ${timeoutMilliseconds / 1_000} s`;
  if (typeof code !== 'number') return error.message;
  return `it ended with exit code ${code}: ${String(stderr).trim().slice(-quotedCharacters)}`;
}

function parseCredential(text: string, expected: string): ExecCredentials {
  const { kind, apiVersion, status } = parse(text);
  if (kind !== 'ExecCredential')
    throw new Error(`it printed a ${kind ?? 'thing without a kind'}, not an ExecCredential`);
  if (apiVersion !== expected)
    throw new Error(`it printed an ExecCredential of ${apiVersion ?? 'no version'} where ${expected} was asked for`);
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = status ?? {};
  if ((cert === undefined) !== (key === undefined))
    throw new Error('it printed only one of clientCertificateData and clientKeyData');
  if (token === undefined && cert === undefined) throw new Error('it printed neither a token nor a certificate');
  const expires = expirationTimestamp === undefined ? undefined : Date.parse(expirationTimestamp);
  if (Number.isNaN(expires)) throw new Error('its expirationTimestamp is no time');
  return { token, certificate: cert === undefined || key === undefined ? undefined : { cert, key }, expires };
}

interface ExecCredential {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly status?: {
    readonly token?: string;
    readonly clientCertificateData?: string;
    readonly clientKeyData?: string;
    readonly expirationTimestamp?: string;
  };
}

function parse(text: string): ExecCredential {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Without the cause, whose message quotes what was printed.
    throw new Error('what it printed is not JSON');
  }
  if (typeof value !== 'object' || value === null) throw new Error('what it printed is no object');
  return value;
}
