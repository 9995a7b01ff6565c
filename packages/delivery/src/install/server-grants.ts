/**
 * What the deployment server may do, verb by verb. As with the controller, an end-to-end test compares this with the requests
 * of a server that has these rights and no others.
 */
import { releaseCommands } from '../api/release-command.ts';
import { rarely, type Grant } from './grants.ts';
import { serverName } from './names.ts';

const slipway = releaseCommands.group;
const watching = ['list', 'watch'];

/** In every namespace whose Applications it serves. */
export const serverGrants: readonly Grant[] = [
  { apiGroup: slipway, resource: 'applications', verbs: [...watching, 'get', 'create', 'update', 'delete'] },
  ...rarely(['patch'], {
    apiGroup: slipway,
    resource: 'applications',
    when: 'a webhook applies a directory with Applications in it',
  }),
  { apiGroup: slipway, resource: 'releases', verbs: [...watching, 'patch'] },
  {
    apiGroup: slipway,
    resource: 'releasecommands',
    verbs: ['create', 'get'],
    rare: { get: 'somebody asks of a command that was not carried out yet, or sends it again' },
  },
  {
    apiGroup: slipway,
    resource: 'releaseapprovals',
    verbs: ['create', 'get'],
    rare: { get: 'an approval is sent again' },
  },
  {
    apiGroup: slipway,
    resource: 'splits',
    verbs: [...watching, 'patch'],
    rare: { patch: 'gateways count requests, which the server asks them to' },
  },
  { apiGroup: '', resource: 'pods', verbs: watching },
  { apiGroup: '', resource: 'pods/log', verbs: ['get'] },
  { apiGroup: '', resource: 'events', verbs: ['list'] },
  { apiGroup: 'apps', resource: 'replicasets', verbs: ['list'] },
  { apiGroup: '', resource: 'configmaps', verbs: ['get'] },
  {
    apiGroup: '',
    resource: 'secrets',
    verbs: ['get', 'create', 'list', 'delete'],
    rare: { delete: 'no descriptor of the Amdatu deployer refers to an environment any more' },
  },
];

/**
 * In the same namespaces, where somebody asks for it: to try in dry runs what a version is made of. RBAC knows no right to dry
 * runs alone: whoever has the token of the server may run pods with these.
 */
export const serverTrialGrants: readonly Grant[] = [
  { apiGroup: 'apps', resource: 'replicasets', verbs: ['create'] },
  { apiGroup: 'batch', resource: 'jobs', verbs: ['create'] },
  {
    apiGroup: '',
    resource: 'services',
    verbs: ['get', 'create', 'patch'],
    rare: { patch: 'the Service of an Application is there already' },
  },
];

/** Of the cluster: which one it is, whose tokens are shown, and what these allow. A server of one namespace does without. */
export const serverClusterGrants: readonly Grant[] = [
  { apiGroup: '', resource: 'namespaces', verbs: ['get', 'list'] },
  { apiGroup: 'authentication.k8s.io', resource: 'tokenreviews', verbs: ['create'] },
  { apiGroup: 'authorization.k8s.io', resource: 'subjectaccessreviews', verbs: ['create'] },
  // Asked for by name: whether a server of one namespace keeps history too.
  { apiGroup: 'coordination.k8s.io', resource: 'leases', verbs: ['list'], resourceNames: [serverName] },
];

/** In the namespace of the Lease by which several servers agree who writes history. */
export const serverLeadershipGrants: readonly Grant[] = [
  { apiGroup: 'coordination.k8s.io', resource: 'leases', verbs: ['create'] },
  { apiGroup: 'coordination.k8s.io', resource: 'leases', verbs: ['get', 'update'], resourceNames: [serverName] },
];

/** Where servers of all namespaces have their Lease: one of a single namespace gives way to them. */
export const serverNeighbourGrants: readonly Grant[] = [
  { apiGroup: 'coordination.k8s.io', resource: 'leases', verbs: ['get'], resourceNames: [serverName] },
];
