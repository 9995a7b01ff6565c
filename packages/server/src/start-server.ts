import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import type { ElectionDurations } from '@slipway/kube/lease-claim';
import type { Logger } from '@slipway/kube/logger';
import { messageOf } from '@slipway/kube/message-of';
import { addApplicationPartsRoutes } from './api/application-parts-routes.ts';
import { addApplicationRoutes } from './api/application-routes.ts';
import { addAuditRoutes } from './api/audit-routes.ts';
import { addCommandRoutes } from './api/command-routes.ts';
import { addDeliveryRoutes } from './api/delivery-routes.ts';
import { addEnvironmentRoutes } from './api/environment-routes.ts';
import { addVariableRoutes } from './api/variable-routes.ts';
import { addExportRoutes } from './api/export-routes.ts';
import { addLoginLinkRoutes } from './api/login-link-routes.ts';
import { addMetaRoutes } from './api/meta-routes.ts';
import { addMetricsRoutes } from './api/metrics-routes.ts';
import { addNotificationRoutes } from './api/notification-routes.ts';
import { addOidcRoutes } from './api/oidc-routes.ts';
import { addReleaseAgainRoutes } from './api/release-again-routes.ts';
import { addReleaseRoutes } from './api/release-routes.ts';
import { addSessionRoutes } from './api/session-routes.ts';
import { addTokenRoutes } from './api/token-routes.ts';
import { addTrafficRoutes } from './api/traffic-routes.ts';
import { addWebhookDeliveryRoutes } from './api/webhook-delivery-routes.ts';
import { addWebhookDoor } from './api/webhook-door.ts';
import { addWebhookRoutes } from './api/webhook-routes.ts';
import { addAmdatuRoutes, addAmdatuStreams, compatPrefixes } from './compat/amdatu-routes.ts';
import type { Database } from './database/database.ts';
import { migrate } from './database/migrate.ts';
import { runArchivist } from './history/archivist.ts';
import { runRetention, type Retention } from './history/retention.ts';
import { bindCluster, identifyCluster } from './history/bind-cluster.ts';
import { leaseName, nameDatabase, refuseBesideOthers } from './history/other-servers.ts';
import { auditRequests, type Audit } from './http/audit-requests.ts';
import { buildApp, type App } from './http/build-app.ts';
import type { ServerContext } from './http/context.ts';
import { placeOf, type PublicPlace } from './http/public-place.ts';
import { stopApp } from './http/stop-app.ts';
import { createFirstToken } from './identity/first-token.ts';
import { createIdentifyBearer } from './identity/identify-bearer.ts';
import { createKubernetesAccess } from './identity/kubernetes.ts';
import { findIssuerFault, type OidcOptions } from './identity/oidc/oidc-options.ts';
import type { OidcProvider } from './identity/oidc/oidc-provider.ts';
import { anonymousIdentity, principalOf, type Role } from './identity/principal.ts';
import type { RandomText } from './identity/tokens.ts';
import { addPageRoutes } from './pages/page-routes.ts';
import { addReferenceRoutes } from './pages/reference-routes.ts';
import { createSealer } from './secrets/sealer.ts';
import { StartRefused } from './start-refused.ts';
import { judgeTarget } from './notifications/addresses.ts';
import { runCourier } from './notifications/courier.ts';
import { createSend } from './notifications/send.ts';
import { addStreamRoutes } from './streams/stream-routes.ts';
import { watchCluster, type ClusterView } from './view/cluster-view.ts';
import type { GatewayPorts } from './view/preview.ts';
import { TrafficSeries } from './view/traffic-series.ts';
import { carryOut, describeForAudit } from './webhooks/carry-out.ts';
import { runDeliveries } from './webhooks/run-deliveries.ts';

