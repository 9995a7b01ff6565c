/**
 * What the components of a Kubernetes are allowed, and who they are, for programs that run as one of them, such as another
 * scheduler. The embedded cluster's own need none. https://kubernetes.io/docs/reference/access-authn-authz/rbac/#core-component-roles
 */
import type { PolicyRule, RbacV1Subject } from '@slipway/kube/api.generated';
import { roles } from '@slipway/kube/resources';

export interface ComponentRole {
  readonly name: string;
  readonly rules: readonly PolicyRule[];
  /** Who has it from the start; absent: there is no binding. */
  readonly subjects?: readonly RbacV1Subject[];
}

const read = ['get', 'list', 'watch'];
const tell = ['create', 'patch', 'update'];

const events = on(['', 'events.k8s.io'], tell, ['events']);
const reviews: readonly PolicyRule[] = [
  on(['authentication.k8s.io'], ['create'], ['tokenreviews']),
  on(['authorization.k8s.io'], ['create'], ['subjectaccessreviews']),
];

/** By which one of several leads. */
function ownLease(name: string): readonly PolicyRule[] {
  return [
    on(['coordination.k8s.io'], ['create'], ['leases']),
    { ...on(['coordination.k8s.io'], ['get', 'list', 'update', 'watch'], ['leases']), resourceNames: [name] },
  ];
}

export const componentRoles: readonly ComponentRole[] = [
  {
    name: 'system:kube-scheduler',
    subjects: [user('system:kube-scheduler')],
    rules: [
      events,
      ...ownLease('kube-scheduler'),
      ...reviews,
      on([''], read, ['namespaces', 'nodes', 'replicationcontrollers', 'services']),
      on([''], [...read, 'delete'], ['pods']),
      on([''], ['create'], ['bindings', 'pods/binding']),
      on([''], ['patch', 'update'], ['pods/status']),
      on([''], read, ['persistentvolumeclaims', 'persistentvolumes']),
      on(['apps'], read, ['replicasets', 'statefulsets']),
      on(['policy'], read, ['poddisruptionbudgets']),
      on(['storage.k8s.io'], read, ['csidrivers', 'csinodes', 'csistoragecapacities']),
    ],
  },
  {
    name: 'system:volume-scheduler',
    subjects: [user('system:kube-scheduler')],
    rules: [
      on([''], [...read, 'patch', 'update'], ['persistentvolumeclaims', 'persistentvolumes']),
      on(['storage.k8s.io'], read, ['storageclasses']),
    ],
  },
  {
    name: 'system:kube-controller-manager',
    subjects: [user('system:kube-controller-manager')],
    rules: [
      events,
      ...ownLease('kube-controller-manager'),
      ...reviews,
      on([''], ['create', 'get', 'update'], ['secrets', 'serviceaccounts']),
      on([''], ['delete'], ['secrets']),
      on([''], ['get'], ['configmaps', 'namespaces']),
      on([''], ['create'], ['serviceaccounts/token']),
      // To count what quotas hold, and to delete what has no owner any more.
      on(['*'], ['list', 'watch'], ['*']),
    ],
  },
  {
    name: 'system:node-proxier',
    subjects: [user('system:kube-proxy')],
    rules: [
      events,
      on([''], ['list', 'watch'], ['endpoints', 'services']),
      on([''], read, ['nodes']),
      on(['discovery.k8s.io'], ['list', 'watch'], ['endpointslices']),
    ],
  },
  {
    name: 'system:kubelet-api-admin',
    rules: [
      on([''], [...read, 'proxy'], ['nodes']),
      on([''], ['*'], ['nodes/log', 'nodes/metrics', 'nodes/proxy', 'nodes/stats']),
    ],
  },
  {
    name: 'system:node-bootstrapper',
    rules: [on(['certificates.k8s.io'], ['create', ...read], ['certificatesigningrequests'])],
  },
  {
    name: 'system:node-problem-detector',
    rules: [events, on([''], ['get'], ['nodes']), on([''], ['patch'], ['nodes/status'])],
  },
  { name: 'system:kube-aggregator', rules: [on([''], read, ['endpoints', 'services'])] },
  {
    name: 'system:kube-dns',
    subjects: [{ kind: 'ServiceAccount', name: 'kube-dns', namespace: 'kube-system' }],
    rules: [on([''], ['list', 'watch'], ['endpoints', 'services'])],
  },
  {
    name: 'system:persistent-volume-provisioner',
    rules: [
      events,
      on([''], read, ['events']),
      on([''], [...read, 'create', 'delete'], ['persistentvolumes']),
      on([''], [...read, 'update'], ['persistentvolumeclaims']),
      on(['storage.k8s.io'], read, ['storageclasses']),
    ],
  },
  {
    name: 'system:monitoring',
    subjects: [{ apiGroup: roles.group, kind: 'Group', name: 'system:monitoring' }],
    rules: [
      {
        verbs: ['get'],
        nonResourceURLs: [
          ...['/healthz', '/livez', '/readyz'].flatMap((path) => [path, `${path}/*`]),
          '/metrics',
          '/metrics/slis',
        ],
      },
    ],
  },
];

function on(apiGroups: readonly string[], verbs: readonly string[], resources: readonly string[]): PolicyRule {
  return { verbs, apiGroups, resources };
}

function user(name: string): RbacV1Subject {
  return { apiGroup: roles.group, kind: 'User', name };
}
