import type {
  ClusterRole,
  ClusterRoleBinding,
  ConfigMap,
  CustomResourceDefinition,
  Deployment,
  Endpoints as EndpointsObject,
  EndpointSlice,
  Event,
  Ingress,
  IngressClass,
  Job,
  Lease,
  Namespace,
  Node,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  Role,
  RoleBinding,
  Secret,
  Service,
  ServiceAccount,
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
