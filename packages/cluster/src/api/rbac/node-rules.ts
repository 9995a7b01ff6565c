import type { PolicyRule } from '@slipway/kube/api.generated';

const read = ['get', 'list', 'watch'];

/**
 * What a node may do: run the pods that are bound to it, route to Services, and say how it is. Held here and not read from
 * the store, because nodes must work before and whatever roles there are.
 */
export const nodeRules: readonly PolicyRule[] = [
  { verbs: ['create', ...read, 'update', 'patch'], apiGroups: [''], resources: ['nodes', 'nodes/status'] },
  { verbs: [...read, 'delete'], apiGroups: [''], resources: ['pods'] },
  { verbs: ['patch', 'update'], apiGroups: [''], resources: ['pods/status'] },
  { verbs: ['create'], apiGroups: [''], resources: ['pods/eviction', 'serviceaccounts/token'] },
  { verbs: read, apiGroups: [''], resources: ['configmaps', 'secrets', 'services'] },
  { verbs: ['create', 'patch', 'update'], apiGroups: [''], resources: ['events'] },
  { verbs: read, apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'] },
  { verbs: [...read, 'create', 'patch', 'update'], apiGroups: ['coordination.k8s.io'], resources: ['leases'] },
];
