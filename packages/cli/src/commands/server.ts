import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createJsonLogger } from '@slipway/kube/platform/json-logger';
import { outliveOutput } from '@slipway/kube/platform/log-output';
import { systemClock } from '@slipway/kube/platform/system-clock';
import type { Role } from '@slipway/server/identity/principal';
import type { GatewayPorts } from '@slipway/server/view/preview';
import { awaitServer } from '../connection/await-server.ts';
import { connect } from '../connection/connection.ts';
import { readOidc, type OidcWords } from '../deployment-server/read-oidc.ts';
import { runDeploymentServer, type Started } from '../deployment-server/run-deployment-server.ts';
import { dataDirectory } from '../embedded/data-directory.ts';
import type { GlobalOptions } from '../global-options.ts';
import { note, print, printLine } from '../output/output.ts';
import { runUntilStopped } from '../stop-signal.ts';

export interface ServerCommandOptions extends GlobalOptions, OidcWords {
  readonly host: string;
  readonly port: number;
  /** `postgres://…`; absent: a file of SQLite in the data directory. */
  readonly database?: string;
  readonly dataDir?: string;
  /** Of all servers on one database; absent: a file in the data directory. */
  readonly keyFile?: string;
  readonly anonymous?: Role;
  readonly compatRoot: boolean;
  readonly publicUrl?: string;
  readonly gatewayPort?: number;
  readonly gatewayTlsPort?: number;
  readonly trustedProxy: readonly string[];
  readonly corsOrigin: readonly string[];
  readonly allowPrivateTargets: boolean;
  readonly keepReleases?: number;
  readonly keepDays?: number;
  readonly leaseSeconds: number;
  readonly installKinds: boolean;
}

/** The deployment server as a process of its own, against any cluster. Ends on SIGTERM and SIGINT. */
export async function server(options: ServerCommandOptions): Promise<void> {
  const oidc = await readOidc(options);
  const connection = await connect(options);
  await runUntilStopped(async (signal) => {
    await awaitServer({ connection, clock: systemClock, signal, say: note });
    outliveOutput();
    const directory = dataDirectory(options.dataDir).path;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const tokenFile = join(directory, 'server-token');
    await runDeploymentServer(
      {
        client: connection.client,
        logger: createJsonLogger({ output: process.stderr, clock: systemClock, level: 'info' }),
        host: options.host,
        port: options.port,
        database: options.database ?? process.env['SLIPWAY_DATABASE'] ?? join(directory, 'server.db'),
        tokenFile,
        keyFile: options.keyFile,
        namespace: options.namespace,
        anonymous: options.anonymous,
        compatRoot: options.compatRoot,
        oidc,
        publicUrl: options.publicUrl,
        gatewayPorts: portsOf(options),
        trustedProxies: options.trustedProxy,
        corsOrigins: options.corsOrigin,
        allowPrivateTargets: options.allowPrivateTargets,
        leaseSeconds: options.leaseSeconds,
        installKinds: options.installKinds,
        retention: { releases: options.keepReleases, days: options.keepDays },
        signal,
      },
      (started) => announce(started, { server: connection.server, tokenFile, output: options.output }),
    );
  });
}

/** Whoever names one of them says where the gateway listens: there is no other then, but for the usual one of plain requests. */
function portsOf({ gatewayPort, gatewayTlsPort }: ServerCommandOptions): GatewayPorts | undefined {
  if (gatewayPort === undefined && gatewayTlsPort === undefined) return undefined;
  return { plain: gatewayPort ?? 80, tls: gatewayTlsPort };
}

interface Announcement {
  readonly server: string;
  readonly tokenFile: string;
  readonly output: GlobalOptions['output'];
}

function announce({ url, isFirst }: Started, { server, output, ...files }: Announcement): void | Promise<void> {
  const tokenFile = isFirst ? files.tokenFile : undefined;
  if (output !== undefined) return printLine({ url, server, tokenFile }, output);
  print(`Deployment server at ${url}, for the cluster at ${server}.`);
  if (tokenFile !== undefined) print(`The token of its first admin is in ${tokenFile}.`);
}
