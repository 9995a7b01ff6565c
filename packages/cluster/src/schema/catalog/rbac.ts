/** Who may do what. https://kubernetes.io/docs/reference/access-authn-authz/rbac/ */
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  RbacV1Subject,
  Role,
  RoleBinding,
} from '@slipway/kube/api.generated';
import { canonicalJson } from '@slipway/kube/hash';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '@slipway/kube/resources';
import type { Fault } from '../definition.ts';
import { define, type Column } from '../entry.ts';
import { invalid, misnamed, notSupported, required } from '../faults.ts';
import { validateLabels } from '../metadata.ts';
import { dns1123Subdomain, pathSegment } from '../names.ts';

const group = 'rbac.authorization.k8s.io';

type Binding = RoleBinding | ClusterRoleBinding;

const createdAt: Column<Role | ClusterRole> = {
  name: 'Created At',
  type: 'date',
  cell: ({ metadata }) => metadata.creationTimestamp ?? '',
};
const nameOnly: Column<Role | ClusterRole> = { name: 'Name', cell: ({ metadata }) => metadata.name ?? '' };

export const role = define<Role>({
  type: roles,
  createdByUpdate: true,
  schemaType: 'io.k8s.api.rbac.v1.Role',
  nameRule: pathSegment,
  bareColumns: true,
  columns: [nameOnly, createdAt],
  validate: ({ rules = [] }) => rules.flatMap((rule, index) => validateRule(rule, `rules[${index}]`, 'Namespaced')),
});

export const clusterRole = define<ClusterRole>({
  type: clusterRoles,
  createdByUpdate: true,
  schemaType: 'io.k8s.api.rbac.v1.ClusterRole',
  nameRule: pathSegment,
  bareColumns: true,
  columns: [nameOnly, createdAt],
  validate: (object) => [
    ...(object.rules ?? []).flatMap((rule, index) => validateRule(rule, `rules[${index}]`, 'Cluster')),
    ...validateAggregation(object),
  ],
});

const bindingColumns: ReadonlyArray<Column<Binding>> = [
  // A bookmark of a watch has none.
  { name: 'Role', cell: ({ roleRef }: Partial<Binding>) => `${roleRef?.kind ?? ''}/${roleRef?.name ?? ''}` },
  { name: 'Users', wide: true, cell: (binding) => namesOf(binding, 'User') },
  { name: 'Groups', wide: true, cell: (binding) => namesOf(binding, 'Group') },
  { name: 'ServiceAccounts', wide: true, cell: (binding) => namesOf(binding, 'ServiceAccount') },
];

export const roleBinding = define<RoleBinding>({
  type: roleBindings,
  createdByUpdate: true,
  schemaType: 'io.k8s.api.rbac.v1.RoleBinding',
  nameRule: pathSegment,
  columns: bindingColumns,
  defaults: fillGroups,
  validate: (binding) => validateBinding(binding, 'Namespaced'),
  validateUpdate: sameRole,
});

export const clusterRoleBinding = define<ClusterRoleBinding>({
  type: clusterRoleBindings,
  createdByUpdate: true,
  schemaType: 'io.k8s.api.rbac.v1.ClusterRoleBinding',
  nameRule: pathSegment,
  columns: bindingColumns,
  defaults: fillGroups,
  validate: (binding) => validateBinding(binding, 'Cluster'),
  validateUpdate: sameRole,
});

type Scope = 'Namespaced' | 'Cluster';

function namesOf({ subjects = [] }: Binding, kind: string): string {
  return subjects
    .filter((subject) => subject.kind === kind)
    .map(({ namespace, name }) => (kind === 'ServiceAccount' ? `${namespace ?? ''}/${name}` : name))
    .join(', ');
}

/** Users, groups and roles are of this group where nothing else is said. */
function fillGroups<T extends Binding>(binding: T): T {
  const { roleRef, subjects } = binding;
  const withGroup = (subject: RbacV1Subject): RbacV1Subject => {
    const isKnown = subject.kind === 'User' || subject.kind === 'Group';
    return isKnown && isEmpty(subject.apiGroup) ? { ...subject, apiGroup: group } : subject;
  };
  return {
    ...binding,
    roleRef: isEmpty(roleRef.apiGroup) ? { ...roleRef, apiGroup: group } : roleRef,
    ...(subjects === undefined ? {} : { subjects: subjects.map(withGroup) }),
  };
}

