/** The composition of an embedded cluster: the only place where all of its parts meet. */
import { join } from 'node:path';
import { createApiServer, type ApiServer } from '@slipway/cluster/api/api-server';
import { componentIdentity, nodeIdentity } from '@slipway/cluster/api/authorization';
import { bootstrap } from '@slipway/cluster/api/bootstrap';
import { serveCustomResources } from '@slipway/cluster/api/custom-resource-kinds';
import { listen, type Listener } from '@slipway/cluster/api/http-listener';
import type { MachinePortsOptions } from '@slipway/cluster/network/machine-ports';
import type { AccessOptions } from '@slipway/cluster/controllers/cluster-role-aggregation/open-access';
import { startControllers } from '@slipway/cluster/controllers/start-controllers';
import { loadCertificates, type ClusterCertificates } from '@slipway/cluster/pki/certificates';
import { loadServiceAccountKey } from '@slipway/cluster/pki/service-account-key';
import { startScheduler } from '@slipway/cluster/scheduler/start-scheduler';
import { createCatalog, type MutableCatalog } from '@slipway/cluster/schema/catalog';
import { openStore } from '@slipway/cluster/store/open-store';
import { definitions } from '@slipway/delivery/api/definitions/definitions';
import { installKinds } from '@slipway/delivery/install-kinds';
import { startDelivery } from '@slipway/delivery/start-delivery';
import { startGateway, type Gateway } from '@slipway/gateway/gateway';
import { openDataPlane } from '@slipway/gateway/open-data-plane';
import { isConditionTrue } from '@slipway/kube/conditions';
import type { KubeClient } from '@slipway/kube/client';
import { createClient } from '@slipway/kube/kube-client';
import { electionDurations } from '@slipway/kube/lease-claim';
import { writeKubeconfig, type Kubeconfig } from '@slipway/kube/kubeconfig';
import type { Logger } from '@slipway/kube/logger';
import type { ResourceType } from '@slipway/kube/object';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { nodes } from '@slipway/kube/resources';
import { clusterKubeconfig } from '../connection/kubeconfig-entry.ts';
import { CommandFailure } from '../failure.ts';
import { nodeDoors, nodeName, type NodeDoor } from './cluster-node.ts';
import type { DataDirectory } from './data-directory.ts';
import type { Foundation } from './lay-foundation.ts';
import { host, type ServerOptions } from './server-options.ts';
import { Undo } from './undo.ts';

export interface EmbeddedCluster {
  readonly apiServer: string;
  /** Of its administrator. */
  readonly kubeconfig: Kubeconfig;
  readonly gateway: string;
  readonly runtime: string;
  readonly level: string;
  readonly limitations: readonly string[];
  readonly nodePid: number | undefined;
  /** From the start of this process. */
  readonly readyMilliseconds: number;
  /**
   * Begins to keep the default roles: once people have been told that the cluster is ready, because they would wait for
   * what only others need.
   */
  openAccess(): void;
  /** Resolves with the cause when a part ends that the cluster cannot do without. */
  readonly failed: Promise<Error>;
  stop(graceSeconds: number): Promise<void>;
}

const readyTimeoutMilliseconds = 30_000;

/** Starts everything, in parallel where nothing waits for another, and resolves when the node is ready. Cleans up when it cannot. */
export async function startCluster(
  options: ServerOptions,
  directory: DataDirectory,
  foundation: Foundation,
): Promise<EmbeddedCluster> {
  const undo = new Undo();
  try {
    return await compose({ options, directory, foundation, undo });
  } catch (error) {
    await undo.run('failed');
    throw error;
  }
}

interface Composition {
  readonly options: ServerOptions;
  readonly directory: DataDirectory;
  readonly foundation: Foundation;
  readonly undo: Undo;
}

