/** What `slipway install --server` writes beside the controllers, as data. The Kustomize base in `deploy/server` holds the same. */
import type { PersistentVolumeClaim, PodDisruptionBudget, Service, ServiceAccount } from '@slipway/kube/api.generated';
import {
  clusterRoleBindings,
  clusterRoles,
  deployments,
  persistentVolumeClaims,
  podDisruptionBudgets,
  roleBindings,
  roles,
  serviceAccounts,
  services,
} from '@slipway/kube/resources';
import type { Grant } from './grants.ts';
import { manifest, rulesOf, type Manifest } from './manifest.ts';
import { homeNamespace, serverLabels as labels, serverName, serverRoleName } from './names.ts';
import { serverDeployment, type DeployedServer } from './server-deployment.ts';
import {
  serverClusterGrants,
  serverGrants,
  serverLeadershipGrants,
  serverNeighbourGrants,
  serverTrialGrants,
} from './server-grants.ts';

/** Where servers of every namespace have their Lease. */
const leaseNamespace = 'kube-system';

/** In the order in which they are written, after the controllers. */
export function serverManifests(server: DeployedServer): readonly Manifest[] {
  const home = server.namespace ?? homeNamespace;
  return [
    manifest(serviceAccounts, account(home)),
    ...accessManifests(server),
    ...(server.secret === undefined
      ? [manifest(persistentVolumeClaims, claim(home))]
      : [manifest(podDisruptionBudgets, budget(home))]),
    manifest(services, service(home)),
    manifest(deployments, serverDeployment(server)),
  ];
}

function account(namespace: string): ServiceAccount {
  return { metadata: { name: serverName, namespace, labels }, automountServiceAccountToken: false };
}

function accessManifests({ namespace, triesObjects = false }: DeployedServer): readonly Manifest[] {
  const subjects = [{ kind: 'ServiceAccount', name: serverName, namespace: namespace ?? homeNamespace }];
  const within = (where: string, name: string, grants: readonly Grant[]): readonly Manifest[] => [
    manifest(roles, { metadata: { name, namespace: where, labels }, rules: rulesOf(grants) }),
    manifest(roleBindings, {
      metadata: { name, namespace: where, labels },
      roleRef: { apiGroup: roles.group, kind: 'Role', name },
      subjects,
    }),
  ];
  const serving = triesObjects ? [...serverGrants, ...serverTrialGrants] : serverGrants;
  if (namespace !== undefined) {
    // By which the server knows its cluster.
    const own: Grant = { apiGroup: '', resource: 'namespaces', verbs: ['get'], resourceNames: [namespace] };
    return [
      ...within(namespace, serverRoleName, [...serving, own, ...serverLeadershipGrants]),
      ...within(leaseNamespace, `${serverRoleName}:${namespace}`, serverNeighbourGrants),
    ];
  }
  return [
    manifest(clusterRoles, {
      metadata: { name: serverRoleName, labels },
      rules: rulesOf([...serving, ...serverClusterGrants]),
    }),
    manifest(clusterRoleBindings, {
      metadata: { name: serverRoleName, labels },
      roleRef: { apiGroup: clusterRoles.group, kind: 'ClusterRole', name: serverRoleName },
      subjects,
    }),
    ...within(leaseNamespace, serverRoleName, serverLeadershipGrants),
  ];
}

function claim(namespace: string): PersistentVolumeClaim {
  return {
    metadata: { name: serverName, namespace, labels },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } },
  };
}

function budget(namespace: string): PodDisruptionBudget {
  return {
    metadata: { name: serverName, namespace, labels },
    spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
  };
}

function service(namespace: string): Service {
  return {
    metadata: { name: serverName, namespace, labels },
    spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }] },
  };
}
