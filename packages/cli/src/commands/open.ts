import { readFile } from 'node:fs/promises';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { locateEmbedded, type EmbeddedOptions } from '../connection/embedded-context.ts';
import { awaitPlace } from '../deployment-server/await-place.ts';
import { callServer } from '../deployment-server/call.ts';
import { browserCommand, openBrowser } from '../deployment-server/open-browser.ts';
import { runningCluster, type DataDirectory } from '../embedded/data-directory.ts';
import type { ServerPlace } from '../embedded/server-place.ts';
import { CommandFailure } from '../failure.ts';
import type { GlobalOptions } from '../global-options.ts';
import { print, printValue } from '../output/output.ts';
import { isSystemError } from '../system-error.ts';

export interface OpenOptions extends EmbeddedOptions, GlobalOptions {
  readonly print: boolean;
}

/** Logs a browser in as the first admin: whoever can read the token of the data directory may. */
export async function open(options: OpenOptions): Promise<void> {
  const directory = await locateEmbedded(options, 'open');
  const server = await awaitPlace({
    find: () => findServer(directory),
    clock: systemClock,
    log: `${directory.log}/deployment-server.log`,
  });
  const link = await makeLink(server, await readToken(server));
  if (options.output !== undefined) return printValue(link, options.output);
  const browser = browserCommand({
    platform: process.platform,
    environment: process.env,
    isTerminal: process.stdout.isTTY,
  });
  if (!options.print && browser !== undefined && (await openBrowser(browser, link.url)))
    return print(`Opened the deployment server at ${server.url} in a browser.`);
  return print(link.url);
}

async function findServer(directory: DataDirectory): Promise<ServerPlace> {
  const state = await runningCluster(directory);
  if (state === undefined) throw new CommandFailure(`No cluster runs in ${directory.path}. Start one with: slipway up`);
  if (state.deploymentServer !== undefined) return state.deploymentServer;
  throw new CommandFailure(
    `The cluster in ${directory.path} was started without a deployment server (--no-server).\n` +
      'Start one against it with slipway server, or the cluster again without that option.',
  );
}

async function readToken({ tokenFile }: ServerPlace): Promise<string> {
  try {
    return (await readFile(tokenFile, 'utf8')).trim();
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'ENOENT') throw error;
    throw new CommandFailure(
      `The token of the first admin is not in ${tokenFile} any more: log in at the address of slipway status with another token.`,
      { cause: error },
    );
  }
}

interface Link {
  readonly url: string;
  readonly expiresAt: string;
}

async function makeLink({ url, tokenFile }: ServerPlace, token: string): Promise<Link> {
  const { status, body } = await callServer({ url, method: 'POST', path: '/api/v1/session/links', token });
  if (status === 401)
    throw new CommandFailure(
      `The deployment server at ${url} does not know the token in ${tokenFile}: it was revoked, or is of another database.\n` +
        'Log in with another token of an admin.',
    );
  if (status !== 201) throw new CommandFailure(`The deployment server at ${url} gives no link (${status}): ${body}`);
  const { path, expiresAt } = JSON.parse(body) as { readonly path: string; readonly expiresAt: string };
  return { url: new URL(path, url).href, expiresAt };
}
