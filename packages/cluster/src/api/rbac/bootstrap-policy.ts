/** The roles and bindings that every cluster begins with. https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings */
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  RbacV1Subject,
  Role,
  RoleBinding,
} from '@slipway/kube/api.generated';
import { roles } from '@slipway/kube/resources';
import { combineRules } from './combine-rules.ts';
import { componentRoles } from './component-roles.ts';
import { controllerRoles } from './controller-roles.ts';
import { namespaceRoles } from './namespace-roles.ts';

/** Of whoever sets it to anything but true, Slipway changes nothing any more. */
export const autoupdateAnnotation = 'rbac.authorization.kubernetes.io/autoupdate';

const group = roles.group;
const read = ['get', 'list', 'watch'];
const write = ['create', 'delete', 'deletecollection', 'patch', 'update'];
const health = ['/healthz', '/livez', '/readyz', '/version', '/version/'];

const viewRules: readonly PolicyRule[] = [
  inGroup('', read, [
    'configmaps',
    'endpoints',
    'persistentvolumeclaims',
    'persistentvolumeclaims/status',
    'pods',
    'replicationcontrollers',
    'replicationcontrollers/scale',
    'serviceaccounts',
    'services',
    'services/status',
  ]),
  inGroup('', read, [
    'bindings',
    'events',
    'limitranges',
    'namespaces/status',
    'pods/log',
    'pods/status',
    'replicationcontrollers/status',
    'resourcequotas',
    'resourcequotas/status',
  ]),
  inGroup('', read, ['namespaces']),
  inGroup('discovery.k8s.io', read, ['endpointslices']),
  inGroup('apps', read, [
    'controllerrevisions',
    'daemonsets',
    'daemonsets/status',
    'deployments',
    'deployments/scale',
    'deployments/status',
    'replicasets',
    'replicasets/scale',
    'replicasets/status',
    'statefulsets',
    'statefulsets/scale',
    'statefulsets/status',
  ]),
  inGroup('autoscaling', read, ['horizontalpodautoscalers', 'horizontalpodautoscalers/status']),
  inGroup('batch', read, ['cronjobs', 'cronjobs/status', 'jobs', 'jobs/status']),
  inGroup('policy', read, ['poddisruptionbudgets', 'poddisruptionbudgets/status']),
  inGroup('networking.k8s.io', read, ['ingresses', 'ingresses/status', 'networkpolicies']),
];

const intoPods = ['pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy'];

const editRules: readonly PolicyRule[] = [
  inGroup('', read, [...intoPods, 'secrets', 'services/proxy']),
  inGroup('', ['impersonate'], ['serviceaccounts']),
  inGroup('', write, ['pods', ...intoPods]),
  inGroup('', ['create'], ['pods/eviction']),
  inGroup('', write, [
    'configmaps',
    'events',
    'persistentvolumeclaims',
    'replicationcontrollers',
    'replicationcontrollers/scale',
    'secrets',
    'serviceaccounts',
    'services',
    'services/proxy',
  ]),
  inGroup('', ['create'], ['serviceaccounts/token']),
  inGroup('apps', write, [
    'daemonsets',
    'deployments',
    'deployments/rollback',
    'deployments/scale',
    'replicasets',
    'replicasets/scale',
    'statefulsets',
    'statefulsets/scale',
  ]),
  inGroup('autoscaling', write, ['horizontalpodautoscalers']),
  inGroup('batch', write, ['cronjobs', 'jobs']),
  inGroup('policy', write, ['poddisruptionbudgets']),
  inGroup('networking.k8s.io', write, ['ingresses', 'networkpolicies']),
  inGroup('coordination.k8s.io', [...write, ...read], ['leases']),
];

const adminRules: readonly PolicyRule[] = [
  inGroup('authorization.k8s.io', ['create'], ['localsubjectaccessreviews']),
  inGroup(group, [...write, ...read], ['rolebindings', 'roles']),
];

const all = ['*'];

const programRoles = [...componentRoles, ...controllerRoles()];

