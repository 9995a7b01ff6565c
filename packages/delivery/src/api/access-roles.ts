/** What the roles `view`, `edit` and `admin` say of Slipway's kinds. https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles */
import type { ClusterRole, PolicyRule } from '@slipway/kube/api.generated';
import { splits } from '@slipway/kube/split';
import { applications } from './application.ts';
import { releaseCommands } from './release-command.ts';
import { releaseApprovals } from './release-approval.ts';
import { releaseGroups } from './release-group.ts';
import { releases } from './release.ts';

const read = ['get', 'list', 'watch'];
const write = ['create', 'delete', 'deletecollection', 'patch', 'update'];

const every = [applications, releases, releaseCommands, releaseApprovals, releaseGroups, splits].map(
  ({ plural }) => plural,
);

/** `edit` holds `view`, and `admin` holds `edit`: each role adds to one and so to those above it. */
export const accessRoles: readonly ClusterRole[] = [
  roleWithin('view', [onKinds(read, [...every, ...every.map((plural) => `${plural}/status`), scaleOfApplications()])]),
  roleWithin('edit', [
    onKinds(write, [applications.plural, scaleOfApplications(), releaseCommands.plural, releaseGroups.plural]),
    // Releases and Splits are written by the controller; people may let go of a Release.
    onKinds(['delete', 'deletecollection'], [releases.plural]),
  ]),
  // Who releases is not who agrees to it: whoever is to have both is given both.
  roleWithin('admin', [onKinds(write, [releaseApprovals.plural])]),
];

function scaleOfApplications(): string {
  return `${applications.plural}/scale`;
}

function onKinds(verbs: readonly string[], resources: readonly string[]): PolicyRule {
  return { verbs, apiGroups: [applications.group], resources };
}

function roleWithin(sum: string, rules: readonly PolicyRule[]): ClusterRole {
  return {
    metadata: {
      name: `slipway:aggregate-to-${sum}`,
      labels: { 'app.kubernetes.io/name': 'slipway', [`rbac.authorization.k8s.io/aggregate-to-${sum}`]: 'true' },
      annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
    },
    rules,
  };
}
