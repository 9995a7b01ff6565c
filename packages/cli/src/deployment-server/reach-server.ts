/** Which deployment server a command talks to, and as whom. */
import { readFile } from 'node:fs/promises';
import type { Clock } from '@slipway/kube/clock';
import { locateEmbedded, type EmbeddedOptions } from '../connection/embedded-context.ts';
import { runningCluster, type DataDirectory } from '../embedded/data-directory.ts';
import type { ServerPlace } from '../embedded/server-place.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import { isSystemError } from '../system-error.ts';
import { awaitPlace } from './await-place.ts';

export interface ServerWords extends EmbeddedOptions {
  /** `https://deploy.example.org`; absent: $SLIPWAY_SERVER, then the one beside the embedded cluster. */
  readonly server?: string;
  /** Absent: $SLIPWAY_TOKEN, then the first token of the one beside the embedded cluster. */
  readonly tokenFile?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

export interface ReachedServer {
  /** Rejects with what the server says, where that is no success. */
  ask(method: 'GET' | 'POST', path: string): Promise<Response>;
}

export interface ReachMeans {
  readonly environment: Environment;
  readonly clock: Clock;
  /** Of the command. */
  readonly name: string;
}

/** Waits for the one beside the embedded cluster, which may start just now. */
export async function reachServer(words: ServerWords, means: ReachMeans): Promise<ReachedServer> {
  const { environment } = means;
  const { url, tokenFile } = await locate(words, means);
  const token = await readToken(words.tokenFile ?? tokenFile, environment);
  return {
    ask: async (method, path) => {
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetch(new URL(path, url), { method, headers, redirect: 'error' }).catch(
        (error: unknown) => {
          throw new CommandFailure(`The deployment server at ${url} does not answer (${reasonOf(error)}).`, {
            cause: error,
          });
        },
      );
      if (response.ok) return response;
      throw new CommandFailure(describeRefusal(url, response.status, await response.text()));
    },
  };
}

interface Place {
  readonly url: string;
  readonly tokenFile?: string | undefined;
}

async function locate(words: ServerWords, { environment, clock, name }: ReachMeans): Promise<Place> {
  const given = words.server ?? environment['SLIPWAY_SERVER'] ?? '';
  if (given !== '') {
    if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol))
      throw usageFailure(`"${given}" is no address of a server: expected such as https://deploy.example.org`);
    return { url: given };
  }
  const directory = await locateEmbedded(words, name);
  const log = `${directory.log}/deployment-server.log`;
  return await awaitPlace({ find: () => findPlace(directory), clock, log });
}

async function findPlace(directory: DataDirectory): Promise<ServerPlace> {
  const { deploymentServer } = (await runningCluster(directory)) ?? {};
  if (deploymentServer !== undefined) return deploymentServer;
  throw new CommandFailure(
    `No deployment server runs beside a cluster in ${directory.path}.\nName one with --server URL, or start a cluster with: slipway up`,
  );
}

async function readToken(file: string | undefined, environment: Environment): Promise<string> {
  const said = environment['SLIPWAY_TOKEN'] ?? '';
  if (file === undefined && said !== '') return said;
  if (file === undefined)
    throw usageFailure('no token is named: expected --token-file FILE, or the token itself in $SLIPWAY_TOKEN');
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new CommandFailure(
      `The token in ${file} cannot be read (${error.code ?? error.message}).\nName another one with --token-file.`,
      {
        cause: error,
      },
    );
  }
}

function reasonOf(error: unknown): string {
  const { cause } = error as { readonly cause?: unknown };
  return cause instanceof Error ? cause.message : String(error);
}

function describeRefusal(url: string, status: number, text: string): string {
  if (status === 401)
    return `The deployment server at ${url} does not know this token: it was revoked, or is of another server.`;
  return `The deployment server at ${url} answered ${status}: ${detailOf(text)}`;
}

/** https://www.rfc-editor.org/rfc/rfc9457 */
function detailOf(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { readonly detail?: unknown };
    return typeof detail === 'string' ? detail : text;
  } catch {
    // It is no server of ours that says so.
    return text.slice(0, 500);
  }
}