const plainRoles: readonly ClusterRole[] = [
  role('cluster-admin', [
    { verbs: all, apiGroups: all, resources: all },
    { verbs: all, nonResourceURLs: all },
  ]),
  role('system:discovery', [
    { verbs: ['get'], nonResourceURLs: ['/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*', ...health] },
  ]),
  role('system:public-info-viewer', [{ verbs: ['get'], nonResourceURLs: health }]),
  role('system:basic-user', [
    inGroup('authorization.k8s.io', ['create'], ['selfsubjectaccessreviews', 'selfsubjectrulesreviews']),
    inGroup('authentication.k8s.io', ['create'], ['selfsubjectreviews']),
  ]),
  role('system:auth-delegator', [
    inGroup('authentication.k8s.io', ['create'], ['tokenreviews']),
    inGroup('authorization.k8s.io', ['create'], ['subjectaccessreviews']),
  ]),
  ...programRoles.map(({ name, rules }) => role(name, rules)),
  // As metrics-server brings it along.
  role(
    'system:aggregated-metrics-reader',
    [inGroup('metrics.k8s.io', read, ['nodes', 'pods'])],
    Object.fromEntries(['view', 'edit', 'admin'].map((name) => [aggregationLabel(name), 'true'])),
  ),
  aggregated('view', viewRules),
  aggregated('edit', editRules),
  aggregated('admin', adminRules),
];

/** In this order, because the roles of people hold the one before them. */
const roleSums: ReadonlyArray<{ readonly name: string; readonly within?: string }> = [
  { name: 'view', within: 'edit' },
  { name: 'edit', within: 'admin' },
  { name: 'admin' },
];

/**
 * The default roles, with what else is served from the start. The roles of people as sums are written with what they come
 * to: nobody waits for who adds them up.
 */
export function defaultRoles(added: readonly ClusterRole[]): readonly ClusterRole[] {
  return roleSums.reduce<readonly ClusterRole[]>(
    (known, sum) => {
      const labels = sum.within === undefined ? {} : { [aggregationLabel(sum.within)]: 'true' };
      const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { [aggregationLabel(sum.name)]: 'true' } }] };
      const empty = { ...role(sum.name, [], labels), aggregationRule };
      return [...known, { ...empty, rules: combineRules(empty, known) }];
    },
    [...plainRoles, ...added],
  );
}

const everybody = groupNamed('system:authenticated');

export const defaultBindings: readonly ClusterRoleBinding[] = [
  binding('cluster-admin', [groupNamed('system:masters')]),
  binding('system:discovery', [everybody]),
  binding('system:basic-user', [everybody]),
  binding('system:public-info-viewer', [everybody, groupNamed('system:unauthenticated')]),
  ...programRoles.flatMap(({ name, subjects }) => (subjects === undefined ? [] : [binding(name, subjects)])),
];

export const defaultNamespaceRoles: readonly Role[] = namespaceRoles.map(({ name, namespace, rules }) => ({
  metadata: { ...metadataOf(name), namespace },
  rules,
}));

export const defaultNamespaceBindings: readonly RoleBinding[] = namespaceRoles.map(
  ({ name, bindingName = name, namespace, subjects }) => ({
    metadata: { ...metadataOf(bindingName), namespace },
    roleRef: { apiGroup: group, kind: 'Role', name },
    subjects,
  }),
);

function inGroup(apiGroup: string, verbs: readonly string[], resources: readonly string[]): PolicyRule {
  return { verbs, apiGroups: [apiGroup], resources };
}

function metadataOf(name: string, labels: Readonly<Record<string, string>> = {}) {
  return {
    name,
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
    annotations: { [autoupdateAnnotation]: 'true' },
  };
}

function role(name: string, rules: readonly PolicyRule[], labels?: Readonly<Record<string, string>>): ClusterRole {
  return { metadata: metadataOf(name, labels), rules };
}

function aggregationLabel(name: string): string {
  return `rbac.authorization.k8s.io/aggregate-to-${name}`;
}

function aggregated(name: string, rules: readonly PolicyRule[]): ClusterRole {
  return role(`system:aggregate-to-${name}`, rules, { [aggregationLabel(name)]: 'true' });
}

function binding(name: string, subjects: readonly RbacV1Subject[]): ClusterRoleBinding {
  return { metadata: metadataOf(name), roleRef: { apiGroup: group, kind: 'ClusterRole', name }, subjects };
}

function groupNamed(name: string): RbacV1Subject {
  return { apiGroup: group, kind: 'Group', name };
}