async function compose(composition: Composition): Promise<EmbeddedCluster> {
  const { options, directory, foundation, undo } = composition;
  const { node, logger, stopping } = foundation;
  const { signal } = stopping;
  const shared = { clock: systemClock, random: Math.random, logger, signal };
  const { api, catalog, certificates, clientFor, port } = await openApi(composition);
  const started = node.start({ ...shared, clientFor: (name) => createClient(api.transportFor(nodeIdentity(name))) });
  // A failure is seen where it is waited for, below.
  started.catch(() => undefined);
  undo.add((ending) => (ending === 'failed' ? node.abandon() : node.stop(ending.graceSeconds)));
  await Promise.all([
    bootstrap({
      client: clientFor('apiserver'),
      apiServiceAddress: apiServiceAddressOf(foundation),
      apiServicePort: node.apiServicePort,
      apiAddress: { ip: host, port },
      dnsAddress: node.dns?.address,
    }),
    forwardNames(foundation, undo),
    installKinds(clientFor('apiserver'), signal),
  ]);
  startControllers({
    ...shared,
    client: clientFor('kube-controller-manager'),
    allTypes: () => watchedTypes(catalog),
    namespacedTypes: () => watchedTypes(catalog).filter(({ namespaced }) => namespaced),
    certificateAuthority: certificates.authority,
    issueForSecret: (claims) => api.tokens.issueForSecret(claims),
  });
  openScheduler({ ...shared, client: clientFor('kube-scheduler') }, undo);
  const apiServer = `https://${host}:${port}`;
  // While the node starts there is time to read the modules that write it.
  const credentials = clusterKubeconfig({ path: directory.path, server: apiServer }, certificates);
  const [gateway, running] = await Promise.all([
    openGateway({ ...shared, client: clientFor('slipway-gateway') }, { options, directory, undo }),
    started,
    writeKubeconfig(directory.kubeconfig, credentials),
  ]);
  if (options.controller) openDelivery({ ...shared, client: clientFor('slipway-controller') }, undo);
  await openNodePorts({ ...shared, client: clientFor('kube-proxy') }, { foundation, undo });
  await nodeReady(clientFor('apiserver'));
  return {
    apiServer,
    kubeconfig: credentials,
    gateway: `http://${host}:${gateway.port}`,
    runtime: running.runtime,
    level: running.level,
    limitations: running.limitations,
    nodePid: running.pid,
    readyMilliseconds: performance.now(),
    openAccess: () => undo.add(openAccess({ ...shared, clientFor, certificateAuthority: certificates.authority })),
    failed: running.done.then(() => new Error(`the node ended; its log: ${join(directory.log, 'node.log')}`)),
    stop: (graceSeconds) => undo.run({ graceSeconds }),
  };
}

/** The network of the pods has no way to the resolvers of this machine; this process has. */
async function forwardNames({ node: { dns } }: Foundation, undo: Undo): Promise<void> {
  if (dns === undefined) return;
  const { serveForwarding } = await import('@slipway/cluster/network/dns/forward-server');
  const server = await serveForwarding({
    socketPath: dns.forwardSocket,
    resolvConf: '/etc/resolv.conf',
    clock: systemClock,
  });
  undo.add(() => server.close());
}

/** The network of a node leaves the loopback address of this machine to this process. */
async function openNodePorts(
  shared: Omit<MachinePortsOptions, 'address' | 'nodeAddress'>,
  { foundation: { node }, undo }: Pick<Composition, 'foundation' | 'undo'>,
): Promise<void> {
  if (node.address === undefined) return;
  const stopping = new AbortController();
  const { openMachinePorts } = await import('@slipway/cluster/network/machine-ports');
  const ports = openMachinePorts({ ...shared, address: host, nodeAddress: node.address, signal: stopping.signal });
  undo.add(() => {
    stopping.abort(new Error('the cluster stops'));
    return ports.done;
  });
}

interface OpenApi {
  readonly api: ApiServer;
  readonly catalog: MutableCatalog;
  readonly certificates: ClusterCertificates;
  /** Of its TLS on loopback. */
  readonly port: number;
  readonly clientFor: (component: string) => KubeClient;
}

/** The store and the API server over it, which answers everywhere that somebody may ask it when the promise resolves. */
async function openApi({ options, directory, foundation, undo }: Composition): Promise<OpenApi> {
  const { lock, node, logger, stopping } = foundation;
  const common = { clock: systemClock, logger };
  const opening = openStore({
    ...common,
    directory: join(directory.path, 'store'),
    lock,
    ephemeral: options.ephemeral,
  });
  undo.addStarting(opening, (store) => store.close());
  const pki = join(directory.path, 'pki');
  const names = [...apiNames, apiServiceAddressOf(foundation)];
  const [certificates, store] = await Promise.all([
    loadCertificates({ directory: pki, now: Date.now(), names }),
    opening,
  ]);
  undo.add(() => stopping.abort(new Error('the cluster stops')));
  const catalog = createCatalog({ proven: definitions });
  const api = createApiServer({
    ...common,
    store,
    catalog,
    random: Math.random,
    nodes: node.connector,
    loadServiceAccountKey: () => loadServiceAccountKey(pki),
    ranges: { serviceCidr: node.ranges.services, nodePorts: { first: 30_000, last: 32_767 } },
  });
  const clientFor = (component: string): KubeClient => createClient(api.transportFor(componentIdentity(component)));
  const { port } = await listenEverywhere({
    api,
    logger,
    directory,
    certificates,
    port: options.apiPort,
    nodes: node.hasDoors ? nodeDoors(options.nodes, directory) : [],
    undo,
  });
  undo.add(serveCustomResources({ ...common, store, catalog, client: clientFor('apiserver') }));
  return { api, catalog, certificates, port, clientFor };
}

function apiServiceAddressOf({ node }: Foundation): string {
  return firstAddress(node.ranges.services);
}

/** Those that are kept: a review is answered and forgotten, and what is measured cannot be watched. */
function watchedTypes(catalog: MutableCatalog): readonly ResourceType[] {
  // What is served in two versions is one object.
  return catalog
    .all()
    .flatMap(({ type, verbs, conversion }) => (verbs.includes('watch') && conversion === undefined ? [type] : []));
}

const apiNames = [
  host,
  '::1',
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];

