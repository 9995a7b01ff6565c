import type { Socket } from 'node:net';
import type { EndpointSlice, Ingress, Secret, Service } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { type Clock, delay } from '@slipway/kube/clock';
import { serviceKeysOf } from '@slipway/kube/endpoint-slices';
import { Informer } from '@slipway/kube/informer';
import type { Logger } from '@slipway/kube/logger';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { endpointSlices, ingresses, secrets, services } from '@slipway/kube/resources';
import { type Split, splits } from '@slipway/kube/split';
import { isStatusReason } from '@slipway/kube/status-error';
import { type AdminServer, startAdminServer } from './admin-server.ts';
import { Certificates } from './certificates.ts';
import { publishIngressAddresses } from './ingress-addresses.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import type { DataPlane, DataPlaneCounter } from './data-plane.ts';
import type { ListenAddress } from './listen.ts';
import { Proxy } from './proxy/proxy.ts';
import type { TrafficRegistry } from './proxy/traffic.ts';
import { RouteKeeper } from './route-keeper.ts';
import { buildRoutes, type ClaimMemory, type RoutingSnapshot } from './routing/build-routes.ts';
import { RememberedReads } from './routing/remembered-reads.ts';
import type { EndpointAddress } from './routing/routing-table.ts';
import { SessionSecrets } from './session-secrets.ts';
import { StatusReporter } from './status-reporter.ts';

export interface GatewayOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** Name of this instance and of its Lease: unique among the gateways of a cluster. */
  readonly instance: string;
  readonly listen: ListenAddress;
  /** Where clients reach this instance, for the status of Ingresses; the address it listens on if absent. */
  readonly address?: string | undefined;
  /** Absent: no TLS. */
  readonly tlsListen?: ListenAddress | undefined;
  /** Absent: no metrics over HTTP. */
  readonly adminListen?: ListenAddress | undefined;
  /** Ends the gateway at once; `close` is the way that lets requests end. */
  readonly signal: AbortSignal;
  /** What carries the requests; the gateway closes it. By default the built-in proxy. */
  readonly dataPlane?: DataPlane | undefined;
  /** How the built-in proxy reaches a pod's port; by default directly. */
  readonly dial?: ((endpoint: EndpointAddress) => Socket) | undefined;
}

export interface Gateway {
  readonly port: number;
  readonly tlsPort: number | undefined;
  readonly adminPort: number | undefined;
  readonly traffic: TrafficRegistry;
  counters(): readonly DataPlaneCounter[];
  close(): Promise<void>;
}

const askAgainMilliseconds = 500;

/** Starts a gateway; it serves the cluster's routes when the promise resolves. Rejects with `ListenError` if an address is taken. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const stop = new AbortController();
  const parts = createParts(options, AbortSignal.any([options.signal, stop.signal]));
  const { plane, lease } = parts;
  let admin: AdminServer | undefined;
  const close = async (graceSeconds?: number): Promise<void> => {
    // First no Lease, so that nobody waits for an instance that reads no more.
    stop.abort();
    await lease.release();
    await Promise.all([plane.close(graceSeconds), admin?.close()]);
  };
  options.signal.addEventListener('abort', () => void close(0), { once: true });
  try {
    await serveRoutes(options, parts);
    const port = await plane.listen(options.listen);
    options.signal.throwIfAborted();
    const tlsPort = options.tlsListen && (await plane.listenTls(options.tlsListen, parts.certificates));
    options.signal.throwIfAborted();
    admin =
      options.adminListen && (await startAdminServer({ ...options, listen: options.adminListen, dataPlane: plane }));
    // Whoever ended it meanwhile has not closed what was opened after that.
    options.signal.throwIfAborted();
    return {
      port,
      tlsPort,
      adminPort: admin?.port,
      traffic: plane.traffic,
      counters: () => plane.counters(),
      close: () => close(),
    };
  } catch (error) {
    await close();
    // A data plane that was closed while it began to listen has nothing better to say.
    options.signal.throwIfAborted();
    throw error;
  }
}

interface Parts {
  readonly plane: DataPlane;
  readonly cluster: ClusterState;
  readonly routes: RouteKeeper;
  readonly sessionSecrets: SessionSecrets;
  readonly certificates: Certificates;
  readonly lease: LeaseKeeper;
  /** Ends them all. */
  readonly signal: AbortSignal;
}

