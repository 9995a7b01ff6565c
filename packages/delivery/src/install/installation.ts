/** Everything that `slipway install` writes, as data. The Kustomize base in `deploy/` holds the same. */
import type { Namespace, PodDisruptionBudget, ServiceAccount } from '@slipway/kube/api.generated';
import {
  clusterRoleBindings,
  clusterRoles,
  customResourceDefinitions,
  deployments,
  namespaces,
  podDisruptionBudgets,
  roleBindings,
  roles,
  serviceAccounts,
} from '@slipway/kube/resources';
import { gatewayLeaseNamespace } from '@slipway/kube/split';
import { accessRoles } from '../api/access-roles.ts';
import { definitions } from '../api/definitions/definitions.ts';
import { controllerLease } from '../names.ts';
import { controllerDeployment } from './controller-deployment.ts';
import { gatewayGrants, leadershipGrants, servingGrants, type Grant } from './grants.ts';
import { manifest, rulesOf, type Manifest } from './manifest.ts';
import { controllerLabels, controllerName, homeNamespace, roleName } from './names.ts';

export interface Installation {
  /** The one namespace whose Applications are served; absent: all of them. */
  readonly namespace?: string | undefined;
  readonly image: string;
}

/** In the order in which they are written: nothing refers to what comes after it. */
export function installationManifests(installation: Installation): readonly Manifest[] {
  return [...kindManifests(installation), ...controllerManifests(installation)];
}

/** What outlives the controllers: the kinds, and what the roles `view`, `edit` and `admin` say of them. */
export function kindManifests({ namespace }: Pick<Installation, 'namespace'>): readonly Manifest[] {
  return [
    ...definitions.map((definition) => manifest(customResourceDefinitions, definition)),
    ...(namespace === undefined ? accessRoles.map((role) => manifest(clusterRoles, role)) : []),
  ];
}

/** The controllers, and the rights by which they act: the Deployment last, so that its pods may do everything at once. */
export function controllerManifests(installation: Installation): readonly Manifest[] {
  const home = homeOf(installation);
  return [
    ...(installation.namespace === undefined ? [manifest(namespaces, systemNamespace)] : []),
    manifest(serviceAccounts, account(home)),
    ...accessManifests(installation),
    manifest(podDisruptionBudgets, budget(home)),
    manifest(deployments, controllerDeployment(installation)),
  ];
}

/** Where the controllers run. */
export function homeOf({ namespace }: Pick<Installation, 'namespace'>): string {
  return namespace ?? homeNamespace;
}

/** Whoever may run a pod here may use the controller's account: nothing below `restricted` gets in. */
const systemNamespace: Namespace = {
  metadata: {
    name: homeNamespace,
    labels: { ...controllerLabels, 'pod-security.kubernetes.io/enforce': 'restricted' },
  },
};

function account(namespace: string): ServiceAccount {
  return {
    metadata: { name: controllerName, namespace, labels: controllerLabels },
    automountServiceAccountToken: false,
  };
}

/** Roles in one namespace for one namespace; a ClusterRole where every namespace is served. */
function accessManifests(installation: Installation): readonly Manifest[] {
  const { namespace } = installation;
  const within = (where: string, name: string, grants: readonly Grant[]): readonly Manifest[] => [
    manifest(roles, { metadata: { name, namespace: where, labels: controllerLabels }, rules: rulesOf(grants) }),
    manifest(roleBindings, {
      metadata: { name, namespace: where, labels: controllerLabels },
      roleRef: { apiGroup: roles.group, kind: 'Role', name },
      subjects: [subjectOf(installation)],
    }),
  ];
  if (namespace !== undefined)
    return [
      ...within(namespace, roleName, [...servingGrants, ...leadershipGrants]),
      // Other namespaces may have controllers of their own, each with a role of its own there.
      ...within(gatewayLeaseNamespace, `${roleName}:${namespace}`, gatewayGrants),
    ];
  return [
    manifest(clusterRoles, { metadata: { name: roleName, labels: controllerLabels }, rules: rulesOf(servingGrants) }),
    manifest(clusterRoleBindings, {
      metadata: { name: roleName, labels: controllerLabels },
      roleRef: { apiGroup: clusterRoles.group, kind: 'ClusterRole', name: roleName },
      subjects: [subjectOf(installation)],
    }),
    ...within(controllerLease.namespace, roleName, [...leadershipGrants, ...gatewayGrants]),
  ];
}

function subjectOf(installation: Installation) {
  return { kind: 'ServiceAccount', name: controllerName, namespace: homeOf(installation) };
}

/** A drain takes one of the two at a time: the other leads meanwhile. */
function budget(namespace: string): PodDisruptionBudget {
  return {
    metadata: { name: controllerName, namespace, labels: controllerLabels },
    spec: { maxUnavailable: 1, selector: { matchLabels: controllerLabels } },
  };
}
