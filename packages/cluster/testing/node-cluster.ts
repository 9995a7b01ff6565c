import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EndpointSlice, Pod, Service } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { silentLogger } from '@slipway/kube/logger';
import { configMaps, endpointSlices, pods, services } from '@slipway/kube/resources';
import { createClient } from '@slipway/kube/kube-client';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { adminIdentity, nodeIdentity } from '../src/api/authorization.ts';
import { listen, type Listener } from '../src/api/http-listener.ts';
import { rootCertificateName } from '../src/controllers/namespace/root-certificate.ts';
import { launchNodeHelper, type NodeHelper } from '../src/node/helper/launch.ts';
import { planNode, type NodePlan } from '../src/node/helper/plan-node.ts';
import type { IsolationLevel } from '../src/node/runtimes/process/isolation.ts';
import { createMemoryCluster, type MemoryCluster } from './memory-cluster.ts';

/** A server without controllers, and the helper of its one node. Pods are bound and endpoints written by the test. */
export interface NodeCluster {
  readonly dataDirectory: string;
  readonly client: KubeClient;
  readonly plan: NodePlan;
  readonly helper: NodeHelper;
  /** Ends the server and leaves the helper. */
  stopServer(): Promise<void>;
  /** A server with the same objects, and whatever helper it finds or starts. */
  restartServer(): Promise<NodeHelper>;
  close(): Promise<void>;
}

export async function startNodeCluster(level: IsolationLevel): Promise<NodeCluster> {
  // Not in /tmp, which containers do not see: the data directory must be hidden wherever it is.
  const dataDirectory = await mkdtemp('/var/tmp/slipway-node-');
  await mkdir(join(dataDirectory, 'run'));
  const apiSocket = join(dataDirectory, 'run/api.sock');
  const plan = await planNode({ dataDirectory, level, searchPath: process.env['PATH'] ?? '' });
  const cluster = await createMemoryCluster({ serviceCidr: plan.ranges.services });
  // There is no controller here that would write it; pods wait for it.
  await cluster.client.create(configMaps, {
    metadata: { name: rootCertificateName, namespace: 'default' },
    data: { 'ca.crt': 'none' },
  });
  let listener = await serve(cluster, apiSocket);
  const launch = async (): Promise<NodeHelper> => {
    const { ready } = await launchNodeHelper({
      storeIdentity: 'test',
      ...plan,
      dataDirectory,
      nodeNames: ['node-1'],
      apiSocket,
      logger: silentLogger,
      signal: new AbortController().signal,
    });
    return ready;
  };
  const helper = await launch();
  return {
    dataDirectory,
    client: createClient(cluster.api.transportFor(adminIdentity)),
    plan,
    helper,
    stopServer: () => listener.close(),
    restartServer: async () => {
      listener = await serve(cluster, apiSocket);
      return launch();
    },
    close: async () => {
      await helper.stop(0);
      await listener.close();
      await cluster.close();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}

function serve(cluster: MemoryCluster, socketPath: string): Promise<Listener> {
  return listen({
    api: cluster.api,
    clock: systemClock,
    logger: silentLogger,
    at: { socketPath },
    identity: nodeIdentity('node-1'),
  });
}

export async function createBoundPod(client: KubeClient, name: string, command: readonly string[]): Promise<Pod> {
  return client.create(pods, {
    metadata: { name, namespace: 'default' },
    spec: {
      nodeName: 'node-1',
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'main', image: 'machine', command: [...command] }],
    },
  });
}

/** Resolves with the first state of the pod that holds. */
export async function podWhen(client: KubeClient, name: string, holds: (pod: Pod) => boolean): Promise<Pod> {
  const end = new AbortController();
  const fieldSelector = `metadata.name=${name}`;
  const { items, metadata } = await client.list(pods, { namespace: 'default', fieldSelector });
  const [current] = items;
  if (current !== undefined && holds(current)) return current;
  const watch = client.watch(pods, {
    namespace: 'default',
    fieldSelector,
    resourceVersion: metadata.resourceVersion,
    signal: end.signal,
  });
  for await (const event of watch) {
    if (event.type !== 'BOOKMARK' && holds(event.object)) {
      end.abort();
      return event.object;
    }
  }
  throw new Error(`the watch of pod ${name} ended`);
}

export async function createServiceWith(
  client: KubeClient,
  given: { readonly name: string; readonly port: number; readonly endpoints: readonly Pod[] },
): Promise<{ readonly service: Service; readonly slice: EndpointSlice }> {
  const { name, port, endpoints } = given;
  const service = await client.create(services, {
    metadata: { name, namespace: 'default' },
    spec: { ports: [{ name: 'http', port, targetPort: 8080 }] },
  });
  const slice = await client.create(endpointSlices, {
    metadata: { name: `${name}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints: endpoints.map((pod) => ({
      addresses: [pod.status?.podIP ?? ''],
      conditions: { ready: true, serving: true, terminating: false },
      targetRef: { kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid },
    })),
  });
  return { service, slice };
}
