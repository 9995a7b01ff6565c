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
    name: 'system:node',
    // Nobody has it: what the cluster's own nodes may do is held elsewhere.
    subjects: [],
    rules: [
      ...reviews,
      on(['authorization.k8s.io'], ['create'], ['localsubjectaccessreviews']),
      on([''], [...read, 'create', 'patch', 'update'], ['nodes']),
      on([''], ['patch', 'update'], ['nodes/status', 'pods/status']),
      on([''], [...read, 'create', 'delete'], ['pods']),
      on([''], ['create'], ['pods/eviction', 'serviceaccounts/token']),
      on([''], tell, ['events']),
      on([''], read, ['configmaps', 'secrets', 'services']),
      on([''], ['get'], ['endpoints', 'persistentvolumeclaims', 'persistentvolumes']),
      on([''], ['get', 'patch', 'update'], ['persistentvolumeclaims/status']),
      on(['certificates.k8s.io'], ['create', ...read], ['certificatesigningrequests']),
      on(['coordination.k8s.io'], ['create', 'delete', 'get', 'patch', 'update'], ['leases']),
      on(['node.k8s.io'], read, ['runtimeclasses']),
      on(['storage.k8s.io'], ['get'], ['volumeattachments']),
      on(['storage.k8s.io'], read, ['csidrivers']),
      on(['storage.k8s.io'], ['create', 'delete', 'get', 'patch', 'update'], ['csinodes']),
    ],
  },
  {
    name: 'system:node-bootstrapper',
    rules: [on(['certificates.k8s.io'], ['create', ...read], ['certificatesigningrequests'])],
  },
  ...['nodeclient', 'selfnodeclient'].map((client) => ({
    name: `system:certificates.k8s.io:certificatesigningrequests:${client}`,
    rules: [on(['certificates.k8s.io'], ['create'], [`certificatesigningrequests/${client}`])],
  })),
  ...['kube-apiserver-client', 'kube-apiserver-client-kubelet', 'kubelet-serving', 'legacy-unknown'].map((signer) => ({
    name: `system:certificates.k8s.io:${signer}-approver`,
    rules: [{ ...on(['certificates.k8s.io'], ['approve'], ['signers']), resourceNames: [`kubernetes.io/${signer}`] }],
  })),
  {
    name: 'system:service-account-issuer-discovery',
    subjects: [{ apiGroup: roles.group, kind: 'Group', name: 'system:serviceaccounts' }],
    rules: [{ verbs: ['get'], nonResourceURLs: ['/.well-known/openid-configuration', '/openid/v1/jwks'] }],
  },
  {
    name: 'system:node-problem-detector',
    rules: [events, on([''], ['get'], ['nodes']), on([''], ['patch'], ['nodes/status'])],
  },
  {
    name: 'system:heapster',
    rules: [on([''], read, ['events', 'namespaces', 'nodes', 'pods']), on(['apps'], read, ['deployments'])],
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
      on([''], ['watch'], ['events']),
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
