import type { Socket } from 'node:net';
import type { EndpointSlice, Ingress, Secret, Service } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { type Clock, delay } from '@slipway/kube/clock';
import { Informer } from '@slipway/kube/informer';
import type { Logger } from '@slipway/kube/logger';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { endpointSlices, ingresses, secrets, services } from '@slipway/kube/resources';
import { type Split, splits } from '@slipway/kube/split';
import { type AdminServer, startAdminServer } from './admin-server.ts';
import { Certificates } from './certificates.ts';
import { publishIngressAddresses } from './ingress-addresses.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import type { DataPlane, DataPlaneCounter } from './data-plane.ts';
import type { ListenAddress } from './listen.ts';
import { Proxy } from './proxy/proxy.ts';
import type { TrafficRegistry } from './proxy/traffic.ts';
import { buildRoutes } from './routing/build-routes.ts';
import type { EndpointAddress } from './routing/routing-table.ts';
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

/** A cluster without the kind Split has Ingresses all the same. */
const maxSplitSyncMilliseconds = 2_000;
const serviceNameLabel = 'kubernetes.io/service-name';

/** Starts a gateway; it serves the cluster's routes when the promise resolves. Rejects with `ListenError` if an address is taken. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
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

  const route = async (): Promise<void> => {
    const table = buildRoutes(snapshotOf(cluster));
    const observed = cluster.slices.resourceVersion;
    certificates.install(table);
    await plane.install(table);
    reporter.inForce(table);
    lease.observe(observed);
  };
  await syncAll(cluster, options.clock, signal);
  const rebuild = oncePerTurn(route, signal);
  for (const informer of [cluster.splits, cluster.ingresses, cluster.services, cluster.slices])
    informer.onChange(rebuild);
  cluster.secrets?.onChange(rebuild);
  await route();
  publishIngressAddresses({
    ...options,
    signal,
    informer: cluster.ingresses,
    address: options.address ?? options.listen.host,
  });

  const close = async (graceSeconds?: number): Promise<void> => {
    // First no Lease, so that nobody waits for an instance that reads no more.
    stop.abort();
    await lease.release();
    await Promise.all([plane.close(graceSeconds), admin?.close()]);
  };
  let admin: AdminServer | undefined;
  options.signal.addEventListener('abort', () => void close(0), { once: true });
  try {
    const port = await plane.listen(options.listen);
    const tlsPort = options.tlsListen && (await plane.listenTls(options.tlsListen, certificates));
    admin =
      options.adminListen && (await startAdminServer({ ...options, listen: options.adminListen, dataPlane: plane }));
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
    throw error;
  }
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
    slices: start(endpointSlices, { indexes: { service: (slice) => [serviceKeyOf(slice)] } }),
    secrets: options.tlsListen && start(secrets, { fieldSelector: 'type=kubernetes.io/tls' }),
  };
}

function serviceKeyOf({ metadata }: EndpointSlice): string {
  return `${metadata.namespace ?? ''}/${metadata.labels?.[serviceNameLabel] ?? ''}`;
}

async function syncAll(cluster: ClusterState, clock: Clock, signal: AbortSignal): Promise<void> {
  const others = [cluster.ingresses, cluster.services, cluster.slices, cluster.secrets];
  const settled = new AbortController();
  const patience = delay(clock, maxSplitSyncMilliseconds, settled.signal).catch(() => undefined);
  await Promise.race([cluster.splits.synced(), patience]);
  settled.abort();
  await Promise.race([Promise.all(others.flatMap((informer) => informer?.synced() ?? [])), aborted(signal)]);
  signal.throwIfAborted();
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function snapshotOf(cluster: ClusterState): Parameters<typeof buildRoutes>[0] {
  return {
    splits: cluster.splits.list(),
    ingresses: cluster.ingresses.list(),
    service: (namespace, name) => cluster.services.get({ namespace, name }),
    slices: (namespace, service) => cluster.slices.byIndex('service', `${namespace}/${service}`),
  };
}

/** Many changes of one turn are one new table. */
function oncePerTurn(work: () => Promise<void>, signal: AbortSignal): () => void {
  let isPlanned = false;
  return () => {
    if (isPlanned) return;
    isPlanned = true;
    queueMicrotask(() => {
      isPlanned = false;
      if (!signal.aborted) void work();
    });
  };
}
