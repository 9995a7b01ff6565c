import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway, type Gateway } from '@slipway/gateway/gateway';
import { ListenError } from '@slipway/gateway/listen';
import { DataPlaneError, type DataPlaneChoice, openDataPlane } from '@slipway/gateway/open-data-plane';
import type { KubeClient } from '@slipway/kube/client';
import { createJsonLogger } from '@slipway/kube/platform/json-logger';
import { outliveOutput } from '@slipway/kube/platform/log-output';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { awaitServer } from '../connection/await-server.ts';
import { connect, type Connection } from '../connection/connection.ts';
import type { GlobalOptions } from '../global-options.ts';
import { CommandFailure } from '../failure.ts';
import { note, print, printLine } from '../output/output.ts';
import { PartStop, unlessStopped } from '../stop-signal.ts';

export interface GatewayCommandOptions extends GlobalOptions {
  readonly host: string;
  readonly port: number;
  readonly tlsPort?: number;
  readonly adminPort?: number;
  readonly address?: string;
  readonly name?: string;
  readonly dataPlane: DataPlaneChoice;
}

/**
 * A gateway as a process of its own, in front of any cluster. Ends on SIGTERM and SIGINT: at once while it starts, and
 * when it serves once open requests have ended, or somebody asks again.
 */
export async function gateway(options: GatewayCommandOptions): Promise<void> {
  const connection = await connect(options);
  const stop = new PartStop();
  await unlessStopped(stop.signal, async () => {
    await awaitServer({ connection, clock: systemClock, signal: stop.signal, say: note });
    const directory = await mkdtemp(join(tmpdir(), 'slipway-gateway-'));
    try {
      await serve({ options, connection, directory, stop });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
}

interface Serving {
  readonly options: GatewayCommandOptions;
  readonly connection: Connection;
  readonly directory: string;
  readonly stop: PartStop;
}

async function serve({ options, connection, directory, stop }: Serving): Promise<void> {
  const { client, server } = connection;
  const { running, description } = await start({ options, client, directory, signal: stop.signal });
  const asked = stop.afterStart();
  const urls = [`http://${options.host}:${running.port}`];
  if (running.tlsPort !== undefined) urls.push(`https://${options.host}:${running.tlsPort}`);
  const name = instanceName(options);
  if (options.output === undefined)
    print(`Gateway ${name} (${description}) serves ${server} at ${urls.join(' and ')}.`);
  else await printLine({ name, dataPlane: description, server, urls }, options.output);
  await asked;
  await running.close();
}

interface Start {
  readonly options: GatewayCommandOptions;
  readonly client: KubeClient;
  readonly directory: string;
  readonly signal: AbortSignal;
}

async function start({
  options,
  client,
  directory,
  signal,
}: Start): Promise<{ running: Gateway; description: string }> {
  const { host, port, tlsPort, adminPort } = options;
  outliveOutput();
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
      signal,
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
