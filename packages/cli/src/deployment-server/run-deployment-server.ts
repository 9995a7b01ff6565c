import { randomBytes, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { installKinds } from '@slipway/delivery/install-kinds';
import type { KubeClient } from '@slipway/kube/client';
import { electionDurations } from '@slipway/kube/lease-claim';
import type { Logger } from '@slipway/kube/logger';
import { messageOf } from '@slipway/kube/message-of';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { isStatusReason } from '@slipway/kube/status-error';
import { openDatabase } from '@slipway/server/database/open-database';
import type { OidcOptions } from '@slipway/server/identity/oidc/oidc-options';
import type { Retention } from '@slipway/server/history/retention';
import type { Role } from '@slipway/server/identity/principal';
import { startServer, type RunningServer } from '@slipway/server/start-server';
import type { GatewayPorts } from '@slipway/server/view/preview';
import { findPages } from '../dashboard-pages.ts';
import { CommandFailure } from '../failure.ts';
import { explainEnd, explainStart } from './explain-end.ts';
import { keepToken } from './keep-token.ts';
import { readSealingKey } from './sealing-key.ts';

export interface DeploymentServerOptions {
  readonly client: KubeClient;
  readonly logger: Logger;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** `postgres://…`, or a file of SQLite. */
  readonly database: string;
  /** Where the token of the first admin is put. */
  readonly tokenFile: string;
  /** Of the key of its secrets, the same for all servers on one database; absent: `server-key` beside the token. */
  readonly keyFile?: string | undefined;
  /** The one namespace that is served; all of them unless said otherwise. */
  readonly namespace?: string | undefined;
  /** What somebody without a login may. */
  readonly anonymous?: Role | undefined;
  readonly compatRoot?: boolean | undefined;
  /** Where people log in, beside tokens. */
  readonly oidc?: OidcOptions | undefined;
  /** Where people reach it, and by whom: what stands before the server. */
  readonly publicUrl?: string | undefined;
  /** Where the gateway takes requests; absent: at the usual ports. */
  readonly gatewayPorts?: GatewayPorts | undefined;
  readonly trustedProxies?: readonly string[] | undefined;
  readonly corsOrigins?: readonly string[] | undefined;
  /** How much of the history is kept. */
  readonly retention?: Retention | undefined;
  /** Notifications may lead to private addresses and to this machine. */
  readonly allowPrivateTargets?: boolean | undefined;
  /** How long others wait for a server that is silent. */
  readonly leaseSeconds?: number | undefined;
  /** Whether it writes the CustomResourceDefinitions itself. Default true. */
  readonly installKinds?: boolean | undefined;
  readonly signal: AbortSignal;
}

export interface Started {
  readonly url: string;
  /** Whether the first token of all was made. */
  readonly isFirst: boolean;
}

/** Runs until the signal, or until it cannot go on. */
export async function runDeploymentServer(
  options: DeploymentServerOptions,
  onReady: (started: Started) => void | Promise<void>,
): Promise<void> {
  const { client, logger, signal } = options;
  const database = await openDatabase(options.database, { clock: systemClock, logger }).catch((error: unknown) => {
    throw new CommandFailure(messageOf(error), { cause: error });
  });
  try {
    if (options.installKinds !== false)
      await installKinds(client, signal).catch((error: unknown) => {
        if (!isStatusReason(error, 'Forbidden')) throw error;
        logger.warn('no right to install the kinds of Slipway; they have to be there', { error });
      });
    const { running, isFirst } = await start(options, database);
    await onReady({ url: running.url, isFirst });
    await running.done.catch((error: unknown) => {
      throw explainEnd(error);
    });
  } finally {
    await database.close();
  }
}

async function start(
  options: DeploymentServerOptions,
  database: Awaited<ReturnType<typeof openDatabase>>,
): Promise<{ readonly running: RunningServer; readonly isFirst: boolean }> {
  const sealingKey = await readSealingKey(
    options.keyFile ?? join(dirname(options.tokenFile), 'server-key'),
    randomBytes,
  );
  let isFirst = false;
  const running = await startServer({
    client: options.client,
    database,
    clock: systemClock,
    logger: options.logger,
    random: Math.random,
    randomText: (bytes) => randomBytes(bytes).toString('base64url'),
    sealingKey,
    identity: `${hostname()}_${randomUUID()}`,
    host: options.host,
    hostNames: [hostname()],
    port: options.port,
    leaseNamespace: options.namespace ?? 'kube-system',
    durations: electionDurations(options.leaseSeconds),
    namespace: options.namespace,
    anonymousRole: options.anonymous,
    compatRoot: options.compatRoot,
    allowPrivateTargets: options.allowPrivateTargets,
    retention: options.retention,
    pages: findPages(),
    oidc: options.oidc,
    publicUrl: options.publicUrl,
    gatewayPorts: options.gatewayPorts,
    trustedProxies: options.trustedProxies,
    corsOrigins: options.corsOrigins,
    keepFirstToken: async (token) => {
      await keepToken(options.tokenFile, token);
      isFirst = true;
    },
    signal: options.signal,
  }).catch((error: unknown) => {
    throw explainStart(error, options);
  });
  return { running, isFirst };
}