/** The second address of a range such as `10.20.128.0/18`: the first belongs to the range itself. */
function firstAddress(cidr: string): string {
  const parts = (cidr.split('/')[0] ?? '').split('.');
  return [...parts.slice(0, 3), String(Number(parts[3] ?? 0) + 1)].join('.');
}

interface Listening {
  readonly api: ApiServer;
  readonly logger: Logger;
  readonly directory: DataDirectory;
  readonly certificates: ClusterCertificates;
  readonly port: number;
  readonly nodes: readonly NodeDoor[];
  readonly undo: Undo;
}

/** TLS on loopback for people and programs, TLS on a socket for pods, plain on a socket of its own for each node. */
async function listenEverywhere({
  api,
  logger,
  directory,
  certificates,
  port,
  nodes,
  undo,
}: Listening): Promise<Listener> {
  const common = { api, logger, clock: systemClock };
  const tcp = listen({ ...common, at: { host, port }, certificates });
  const all = [
    tcp,
    listen({ ...common, at: { socketPath: join(directory.run, 'api-tls.sock') }, certificates }),
    ...nodes.map(({ name, socketPath }) => listen({ ...common, at: { socketPath }, identity: nodeIdentity(name) })),
  ];
  for (const starting of all) undo.addStarting(starting, (listener) => listener.close());
  await Promise.all(all);
  return tcp;
}

async function openGateway(
  shared: Pick<Parameters<typeof startGateway>[0], 'clock' | 'random' | 'logger' | 'signal' | 'client'>,
  { options, directory, undo }: Pick<Composition, 'options' | 'directory' | 'undo'>,
): Promise<Gateway> {
  const { dataPlane } = await openDataPlane({
    ...shared,
    choice: options.dataPlane,
    directory: join(directory.run, 'haproxy'),
  });
  const starting = startGateway({
    ...shared,
    dataPlane,
    instance: `gateway-${nodeName}`,
    listen: { host, port: options.gatewayPort },
  });
  undo.addStarting(starting, (gateway) => gateway.close());
  return starting;
}

/** Ends before the nodes, and before the store is closed in which it tells what it has done. */
function openScheduler(shared: Parameters<typeof startScheduler>[0], undo: Undo): void {
  const stopping = new AbortController();
  const scheduler = startScheduler({ ...shared, signal: stopping.signal });
  undo.add(() => {
    stopping.abort(new Error('the cluster stops'));
    return scheduler.done;
  });
}

/**
 * Whoever else waits for this lease waits for this process, in which the API server ends too: what keeps a renewal from
 * being written keeps everybody from writing. A server that has more to do than it can has time to come round.
 */
const patientDurations = { ...electionDurations(60), retryMilliseconds: electionDurations().retryMilliseconds };

/** Ends before the cluster goes down around it. */
function openDelivery(shared: Omit<Parameters<typeof startDelivery>[0], 'identity'>, undo: Undo): void {
  const stopping = new AbortController();
  // A cluster has one server at a time, so the lease that a killed one left is its own: it need not wait for it.
  const delivery = startDelivery({
    ...shared,
    identity: 'slipway-server',
    durations: patientDurations,
    checksReachLoopback: true,
    signal: stopping.signal,
  });
  undo.add(() => {
    stopping.abort(new Error('the cluster stops'));
    return delivery.done;
  });
}

/**
 * The default roles, and who adds up roles of roles. Only when all else is ready: administrators need no role, and nobody
 * else has been let in yet. Gives the way to end it, which waits for its last write.
 */
function openAccess({
  clientFor,
  ...shared
}: Omit<AccessOptions, 'client' | 'addedRoles'> & {
  readonly clientFor: (component: string) => KubeClient;
}): () => Promise<void> {
  const { logger } = shared;
  const stopping = new AbortController();
  const { signal } = stopping;
  const opening = loadAccess().then(([access, { accessRoles }]) =>
    access.openAccess({
      ...shared,
      signal,
      client: clientFor('kube-controller-manager'),
      addedRoles: accessRoles,
    }),
  );
  const done = opening.catch((error: unknown) => {
    if (!signal.aborted) logger.error('the default roles are no longer kept; a restart begins again', { error });
  });
  return () => {
    stopping.abort(new Error('the cluster stops'));
    return done;
  };
}

function loadAccess() {
  return Promise.all([
    import('@slipway/cluster/controllers/cluster-role-aggregation/open-access'),
    import('@slipway/delivery/api/access-roles'),
  ]);
}

/** Resolves when the node says that it takes pods. */
async function nodeReady(client: KubeClient): Promise<void> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), readyTimeoutMilliseconds);
  try {
    const { items, metadata } = await client.list(nodes);
    if (items.some(({ status }) => isConditionTrue(status?.conditions, 'Ready'))) return;
    for await (const { type, object } of client.watch(nodes, {
      resourceVersion: metadata.resourceVersion,
      signal: abort.signal,
    })) {
      if (type !== 'BOOKMARK' && 'status' in object && isConditionTrue(object.status?.conditions, 'Ready')) return;
    }
  } finally {
    clearTimeout(timer);
  }
  throw new CommandFailure(`The node was not ready within ${readyTimeoutMilliseconds / 1_000} s.`);
}
