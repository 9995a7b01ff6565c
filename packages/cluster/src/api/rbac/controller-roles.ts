/**
 * What the controllers of a Kubernetes are allowed, each by a service account of its name, for programs that stand in for one
 * of them. The embedded cluster's own need none. https://kubernetes.io/docs/reference/access-authn-authz/rbac/#controller-roles
 */
import type { PolicyRule } from '@slipway/kube/api.generated';
import type { ComponentRole } from './component-roles.ts';

const events = 'create,patch,update core,events.k8s.io:events';
const ofPods = 'create,delete,list,patch,watch core:pods';
const revisions = 'create,delete,get,list,patch,update,watch apps:controllerrevisions';
const slices = 'create,delete,get,list,update discovery.k8s.io:endpointslices';

/** By controller, a rule a line: verbs, groups with their resources, and names where only these are meant. */
const rules: Readonly<Record<string, readonly string[]>> = {
  'attachdetach-controller': [
    'list,watch core:persistentvolumeclaims,persistentvolumes,pods',
    'get,list,watch core:nodes',
    'patch,update core:nodes/status',
    'create,delete,get,list,watch storage.k8s.io:volumeattachments',
    'get,list,watch storage.k8s.io:csidrivers,csinodes',
    events,
  ],
  'certificate-controller': [
    'delete,get,list,watch certificates.k8s.io:certificatesigningrequests',
    'update certificates.k8s.io:certificatesigningrequests/approval,certificatesigningrequests/status',
    'approve certificates.k8s.io:signers kubernetes.io/kube-apiserver-client-kubelet',
    'sign certificates.k8s.io:signers kubernetes.io/kube-apiserver-client,kubernetes.io/kube-apiserver-client-kubelet,kubernetes.io/kubelet-serving,kubernetes.io/legacy-unknown',
    'create authorization.k8s.io:subjectaccessreviews',
    events,
  ],
  'clusterrole-aggregation-controller': ['escalate,get,list,patch,update,watch rbac.authorization.k8s.io:clusterroles'],
  'cronjob-controller': [
    'get,list,update,watch batch:cronjobs',
    'create,delete,get,list,patch,update,watch batch:jobs',
    'update batch:cronjobs/finalizers,cronjobs/status',
    'delete,list core:pods',
    events,
  ],
  'daemon-set-controller': [
    'get,list,watch apps:daemonsets',
    'update apps:daemonsets/finalizers,daemonsets/status',
    'list,watch core:nodes',
    ofPods,
    'create core:pods/binding',
    revisions,
    events,
  ],
  'deployment-controller': [
    'get,list,update,watch apps:deployments',
    'update apps:deployments/finalizers,deployments/status',
    'create,delete,get,list,patch,update,watch apps:replicasets',
    'get,list,update,watch core:pods',
    events,
  ],
  'disruption-controller': [
    'get,list,watch apps:deployments,replicasets,statefulsets',
    'get,list,watch core:replicationcontrollers',
    'get,list,watch policy:poddisruptionbudgets',
    'update policy:poddisruptionbudgets/status',
    'patch,update core:pods/status',
    'get *:*/scale',
    events,
  ],
  'endpoint-controller': [
    'get,list,watch core:pods,services',
    'create,delete,get,list,update core:endpoints',
    'create core:endpoints/restricted',
    events,
  ],
  'endpointslice-controller': [
    'get,list,watch core:nodes,pods,services',
    'update core:services/finalizers',
    slices,
    events,
  ],
  'endpointslicemirroring-controller': [
    'get,list,watch core:endpoints,services',
    'update core:endpoints/finalizers,services/finalizers',
    slices,
    events,
  ],
  'ephemeral-volume-controller': [
    'get,list,watch core:pods',
    'update core:pods/finalizers',
    'create,get,list,watch core:persistentvolumeclaims',
    events,
  ],
  'expand-controller': [
    'get,list,patch,update,watch core:persistentvolumes',
    'patch,update core:persistentvolumeclaims/status',
    'get,list,watch core:persistentvolumeclaims',
    'get,list,watch storage.k8s.io:storageclasses',
    'get core:endpoints,secrets,services',
    events,
  ],
  'generic-garbage-collector': ['delete,get,list,patch,update,watch *:*', events],
  'horizontal-pod-autoscaler': [
    'get,list,watch autoscaling:horizontalpodautoscalers',
    'update autoscaling:horizontalpodautoscalers/status',
    'get,update *:*/scale',
    'list core,metrics.k8s.io:pods',
    'get,list custom.metrics.k8s.io,external.metrics.k8s.io:*',
    events,
  ],
  'job-controller': [
    'get,list,patch,update,watch batch:jobs',
    'update batch:jobs/finalizers,jobs/status',
    ofPods,
    events,
  ],
  'legacy-service-account-token-cleaner': [
    'get core:configmaps kube-apiserver-legacy-service-account-token-tracking',
    'delete,patch core:secrets',
  ],
  'namespace-controller': [
    'delete,get,list,watch core:namespaces',
    'update core:namespaces/finalize,namespaces/status',
    'delete,deletecollection,get,list *:*',
  ],
  'node-controller': [
    'delete,get,list,patch,update core:nodes',
    'patch,update core:nodes/status,pods/status',
    'delete,get,list core:pods',
    events,
  ],
  'persistent-volume-binder': [
    'create,delete,get,list,update,watch core:persistentvolumes',
    'update core:persistentvolumeclaims/status,persistentvolumes/status',
    'get,list,update,watch core:persistentvolumeclaims',
    'create,delete,get,list,watch core:pods',
    'get,list,watch storage.k8s.io:storageclasses',
    'create,delete,get,update core:endpoints',
    'create,delete,get core:services',
    'get core:secrets',
    'get,list core:nodes',
    'watch core:events',
    events,
  ],
  'pod-garbage-collector': ['delete,list,watch core:pods', 'get,list core:nodes', 'patch core:pods/status'],
  'pv-protection-controller': ['get,list,update,watch core:persistentvolumes', events],
  'pvc-protection-controller': [
    'get,list,update,watch core:persistentvolumeclaims',
    'get,list,watch core:pods',
    events,
  ],
  'replicaset-controller': [
    'get,list,update,watch apps:replicasets',
    'update apps:replicasets/finalizers,replicasets/status',
    ofPods,
    events,
  ],
  'replication-controller': [
    'get,list,update,watch core:replicationcontrollers',
    'update core:replicationcontrollers/finalizers,replicationcontrollers/status',
    ofPods,
    events,
  ],
  'resourcequota-controller': ['list,watch *:*', 'update core:resourcequotas/status', events],
  'root-ca-cert-publisher': ['create,update core:configmaps', events],
  'route-controller': ['list,watch core:nodes', 'patch core:nodes/status', events],
  'service-account-controller': ['create core:serviceaccounts', events],
  'service-controller': [
    'get,list,watch core:services',
    'patch,update core:services/status',
    'list,watch core:nodes',
    events,
  ],
  'statefulset-controller': [
    'list,watch core:pods',
    'get,list,watch apps:statefulsets',
    'update apps:statefulsets/finalizers,statefulsets/status',
    'create,delete,get,patch,update core:pods',
    revisions,
    'create,delete,get,update core:persistentvolumeclaims',
    events,
  ],
  'ttl-after-finished-controller': ['delete,get,list,watch batch:jobs', events],
  'ttl-controller': ['list,patch,update,watch core:nodes', events],
  'validatingadmissionpolicy-status-controller': [
    'get,list,watch admissionregistration.k8s.io:validatingadmissionpolicies',
    'get,patch,update admissionregistration.k8s.io:validatingadmissionpolicies/status',
    events,
  ],
};

export function controllerRoles(): readonly ComponentRole[] {
  return Object.entries(rules).map(([name, lines]) => ({
    name: `system:controller:${name}`,
    rules: lines.map(parseRule),
    subjects: [{ kind: 'ServiceAccount', name, namespace: 'kube-system' }],
  }));
}

/** One rule of the table: `get,list core:pods,services`. */
export function parseRule(line: string): PolicyRule {
  const [verbs = '', what = '', names] = line.split(' ');
  const [groups = '', resources = ''] = what.split(':');
  return {
    verbs: verbs.split(','),
    apiGroups: groups.split(',').map((group) => (group === 'core' ? '' : group)),
    resources: resources.split(','),
    ...(names === undefined ? {} : { resourceNames: names.split(',') }),
  };
}
