import type {
  AutoscalingV2HorizontalPodAutoscaler,
  ClusterRole,
  ClusterRoleBinding,
  ConfigMap,
  ControllerRevision,
  CronJob,
  CustomResourceDefinition,
  DaemonSet,
  Deployment,
  Endpoints as EndpointsObject,
  EndpointSlice,
  Event,
  Ingress,
  IngressClass,
  Job,
  Lease,
  LimitRange,
  MutatingWebhookConfiguration,
  Namespace,
  NetworkPolicy,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  PodTemplate,
  PriorityClass,
  ReplicaSet,
  ReplicationController,
  ResourceQuota,
  Role,
  RoleBinding,
  RuntimeClass,
  Secret,
  Service,
  ServiceAccount,
  StatefulSet,
  StorageClass,
  ValidatingWebhookConfiguration,
} from './api.generated.ts';
import type { KubeObject, ResourceType } from './object.ts';

function namespaced<T extends KubeObject>(
  group: string,
  version: string,
  kind: string,
  plural: string,
): ResourceType<T> {
  return { group, version, kind, plural, namespaced: true };
}

function clusterScoped<T extends KubeObject>(
  group: string,
  version: string,
  kind: string,
  plural: string,
): ResourceType<T> {
  return { group, version, kind, plural, namespaced: false };
}

export const namespaces = clusterScoped<Namespace>('', 'v1', 'Namespace', 'namespaces');
export const nodes = clusterScoped<Node>('', 'v1', 'Node', 'nodes');
export const pods = namespaced<Pod>('', 'v1', 'Pod', 'pods');
export const services = namespaced<Service>('', 'v1', 'Service', 'services');
export const endpoints = namespaced<EndpointsObject>('', 'v1', 'Endpoints', 'endpoints');
export const configMaps = namespaced<ConfigMap>('', 'v1', 'ConfigMap', 'configmaps');
export const secrets = namespaced<Secret>('', 'v1', 'Secret', 'secrets');
export const serviceAccounts = namespaced<ServiceAccount>('', 'v1', 'ServiceAccount', 'serviceaccounts');
export const events = namespaced<Event>('', 'v1', 'Event', 'events');
export const deployments = namespaced<Deployment>('apps', 'v1', 'Deployment', 'deployments');
export const replicaSets = namespaced<ReplicaSet>('apps', 'v1', 'ReplicaSet', 'replicasets');
export const jobs = namespaced<Job>('batch', 'v1', 'Job', 'jobs');
export const endpointSlices = namespaced<EndpointSlice>('discovery.k8s.io', 'v1', 'EndpointSlice', 'endpointslices');
export const leases = namespaced<Lease>('coordination.k8s.io', 'v1', 'Lease', 'leases');
export const ingresses = namespaced<Ingress>('networking.k8s.io', 'v1', 'Ingress', 'ingresses');
export const ingressClasses = clusterScoped<IngressClass>('networking.k8s.io', 'v1', 'IngressClass', 'ingressclasses');
export const podDisruptionBudgets = namespaced<PodDisruptionBudget>(
  'policy',
  'v1',
  'PodDisruptionBudget',
  'poddisruptionbudgets',
);
export const customResourceDefinitions = clusterScoped<CustomResourceDefinition>(
  'apiextensions.k8s.io',
  'v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
);

const rbac = 'rbac.authorization.k8s.io';
export const roles = namespaced<Role>(rbac, 'v1', 'Role', 'roles');
export const roleBindings = namespaced<RoleBinding>(rbac, 'v1', 'RoleBinding', 'rolebindings');
export const clusterRoles = clusterScoped<ClusterRole>(rbac, 'v1', 'ClusterRole', 'clusterroles');
export const clusterRoleBindings = clusterScoped<ClusterRoleBinding>(
  rbac,
  'v1',
  'ClusterRoleBinding',
  'clusterrolebindings',
);

export const podTemplates = namespaced<PodTemplate>('', 'v1', 'PodTemplate', 'podtemplates');
export const replicationControllers = namespaced<ReplicationController>(
  '',
  'v1',
  'ReplicationController',
  'replicationcontrollers',
);
export const resourceQuotas = namespaced<ResourceQuota>('', 'v1', 'ResourceQuota', 'resourcequotas');
export const limitRanges = namespaced<LimitRange>('', 'v1', 'LimitRange', 'limitranges');
export const persistentVolumes = clusterScoped<PersistentVolume>('', 'v1', 'PersistentVolume', 'persistentvolumes');
export const persistentVolumeClaims = namespaced<PersistentVolumeClaim>(
  '',
  'v1',
  'PersistentVolumeClaim',
  'persistentvolumeclaims',
);
export const statefulSets = namespaced<StatefulSet>('apps', 'v1', 'StatefulSet', 'statefulsets');
export const daemonSets = namespaced<DaemonSet>('apps', 'v1', 'DaemonSet', 'daemonsets');
export const controllerRevisions = namespaced<ControllerRevision>(
  'apps',
  'v1',
  'ControllerRevision',
  'controllerrevisions',
);
export const cronJobs = namespaced<CronJob>('batch', 'v1', 'CronJob', 'cronjobs');
export const horizontalPodAutoscalers = namespaced<AutoscalingV2HorizontalPodAutoscaler>(
  'autoscaling',
  'v2',
  'HorizontalPodAutoscaler',
  'horizontalpodautoscalers',
);
export const networkPolicies = namespaced<NetworkPolicy>('networking.k8s.io', 'v1', 'NetworkPolicy', 'networkpolicies');
export const storageClasses = clusterScoped<StorageClass>('storage.k8s.io', 'v1', 'StorageClass', 'storageclasses');
export const priorityClasses = clusterScoped<PriorityClass>(
  'scheduling.k8s.io',
  'v1',
  'PriorityClass',
  'priorityclasses',
);
export const runtimeClasses = clusterScoped<RuntimeClass>('node.k8s.io', 'v1', 'RuntimeClass', 'runtimeclasses');

const admission = 'admissionregistration.k8s.io';
export const validatingWebhookConfigurations = clusterScoped<ValidatingWebhookConfiguration>(
  admission,
  'v1',
  'ValidatingWebhookConfiguration',
  'validatingwebhookconfigurations',
);
export const mutatingWebhookConfigurations = clusterScoped<MutatingWebhookConfiguration>(
  admission,
  'v1',
  'MutatingWebhookConfiguration',
  'mutatingwebhookconfigurations',
);
