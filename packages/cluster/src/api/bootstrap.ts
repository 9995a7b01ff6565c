/** What a cluster holds before anybody asks for anything. */
import type { Namespace, PriorityClass, Service } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { serviceNameLabel } from '@slipway/kube/endpoint-slices';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import {
  endpoints,
  endpointSlices,
  namespaces,
  priorityClasses,
  serviceAccounts,
  services,
} from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import { systemPriorities } from '../schema/catalog/classes.ts';

export interface BootstrapOptions {
  readonly client: KubeClient;
  /** First address of the service range. */
  readonly apiServiceAddress: string;
  /** Where the Service `kubernetes` is to be reached there; absent: 443. */
  readonly apiServicePort?: number | undefined;
  /** Where the API server itself listens. */
  readonly apiAddress: { readonly ip: string; readonly port: number };
  /** Where pods ask for names; undefined if nobody answers. */
  readonly dnsAddress?: string | undefined;
}

const systemNamespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

/** Creates the namespaces and priorities of the system and the Service `kubernetes`; what is there already stays as it is, but for the port of that. */
export async function bootstrap(options: BootstrapOptions): Promise<void> {
  const { client, apiServiceAddress, apiServicePort = 443, apiAddress, dnsAddress } = options;
  await Promise.all(systemNamespaces.map((name) => ensure(client, namespaces, namespaceNamed(name))));
  await Promise.all([
    ...systemNamespaces.map((namespace) =>
      ensure(client, serviceAccounts, { metadata: { name: 'default', namespace } }),
    ),
    ...[...systemPriorities].map(([name, value]) => ensure(client, priorityClasses, classOf(name, value))),
    ensureApiService(client, apiService(apiServiceAddress, apiServicePort)),
    ...(dnsAddress === undefined ? [] : [ensure(client, services, dnsService(dnsAddress))]),
    replaceEndpoints(client, apiAddress),
  ]);
}

function namespaceNamed(name: string): Namespace {
  return { metadata: { name } };
}

function classOf(name: string, value: number): PriorityClass {
  return { metadata: { name }, value, description: 'For pods without which the cluster or its nodes do not work.' };
}

function apiService(clusterIP: string, port: number): Service {
  return {
    metadata: { name: 'kubernetes', namespace: 'default', labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: { type: 'ClusterIP', clusterIP, ports: [{ name: 'https', port, protocol: 'TCP', targetPort: 6443 }] },
  };
}

/** By the name under which programs look for it. The node itself answers there: there are no endpoints. */
function dnsService(clusterIP: string): Service {
  const labels = { 'k8s-app': 'kube-dns', 'kubernetes.io/name': 'CoreDNS' };
  const ports = (['UDP', 'TCP'] as const).map((protocol) => ({
    name: protocol === 'UDP' ? 'dns' : 'dns-tcp',
    port: 53,
    protocol,
    targetPort: 53,
  }));
  return {
    metadata: { name: 'kube-dns', namespace: 'kube-system', labels },
    spec: { type: 'ClusterIP', clusterIP, ports },
  };
}

/** Which ports can be had differs from level to level, and a cluster may come to be of another one. */
async function ensureApiService(client: KubeClient, service: Service): Promise<void> {
  if (await ensure(client, services, service)) return;
  const { namespace, name = '' } = service.metadata;
  const body = { spec: { ports: service.spec?.ports } };
  await client.patch(services, { namespace, name }, { type: 'merge', body }, { fieldManager: 'kube-apiserver' });
}

/** Whether it was not there. */
async function ensure<T extends KubeObject>(client: KubeClient, type: ResourceType<T>, object: T): Promise<boolean> {
  try {
    await client.create(type, object, { fieldManager: 'kube-apiserver' });
    return true;
  } catch (error) {
    if (!isStatusReason(error, 'AlreadyExists')) throw error;
    return false;
  }
}

/** The port differs from start to start. */
async function replaceEndpoints(client: KubeClient, { ip, port }: BootstrapOptions['apiAddress']): Promise<void> {
  const metadata = {
    name: 'kubernetes',
    namespace: 'default',
    labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' },
  };
  const written = apply(client, endpoints, {
    metadata,
    subsets: [{ addresses: [{ ip }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
  });
  const sliced = apply(client, endpointSlices, {
    metadata: { name: 'kubernetes', namespace: 'default', labels: { [serviceNameLabel]: 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [ip], conditions: { ready: true } }],
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  });
  await Promise.all([written, sliced]);
}

async function apply<T extends KubeObject>(client: KubeClient, type: ResourceType<T>, object: T): Promise<void> {
  await client.patch(
    type,
    { namespace: object.metadata.namespace, name: object.metadata.name ?? '' },
    { type: 'apply', body: object, force: true },
    { fieldManager: 'kube-apiserver' },
  );
}
