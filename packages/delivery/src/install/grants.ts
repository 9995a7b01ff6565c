/**
 * What the delivery controller may do, verb by verb. Each is used by an ordinary release, or says which rare moment needs
 * it: an end-to-end test compares this with the requests of a controller that has these rights and no others.
 */
import { releaseCommands } from '../api/release-command.ts';
import { controllerLease } from '../names.ts';

export interface Grant {
  readonly apiGroup: string;
  readonly resource: string;
  readonly verbs: readonly string[];
  /** Nothing else of the kind. */
  readonly resourceNames?: readonly string[];
  /** When the verb is needed, where an ordinary release does without it. */
  readonly rare?: Readonly<Record<string, string>>;
}

const slipway = releaseCommands.group;
const watching = ['list', 'watch'];
const afterLostAnswer = 'a write whose answer was lost is tried again and finds whose the object is';

interface Occasion extends Pick<Grant, 'apiGroup' | 'resource'> {
  readonly when: string;
}

/** All of it for one occasion. */
export function rarely(verbs: readonly string[], { when, ...of }: Occasion): readonly Grant[] {
  return [{ ...of, verbs, rare: Object.fromEntries(verbs.map((verb) => [verb, when])) }];
}

/** In every namespace whose Applications it serves. */
export const servingGrants: readonly Grant[] = [
  { apiGroup: slipway, resource: 'applications', verbs: [...watching, 'patch'] },
  { apiGroup: slipway, resource: 'applications/status', verbs: ['patch'] },
  {
    apiGroup: slipway,
    resource: 'releases',
    verbs: [...watching, 'get', 'create', 'delete', 'patch'],
    rare: {
      delete: 'the history is longer than its limit',
      patch: 'a server that holds a deleted release was away for an hour',
    },
  },
  { apiGroup: slipway, resource: 'releases/status', verbs: ['patch'] },
  {
    apiGroup: slipway,
    resource: 'releasecommands',
    verbs: [...watching, 'delete'],
    rare: { delete: 'a command that was carried out is pruned after a while' },
  },
  ...rarely([...watching, 'delete'], {
    apiGroup: slipway,
    resource: 'releaseapprovals',
    when: 'a person approves a release, and it is pruned with it',
  }),
  { apiGroup: slipway, resource: 'releasegroups', verbs: watching },
  ...rarely(['patch'], {
    apiGroup: slipway,
    resource: 'releasegroups/status',
    when: 'Applications are released together',
  }),
  { apiGroup: slipway, resource: 'splits', verbs: [...watching, 'get', 'create', 'patch', 'delete'] },
  { apiGroup: '', resource: 'pods', verbs: [...watching, 'patch'] },
  {
    apiGroup: '',
    resource: 'pods/proxy',
    verbs: ['get'],
    rare: { get: 'an Application has a health check; never with --health-direct' },
  },
  {
    apiGroup: '',
    resource: 'services',
    verbs: [...watching, 'get', 'create', 'patch', 'delete'],
    rare: { patch: 'spec.service of an Application changes' },
  },
  {
    apiGroup: '',
    resource: 'configmaps',
    verbs: [...watching, 'get', 'create', 'delete'],
    rare: { delete: 'the last version that used a frozen copy is pruned' },
  },
  {
    apiGroup: '',
    resource: 'secrets',
    verbs: [...watching, 'get', 'create', 'delete'],
    rare: { delete: 'the last version that used a frozen copy is pruned' },
  },
  {
    apiGroup: '',
    resource: 'events',
    verbs: ['create', 'patch'],
    rare: { patch: 'the same event happens again' },
  },
  { apiGroup: 'apps', resource: 'deployments', verbs: watching },
  { apiGroup: 'apps', resource: 'replicasets', verbs: [...watching, 'get', 'create', 'patch', 'delete'] },
  {
    apiGroup: 'policy',
    resource: 'poddisruptionbudgets',
    verbs: [...watching, 'get', 'create', 'patch', 'delete'],
    rare: { get: afterLostAnswer, patch: 'replicas or the strategy allow another number of pods to be missing' },
  },
  { apiGroup: 'discovery.k8s.io', resource: 'endpointslices', verbs: watching },
  ...rarely([...watching, 'get', 'create', 'patch', 'delete'], {
    apiGroup: 'batch',
    resource: 'jobs',
    when: 'a release has hooks that are Jobs',
  }),
  ...rarely(['get'], {
    apiGroup: '',
    resource: 'pods/log',
    when: 'the Job of a hook fails, and its last line says why',
  }),
  ...rarely([...watching, 'get', 'create', 'patch', 'delete'], {
    apiGroup: 'gateway.networking.k8s.io',
    resource: 'httproutes',
    when: 'an Application is routed through gatewayApi',
  }),
  ...rarely([...watching, 'get', 'create', 'patch', 'delete'], {
    apiGroup: 'networking.istio.io',
    resource: 'virtualservices',
    when: 'an Application is routed through istio',
  }),
  ...rarely([...watching, 'get', 'create', 'patch', 'delete'], {
    apiGroup: 'networking.k8s.io',
    resource: 'ingresses',
    when: 'an Application is routed through ingressNginx',
  }),
  ...rarely(['patch'], {
    apiGroup: slipway,
    resource: 'splits/status',
    when: 'a router of another project confirms by us that it serves by a split',
  }),
];

const leaseGroup = 'coordination.k8s.io';

/** In the namespace of the Lease by which several controllers agree who acts. */
export const leadershipGrants: readonly Grant[] = [
  // Nothing has a name yet when it is created, so that RBAC cannot tell one from another.
  { apiGroup: leaseGroup, resource: 'leases', verbs: ['create'] },
  { apiGroup: leaseGroup, resource: 'leases', verbs: ['get', 'update'], resourceNames: [controllerLease.name] },
];

/** In the namespace where gateways say that they live. */
export const gatewayGrants: readonly Grant[] = [{ apiGroup: leaseGroup, resource: 'leases', verbs: watching }];
