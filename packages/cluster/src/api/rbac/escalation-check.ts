/** Nobody gives away what he does not hold. https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping */
import type { ClusterRole, ClusterRoleBinding, PolicyRule } from '@slipway/kube/api.generated';
import { isSameJson } from '@slipway/kube/json-equality';
import type { KubeObject } from '@slipway/kube/object';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '@slipway/kube/resources';
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts';
import { forbidden } from '../api-errors.ts';
import type { ResourceAttributes } from '../attributes.ts';
import { decide, mayDoEverything, type Identity } from '../authorization.ts';
import { compareRules, describeRights, quoteAll } from './covered-rules.ts';
import { missingRole, type PolicyIndex } from './policy-index.ts';

const all = ['*'];
const fullAuthority: readonly PolicyRule[] = [
  { verbs: all, apiGroups: all, resources: all },
  { verbs: all, nonResourceURLs: all },
];

export function createEscalationCheck(policy: PolicyIndex): AdmissionPlugin {
  return {
    admit: (request) => {
      const { type } = request.definition;
      if (type.group !== roles.group || mayDoEverything(request.identity)) return request.object;
      if (request.old !== undefined && isForCollectorOnly(request.object, request.old)) return request.object;
      if (type.kind === roles.kind || type.kind === clusterRoles.kind) checkRole(request, policy);
      if (type.kind === roleBindings.kind || type.kind === clusterRoleBindings.kind) checkBinding(request, policy);
      return request.object;
    },
  };
}

/** Whatever the garbage collector must write to end an object gives nobody anything. */
function isForCollectorOnly(object: KubeObject, old: KubeObject): boolean {
  return isSameJson(withoutOwners(object), withoutOwners(old));
}

function withoutOwners({ metadata, ...rest }: KubeObject): unknown {
  const { ownerReferences: _, finalizers: __, managedFields: ___, resourceVersion: ____, ...kept } = metadata;
  return { ...rest, metadata: kept };
}

function checkRole({ definition, object, old, identity }: AdmissionRequest, policy: PolicyIndex): void {
  const role: ClusterRole = object;
  const before: ClusterRole | undefined = old;
  const { type } = definition;
  const { name = '', namespace = '' } = role.metadata;
  if (isAllowed({ verb: 'escalate', resource: type.plural, name, namespace }, identity, policy)) return;
  const why = missingFor(role.rules ?? [], { identity, namespace, policy });
  if (why !== undefined) throw forbidden(type, name, why);
  // A sum takes in whatever comes to be labelled for it.
  const isSum = role.aggregationRule !== undefined || before?.aggregationRule !== undefined;
  if (isSum && missingFor(fullAuthority, { identity, namespace, policy }) !== undefined)
    throw forbidden(type, name, 'must have cluster-admin privileges to use an aggregationRule');
}

function checkBinding({ definition, object, identity }: AdmissionRequest, policy: PolicyIndex): void {
  const { metadata, roleRef } = object as ClusterRoleBinding;
  const { name = '', namespace = '' } = metadata;
  const resource = roleRef.kind === roles.kind ? roles.plural : clusterRoles.plural;
  if (isAllowed({ verb: 'bind', resource, name: roleRef.name, namespace }, identity, policy)) return;
  const rules = policy.rulesOf(roleRef, namespace);
  if (rules === undefined) throw missingRole(roleRef);
  const why = missingFor(rules, { identity, namespace, policy });
  if (why !== undefined) throw forbidden(definition.type, name, why);
}

function isAllowed(
  asked: Pick<ResourceAttributes, 'verb' | 'resource' | 'name' | 'namespace'>,
  identity: Identity,
  policy: PolicyIndex,
): boolean {
  const attributes: ResourceAttributes = { kind: 'resource', group: roles.group, subresource: '', ...asked };
  return decide(identity, attributes, policy).isAllowed;
}

interface Holder {
  readonly identity: Identity;
  readonly namespace: string;
  readonly policy: PolicyIndex;
}

/** Undefined: whoever asks holds all of it himself. */
function missingFor(wanted: readonly PolicyRule[], { identity, namespace, policy }: Holder): string | undefined {
  const grants = [...policy.of(identity, namespace)];
  const held = grants.flatMap((grant) => (grant.kind === 'rule' ? [grant.rule] : []));
  const coverage = compareRules(held, wanted);
  if (coverage.kind === 'covered') return undefined;
  const who = `user ${JSON.stringify(identity.user)} (groups=${quoteAll(identity.groups)})`;
  if (coverage.kind === 'tooMany')
    return `${who} is attempting to grant more than ${coverage.maximum} single rights, which are not compared with those held; grant fewer at once, or hold the verb escalate or bind`;
  const faults = grants.flatMap((grant) => (grant.kind === 'fault' ? [grant.message] : []));
  const unresolved = faults.length === 0 ? '' : `; resolution errors: ${quoteAll(faults)}`;
  return `${who} is attempting to grant RBAC permissions not currently held:\n${describeRights(coverage.rights)}${unresolved}`;
}
