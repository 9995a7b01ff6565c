import type {
  AutoscalingV2HorizontalPodAutoscaler,
  ConfigMap,
  CronJob,
  DaemonSet,
  Deployment,
  Endpoints,
  EndpointSlice,
  Job,
  Lease,
  Namespace,
  Node,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  ReplicationController,
  ResourceQuota,
  Secret,
  Service,
  ServiceAccount,
  StatefulSet,
} from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import { serviceKeysOf } from '@slipway/kube/endpoint-slices';
import { Informer, type InformerOptions } from '@slipway/kube/informer';
import type { Logger } from '@slipway/kube/logger';
import type { KubeObject } from '@slipway/kube/object';
import { controllerOf } from '@slipway/kube/owner-references';
import {
  configMaps,
  cronJobs,
  daemonSets,
  deployments,
  endpoints,
  endpointSlices,
  horizontalPodAutoscalers,
  jobs,
  leases,
  namespaces,
  nodes,
  podDisruptionBudgets,
  pods,
  replicaSets,
  replicationControllers,
  resourceQuotas,
  secrets,
  serviceAccounts,
  services,
  statefulSets,
} from '@slipway/kube/resources';
import { byLabel, bySelector, labelIndex, selectorIndex, serviceSelectorIndex } from './label-index.ts';
import { rootCertificateName } from './namespace/root-certificate.ts';
import { accountIndex, accountSecretType, byAccount } from './service-account-token/account-secret.ts';

export interface SharedInformers {
  readonly pods: Informer<Pod>;
  readonly replicaSets: Informer<ReplicaSet>;
  readonly deployments: Informer<Deployment>;
  readonly jobs: Informer<Job>;
  readonly podDisruptionBudgets: Informer<PodDisruptionBudget>;
  readonly services: Informer<Service>;
  readonly endpoints: Informer<Endpoints>;
  readonly endpointSlices: Informer<EndpointSlice>;
  readonly namespaces: Informer<Namespace>;
  readonly nodes: Informer<Node>;
  /** By which nodes say that they live. */
  readonly nodeLeases: Informer<Lease>;
  /** Only the account `default` of each namespace. */
  readonly defaultServiceAccounts: Informer<ServiceAccount>;
  /** Only `kube-root-ca.crt` of each namespace. */
  readonly rootCertificates: Informer<ConfigMap>;
  /** Kinds whose controllers are read with the first object (`late-controllers.ts`). */
  readonly statefulSets: Informer<StatefulSet>;
  readonly daemonSets: Informer<DaemonSet>;
  readonly replicationControllers: Informer<ReplicationController>;
  readonly cronJobs: Informer<CronJob>;
  readonly horizontalPodAutoscalers: Informer<AutoscalingV2HorizontalPodAutoscaler>;
  readonly resourceQuotas: Informer<ResourceQuota>;
  /** Only those that hold the token of a service account. */
  readonly accountSecrets: Informer<Secret>;
}

export interface SharedInformerOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
}

/** By the uid of the object that manages it; objects that nobody manages by `orphanIn(namespace)`. */
export const byController = 'controller';
export const byNamespace = 'namespace';
export const byNode = 'node';
/** EndpointSlices by `namespace/service`. */
export const byService = 'service';

function orphanIn(namespace: string | undefined): string {
  return `orphan/${namespace ?? ''}`;
}

/** What the object manages, and what it may yet adopt. */
export function candidatesOf<T extends KubeObject>({ metadata }: KubeObject, informer: Informer<T>): readonly T[] {
  const own = informer.byIndex(byController, metadata.uid ?? '');
  return [...own, ...informer.byIndex(byController, orphanIn(metadata.namespace))];
}

/** One informer a kind, for all controllers together; not started. */
export function createSharedInformers(options: SharedInformerOptions): SharedInformers {
  const owned = { [byController]: controllerIndex };
  const namespaced = { [byNamespace]: namespaceIndex };
  return {
    pods: new Informer({
      ...common<Pod>(options),
      type: pods,
      indexes: {
        ...owned,
        ...namespaced,
        [byNode]: (pod) => [pod.spec?.nodeName ?? ''],
        [byLabel]: labelIndex,
      },
    }),
    replicaSets: new Informer({ ...common<ReplicaSet>(options), type: replicaSets, indexes: owned }),
    deployments: new Informer({ ...common<Deployment>(options), type: deployments, indexes: namespaced }),
    jobs: new Informer({ ...common<Job>(options), type: jobs, indexes: { ...owned, ...namespaced } }),
    podDisruptionBudgets: new Informer({
      ...common<PodDisruptionBudget>(options),
      type: podDisruptionBudgets,
      indexes: { [bySelector]: selectorIndex },
    }),
    services: new Informer({
      ...common<Service>(options),
      type: services,
      indexes: { [bySelector]: serviceSelectorIndex },
    }),
    endpoints: new Informer({ ...common<Endpoints>(options), type: endpoints }),
    endpointSlices: new Informer({
      ...common<EndpointSlice>(options),
      type: endpointSlices,
      indexes: { [byService]: serviceKeysOf },
    }),
    namespaces: new Informer({ ...common<Namespace>(options), type: namespaces }),
    nodes: new Informer({ ...common<Node>(options), type: nodes }),
    nodeLeases: new Informer({ ...common<Lease>(options), type: leases, namespace: 'kube-node-lease' }),
    defaultServiceAccounts: new Informer({
      ...common<ServiceAccount>(options),
      type: serviceAccounts,
      fieldSelector: 'metadata.name=default',
    }),
    rootCertificates: new Informer({
      ...common<ConfigMap>(options),
      type: configMaps,
      fieldSelector: `metadata.name=${rootCertificateName}`,
    }),
    statefulSets: new Informer({ ...common<StatefulSet>(options), type: statefulSets }),
    daemonSets: new Informer({ ...common<DaemonSet>(options), type: daemonSets }),
    replicationControllers: new Informer({ ...common<ReplicationController>(options), type: replicationControllers }),
    cronJobs: new Informer({ ...common<CronJob>(options), type: cronJobs }),
    horizontalPodAutoscalers: new Informer({
      ...common<AutoscalingV2HorizontalPodAutoscaler>(options),
      type: horizontalPodAutoscalers,
    }),
    resourceQuotas: new Informer({ ...common<ResourceQuota>(options), type: resourceQuotas, indexes: namespaced }),
    accountSecrets: new Informer({
      ...common<Secret>(options),
      type: secrets,
      fieldSelector: `type=${accountSecretType}`,
      indexes: { [byAccount]: accountIndex },
    }),
  };
}

export function startSharedInformers(informers: SharedInformers, signal: AbortSignal): void {
  const all: readonly { start(signal: AbortSignal): void }[] = Object.values(informers);
  for (const informer of all) informer.start(signal);
}

function common<T extends KubeObject>(options: SharedInformerOptions): Omit<InformerOptions<T>, 'type'> {
  return { ...options, transform: withoutManagedFields };
}

/** Nobody here reads them, and they are the larger part of many objects. */
function withoutManagedFields<T extends KubeObject>(object: T): T {
  if (object.metadata.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function controllerIndex(object: KubeObject): readonly string[] {
  return [controllerOf(object)?.uid ?? orphanIn(object.metadata.namespace)];
}

function namespaceIndex(object: KubeObject): readonly string[] {
  return [object.metadata.namespace ?? ''];
}