export interface ServerOptions {
  readonly client: KubeClient;
  /** Closed by whoever opened it, after `done`. */
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly randomText: RandomText;
  /** Seals secrets in the database: 32 bytes, the same for all servers on it. */
  readonly sealingKey: Uint8Array;
  readonly random: () => number;
  /** Must differ from that of every other server that may run at the same time. */
  readonly identity: string;
  readonly host: string;
  /** By which somebody without a login may ask the server, beside `host`, its addresses and localhost. */
  readonly hostNames?: readonly string[] | undefined;
  /** 0: any free one. */
  readonly port: number;
  /** `https://deploy.example.org`: where people reach it, as through a proxy; absent: where it listens. */
  readonly publicUrl?: string | undefined;
  /** Where the gateway takes requests; absent: at the usual ports. */
  readonly gatewayPorts?: GatewayPorts | undefined;
  /** Addresses and networks of proxies that are believed in what `X-Forwarded-…` says. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Where people log in, beside tokens. */
  readonly oidc?: OidcOptions | undefined;
  /** Whose pages may ask it with a token, beside its own. */
  readonly corsOrigins?: readonly string[] | undefined;
  /** Where servers agree on who writes history. */
  readonly leaseNamespace: string;
  /** How long others wait for a server that is silent; the same for all servers on one database. */
  readonly durations?: ElectionDurations | undefined;
  /** The one namespace that is served; all of them unless said otherwise. */
  readonly namespace?: string | undefined;
  /** What somebody without a login may; absent: nothing. */
  readonly anonymousRole?: Role | undefined;
  /** Where the dashboard was built; absent: there is the API alone. */
  readonly pages?: string | undefined;
  /** The API of the Amdatu deployer is found at the root, too. */
  readonly compatRoot?: boolean | undefined;
  /** How much of the history is kept; absent: all of it. */
  readonly retention?: Retention | undefined;
  /** Notifications may lead to private addresses and to this machine. */
  readonly allowPrivateTargets?: boolean | undefined;
  /**
   * On the first start of all on this database: puts the token of an admin, which is not to be had again, where its owner
   * finds it. It counts when that is done.
   */
  readonly keepFirstToken: (token: string) => Promise<void>;
  readonly signal: AbortSignal;
}

export interface RunningServer {
  readonly app: App;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Resolves after the signal, when every answer is given and nothing is written any more. */
  readonly done: Promise<void>;
}

/** Resolves when it answers. Rejects, with nothing left running, when it cannot. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { client, database, clock, randomText, signal } = options;
  await migrate(database, new Date(clock.now()).toISOString());
  await bindCluster(database, await identifyCluster(client, options.leaseNamespace));
  const databaseName = await nameDatabase(database, randomText);
  await refuseBesideOthers({ ...options, databaseName });
  await createFirstToken(database, { now: clock.now(), random: randomText, keep: options.keepFirstToken });
  const ending = new AbortController();
  const stopping = AbortSignal.any([signal, ending.signal]);
  let app: App | undefined;
  try {
    const context = createContext(options, watchCluster(options, stopping), await openOidc(options));
    app = await buildApp(context);
    const audit = auditRequests(app, context);
    await addRoutes(app, context, compatPrefixes(options.compatRoot === true));
    addTrafficRoutes(app, context, startTraffic(context, stopping));
    const judge = judgeTarget(options.allowPrivateTargets === true);
    const send = createSend({ clock, judge, signal: stopping });
    addNotificationRoutes(app, context, send);
    addDeliveryRoutes(app, context);
    addMetricsRoutes(app, context);
    addExportRoutes(app, context);
    addReferenceRoutes(app);
    await addPageRoutes(app, options.pages);
    const url = await app.listen({ host: options.host, port: options.port });
    const lease = { namespace: options.leaseNamespace, name: leaseName };
    const archiving = runArchivist({ ...options, lease, databaseName, signal: stopping });
    const delivering = deliver(context, options, stopping);
    const claimMilliseconds = silenceOf(options);
    const telling = runCourier({ ...options, claimMilliseconds, sealer: context.sealer, send, signal: stopping });
    const removing = runRetention({ ...options, ...options.retention, signal: stopping });
    const work = [archiving, delivering, telling, removing];
    return { app, url, done: finish({ app, audit, work, clock, signal, ending }) };
  } catch (error) {
    ending.abort(error);
    await app?.close();
    throw error;
  }
}

/** What checks its tokens is read where there is an issuer. */
async function openOidc({ oidc, clock }: ServerOptions): Promise<OidcProvider | undefined> {
  const fault = oidc && findIssuerFault(oidc.issuer);
  if (fault !== undefined) throw new StartRefused(fault);
  if (oidc === undefined) return undefined;
  const { OidcProvider: Provider } = await import('./identity/oidc/oidc-provider.ts');
  return new Provider(oidc, clock);
}