function validateRule(rule: PolicyRule, at: string, scope: Scope): readonly Fault[] {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const none = verbs.length === 0 ? [required(`${at}.verbs`, 'verbs must contain at least one value')] : [];
  if (nonResourceURLs.length > 0) {
    const field = `${at}.nonResourceURLs`;
    const isMixed = apiGroups.length + resources.length + resourceNames.length > 0;
    return [
      ...none,
      ...(scope === 'Namespaced'
        ? [invalid(field, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs')]
        : []),
      ...(isMixed
        ? [invalid(field, nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs')]
        : []),
    ];
  }
  return [
    ...none,
    ...(apiGroups.length === 0
      ? [required(`${at}.apiGroups`, 'resource rules must supply at least one api group')]
      : []),
    ...(resources.length === 0
      ? [required(`${at}.resources`, 'resource rules must supply at least one resource')]
      : []),
  ];
}

function validateAggregation({ aggregationRule }: ClusterRole): readonly Fault[] {
  if (aggregationRule === undefined) return [];
  const field = 'aggregationRule.clusterRoleSelectors';
  const { clusterRoleSelectors = [] } = aggregationRule;
  if (clusterRoleSelectors.length === 0)
    return [required(field, 'at least one clusterRoleSelector required if aggregationRule is non-nil')];
  return clusterRoleSelectors.flatMap(({ matchLabels }, index) =>
    validateLabels(matchLabels, `${field}[${index}].matchLabels`),
  );
}

function validateBinding({ roleRef, subjects = [] }: Binding, scope: Scope): readonly Fault[] {
  const kinds = scope === 'Namespaced' ? ['ClusterRole', 'Role'] : ['ClusterRole'];
  return [
    ...(roleRef.apiGroup === group ? [] : [notSupported('roleRef.apiGroup', roleRef.apiGroup, [group])]),
    ...(kinds.includes(roleRef.kind) ? [] : [notSupported('roleRef.kind', roleRef.kind, kinds)]),
    ...(isEmpty(roleRef.name) ? [required('roleRef.name')] : misnamed('roleRef.name', roleRef.name, pathSegment)),
    ...subjects.flatMap((subject, index) => validateSubject(subject, `subjects[${index}]`, scope)),
  ];
}

function validateSubject(subject: RbacV1Subject, at: string, scope: Scope): readonly Fault[] {
  const { kind, name, apiGroup = '', namespace } = subject;
  const nameless = isEmpty(name) ? [required(`${at}.name`)] : [];
  switch (kind) {
    case 'ServiceAccount':
      return [
        ...nameless,
        ...(isEmpty(name) ? [] : misnamed(`${at}.name`, name, dns1123Subdomain)),
        ...(apiGroup === '' ? [] : [notSupported(`${at}.apiGroup`, apiGroup, [''])]),
        ...(scope === 'Cluster' && isEmpty(namespace) ? [required(`${at}.namespace`)] : []),
      ];
    case 'User':
    case 'Group':
      return [...nameless, ...(apiGroup === group ? [] : [notSupported(`${at}.apiGroup`, apiGroup, [group])])];
    default:
      return [...nameless, notSupported(`${at}.kind`, kind, ['ServiceAccount', 'User', 'Group'])];
  }
}

/** Whom a binding binds to what somebody agreed to once; another role needs another binding. */
function sameRole(binding: Binding, old: Binding): readonly Fault[] {
  return canonicalJson(binding.roleRef) === canonicalJson(old.roleRef)
    ? []
    : [invalid('roleRef', binding.roleRef, 'cannot change roleRef')];
}

/** Fields that are required in the schema stand there empty when nobody gave them. */
function isEmpty(text: string | undefined): boolean {
  return (text ?? '') === '';
}
