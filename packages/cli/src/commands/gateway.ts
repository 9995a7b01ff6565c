import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway, type Gateway } from '@slipway/gateway/gateway';
import { ListenError } from '@slipway/gateway/listen';
import { DataPlaneError, type DataPlaneChoice, openDataPlane } from '@slipway/gateway/open-data-plane';
import { createJsonLogger } from '@slipway/kube/platform/json-logger';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { connect } from '../connection/connection.ts';
import type { GlobalOptions } from '../global-options.ts';
import { CommandFailure } from '../failure.ts';
import { print, printLine } from '../output/output.ts';

export interface GatewayCommandOptions extends GlobalOptions {
  readonly host: string;
  readonly port: number;
  readonly tlsPort?: number;
  readonly adminPort?: number;
  readonly address?: string;
  readonly name?: string;
  readonly dataPlane: DataPlaneChoice;
}

/** A gateway as a process of its own, in front of any cluster. Ends on SIGTERM and SIGINT once open requests have ended. */
export async function gateway(options: GatewayCommandOptions): Promise<void> {
  const { client, server } = await connect(options);
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop());
  const directory = await mkdtemp(join(tmpdir(), 'slipway-gateway-'));
  try {
    const { running, description } = await start(options, client, directory);
    const urls = [`http://${options.host}:${running.port}`];
    if (running.tlsPort !== undefined) urls.push(`https://${options.host}:${running.tlsPort}`);
    const name = instanceName(options);
    if (options.output === undefined)
      print(`Gateway ${name} (${description}) serves ${server} at ${urls.join(' and ')}.`);
    else await printLine({ name, dataPlane: description, server, urls }, options.output);
    await stopped;
    await running.close();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function start(
  options: GatewayCommandOptions,
  client: Parameters<typeof startGateway>[0]['client'],
  directory: string,
): Promise<{ running: Gateway; description: string }> {
  const { host, port, tlsPort, adminPort } = options;
  const logger = createJsonLogger({ output: process.stderr, clock: systemClock, level: 'info' });
  const shared = { clock: systemClock, random: Math.random, logger };
  try {
    const { dataPlane, description } = await openDataPlane({
      ...shared,
      choice: options.dataPlane,
      directory: join(directory, 'haproxy'),
    });
    const running = await startGateway({
      ...shared,
      client,
      dataPlane,
      instance: instanceName(options),
      listen: { host, port },
      address: options.address,
      tlsListen: tlsPort === undefined ? undefined : { host, port: tlsPort },
      adminListen: adminPort === undefined ? undefined : { host: '127.0.0.1', port: adminPort },
      signal: new AbortController().signal,
    });
    return { running, description };
  } catch (error) {
    if (error instanceof ListenError || error instanceof DataPlaneError)
      throw new CommandFailure(`${error.message}.`, { cause: error });
    throw error;
  }
}

/** Its Lease has this name, so it is one that an object may have. */
function instanceName({ name, port }: GatewayCommandOptions): string {
  return (
    name ??
    `gateway-${hostname()
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]/g, '-')}-${port}`
  );
}