/** What reads the cluster and tells it what is in force; nothing is served yet. */
function createParts(options: GatewayOptions, signal: AbortSignal): Parts {
  const plane = options.dataPlane ?? new Proxy(options);
  const cluster = createInformers(options, signal);
  const reporter = new StatusReporter({
    ...options,
    signal,
    backends: () => plane.backends(),
    traffic: () => plane.traffic.all(),
  });
  const lease = new LeaseKeeper({ ...options, signal });
  const certificates = new Certificates({ logger: options.logger, secret: (key) => cluster.secrets?.get(key) });
  const sessionSecrets = new SessionSecrets({ ...options, signal, onChange: () => routes.plan() });
  const memory: ClaimMemory = new RememberedReads();
  const routes: RouteKeeper = new RouteKeeper({
    ...options,
    signal,
    build: () => ({
      table: buildRoutes(snapshotOf(cluster, sessionSecrets), memory),
      observedEndpoints: cluster.slices.resourceVersion,
    }),
    install: (table) => {
      certificates.install(table);
      return plane.install(table);
    },
    onInForce: ({ table, observedEndpoints }) => {
      reporter.inForce(table);
      lease.observe(observedEndpoints);
    },
    onFailure: (table, error) => reporter.failed(table, error),
  });
  return { plane, cluster, routes, sessionSecrets, certificates, lease, signal };
}

/** Resolves when the first table is in force; every change of the cluster leads to the next one. */
async function serveRoutes(options: GatewayOptions, parts: Parts): Promise<void> {
  const { cluster, routes, sessionSecrets, signal } = parts;
  await syncAll(cluster, options, signal);
  sessionSecrets.follow(cluster.splits.list());
  // Whoever has a session would otherwise be moved by the first table.
  await sessionSecrets.firstRead();
  for (const informer of [cluster.splits, cluster.ingresses, cluster.services, cluster.slices])
    informer.onChange(() => routes.plan());
  cluster.secrets?.onChange(() => routes.plan());
  await Promise.race([routes.start(), aborted(signal)]);
  signal.throwIfAborted();
  const address = options.address ?? options.listen.host;
  publishIngressAddresses({ ...options, signal, informer: cluster.ingresses, address });
}

interface ClusterState {
  readonly splits: Informer<Split>;
  readonly ingresses: Informer<Ingress>;
  readonly services: Informer<Service>;
  readonly slices: Informer<EndpointSlice>;
  readonly secrets: Informer<Secret> | undefined;
}

function createInformers(options: GatewayOptions, signal: AbortSignal): ClusterState {
  const start = <T extends KubeObject>(
    type: ResourceType<T>,
    rest: Partial<ConstructorParameters<typeof Informer<T>>[0]> = {},
  ): Informer<T> => {
    const informer = new Informer<T>({
      client: options.client,
      clock: options.clock,
      logger: options.logger,
      random: options.random,
      type,
      ...rest,
    });
    informer.start(signal);
    return informer;
  };
  return {
    splits: start(splits),
    ingresses: start(ingresses),
    services: start(services),
    slices: start(endpointSlices, { indexes: { service: serviceKeysOf } }),
    secrets: options.tlsListen && start(secrets, { fieldSelector: 'type=kubernetes.io/tls' }),
  };
}

async function syncAll(
  cluster: ClusterState,
  options: Pick<GatewayOptions, 'client' | 'clock'>,
  signal: AbortSignal,
): Promise<void> {
  const others = [cluster.ingresses, cluster.services, cluster.slices, cluster.secrets];
  await Promise.race([Promise.all(others.flatMap((informer) => informer?.synced() ?? [])), aborted(signal)]);
  await syncSplits(cluster.splits, options, signal);
  signal.throwIfAborted();
}

/**
 * Without its Splits a gateway would send the requests of Applications nowhere. Only a cluster that does not know the kind
 * is served without them: it has Ingresses all the same.
 */
async function syncSplits(
  informer: Informer<Split>,
  { client, clock }: Pick<GatewayOptions, 'client' | 'clock'>,
  signal: AbortSignal,
): Promise<void> {
  while (!informer.hasSynced && !signal.aborted) {
    if (await isKindUnknown(client, signal)) return;
    const synced = new AbortController();
    const pause = delay(clock, askAgainMilliseconds, AbortSignal.any([signal, synced.signal])).catch(() => undefined);
    await Promise.race([informer.synced(), pause]);
    synced.abort();
  }
}

async function isKindUnknown(client: KubeClient, signal: AbortSignal): Promise<boolean> {
  try {
    await client.list(splits, { signal });
    return false;
  } catch (error) {
    // Whatever else is wrong the informer says, which asks the same.
    return isStatusReason(error, 'NotFound');
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function snapshotOf(cluster: ClusterState, sessionSecrets: SessionSecrets): RoutingSnapshot {
  const splits = cluster.splits.list();
  sessionSecrets.follow(splits);
  return {
    splits,
    ingresses: cluster.ingresses.list(),
    service: (namespace, name) => cluster.services.get({ namespace, name }),
    slices: (namespace, service) => cluster.slices.byIndex('service', `${namespace}/${service}`),
    sessionSecret: (namespace, name) => sessionSecrets.get(namespace, name),
  };
}