/** A server with the wrong address would have cookies that nobody sends. */
function readPlace(publicUrl: string | undefined): PublicPlace {
  try {
    return placeOf(publicUrl);
  } catch (error) {
    throw new StartRefused(messageOf(error));
  }
}

function createContext(options: ServerOptions, view: ClusterView, oidc: OidcProvider | undefined): ServerContext {
  const { client, database, clock, logger, namespace, anonymousRole } = options;
  const place = readPlace(options.publicUrl);

  const kubernetes = createKubernetesAccess({ client, clock, logger });
  return {
    client,
    database,
    view,
    clock,
    logger,
    namespace,
    place,
    gatewayPorts: options.gatewayPorts,
    trustedProxies: options.trustedProxies ?? [],
    corsOrigins: options.corsOrigins ?? [],
    hosts: [options.host, ...(options.hostNames ?? []), ...(place.hostName === undefined ? [] : [place.hostName])].map(
      (name) => name.toLowerCase(),
    ),
    random: options.randomText,
    sealer: createSealer(options.sealingKey, options.randomText),
    identifyBearer: createIdentifyBearer({
      database,
      clock,
      others: [...(oidc === undefined ? [] : [oidc]), kubernetes],
    }),
    oidc,
    principalOf: (identity) => principalOf(identity, kubernetes.may),
    anonymous: anonymousRole === undefined ? undefined : principalOf(anonymousIdentity(anonymousRole), kubernetes.may),
  };
}

function startTraffic({ view, client, clock, logger }: ServerContext, signal: AbortSignal): TrafficSeries {
  const traffic = new TrafficSeries({ splits: view.splits, client, clock, logger });
  traffic.start(signal);
  return traffic;
}

async function addRoutes(app: App, context: ServerContext, prefixes: readonly string[]): Promise<void> {
  await addMetaRoutes(app, context);
  addSessionRoutes(app, context);
  addLoginLinkRoutes(app, context);
  addOidcRoutes(app, context);
  addApplicationRoutes(app, context);
  addApplicationPartsRoutes(app, context);
  addReleaseRoutes(app, context);
  addReleaseAgainRoutes(app, context);
  addCommandRoutes(app, context);
  addEnvironmentRoutes(app, context);
  addVariableRoutes(app, context);
  addTokenRoutes(app, context);
  addAuditRoutes(app, context);
  addWebhookRoutes(app, context);
  addWebhookDeliveryRoutes(app, context);
  await addWebhookDoor(app, context);
  addAmdatuRoutes(app, context, prefixes);
  await addStreamRoutes(app, context, (streams, run) => addAmdatuStreams(streams, context, prefixes, run));
}

/** After how long without a word in the database a server is gone: it may have to wait for it longer than for the cluster. */
function silenceOf({ durations }: ServerOptions): number | undefined {
  return durations && 2 * durations.leaseMilliseconds;
}

async function deliver(context: ServerContext, options: ServerOptions, signal: AbortSignal): Promise<void> {
  // Which releases there are is known by then: a new one is told from them.
  await Promise.race([context.view.synced(), aborted(signal)]);
  await runDeliveries({
    ...context,
    holder: context.random(16),
    leaseMilliseconds: silenceOf(options),
    carryOut: (claim, held) => carryOut(claim, context, held),
    describe: (claim, outcome) => describeForAudit(claim, outcome, context.clock.now()),
    signal,
  });
}

interface Finish {
  readonly app: App;
  readonly audit: Audit;
  /** What goes on beside requests. */
  readonly work: ReadonlyArray<Promise<void>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly ending: AbortController;
}

/** History that cannot be written ends the server, or a queue that stands still: whoever runs it is to know. */
async function finish({ app, audit, work, clock, signal, ending }: Finish): Promise<void> {
  try {
    await Promise.race([aborted(signal), ...work]);
  } finally {
    ending.abort();
    await stopApp(app, clock);
    await audit.settled();
  }
  await Promise.all(work);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
