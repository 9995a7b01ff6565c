import type { ClusterRole, ClusterRoleBinding, PolicyRule, RbacV1Subject } from '@slipway/kube/api.generated';
import type { KubeObject } from '@slipway/kube/object';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '@slipway/kube/resources';
import type { StatusError } from '@slipway/kube/status-error';
import type { Store, StoreEvent } from '../../store/store.ts';
import type { Grant, Grants, Identity } from '../authorization.ts';
import { notFound } from '../api-errors.ts';
import { storeKey } from '../object-key.ts';
import { serviceAccountUser } from './service-account-names.ts';

/** All resources of RBAC and nothing else. */
const prefix = `/${roles.group}/`;

type RoleRef = ClusterRoleBinding['roleRef'];

interface BoundSubject {
  readonly roleRef: RoleRef;
  /** Empty for a ClusterRoleBinding. */
  readonly namespace: string;
  /** For people. */
  readonly source: string;
}

/**
 * Roles by where they stand, bindings by whom they bind, kept from the store: to decide costs the grants of one caller and
 * not all there are. Built when somebody asks first, so a cluster with administrators only never does.
 */
export class PolicyIndex implements Grants {
  readonly #store: Store;
  readonly #rules = new Map<string, readonly PolicyRule[]>();
  /** By scope and subject, then by the key of the binding. */
  readonly #bound = new Map<string, Map<string, BoundSubject>>();
  #isBuilt = false;

  constructor(store: Store) {
    this.#store = store;
  }

  *of(identity: Identity, namespace: string): Iterable<Grant> {
    for (const scope of namespace === '' ? [''] : ['', namespace]) {
      for (const subject of subjectsOf(identity)) {
        for (const bound of this.#boundTo(scope, subject)) yield* this.#grantsOf(bound);
      }
    }
  }

  /** Undefined for a role that there is not. */
  rulesOf(roleRef: RoleRef, namespace: string): readonly PolicyRule[] | undefined {
    this.#build();
    return this.#rules.get(roleKey(roleRef, namespace));
  }

  #boundTo(scope: string, subject: string): Iterable<BoundSubject> {
    this.#build();
    return this.#bound.get(scoped(scope, subject))?.values() ?? [];
  }

  *#grantsOf({ roleRef, namespace, source }: BoundSubject): Iterable<Grant> {
    const rules = this.rulesOf(roleRef, namespace);
    if (rules === undefined) yield { kind: 'fault', message: missingRole(roleRef).message };
    else for (const rule of rules) yield { kind: 'rule', rule, source };
  }

  #build(): void {
    if (this.#isBuilt) return;
    this.#isBuilt = true;
    for (const { key, value } of this.#store.list(prefix)) this.#add(key, value);
    this.#store.watch(prefix, this.#store.revision, (event) => this.#follow(event));
  }

  #follow({ type, key, value, previous }: StoreEvent): void {
    const before = type === 'delete' ? value : previous?.value;
    if (before !== undefined) this.#remove(key, before);
    if (type === 'put') this.#add(key, value);
  }

  #add(key: string, value: string): void {
    const plural = pluralOf(key);
    if (isRole(plural)) {
      const { rules = [] }: ClusterRole = JSON.parse(value);
      this.#rules.set(key, rules);
    } else if (isBinding(plural)) {
      for (const { at, bound } of boundBy(JSON.parse(value))) {
        const others = this.#bound.get(at) ?? new Map<string, BoundSubject>();
        this.#bound.set(at, others.set(key, bound));
      }
    }
  }

  #remove(key: string, value: string): void {
    const plural = pluralOf(key);
    if (isRole(plural)) this.#rules.delete(key);
    else if (isBinding(plural)) {
      for (const { at } of boundBy(JSON.parse(value))) {
        const others = this.#bound.get(at);
        others?.delete(key);
        if (others?.size === 0) this.#bound.delete(at);
      }
    }
  }
}

export function missingRole({ kind, name }: RoleRef): StatusError {
  const { group } = roles;
  return notFound({ group, kind, plural: kind.toLowerCase() }, name);
}

function pluralOf(key: string): string {
  return key.split('/')[2] ?? '';
}

function isRole(plural: string): boolean {
  return plural === roles.plural || plural === clusterRoles.plural;
}

function isBinding(plural: string): boolean {
  return plural === roleBindings.plural || plural === clusterRoleBindings.plural;
}

function roleKey({ kind, name }: RoleRef, namespace: string): string {
  return kind === roles.kind ? storeKey(roles, namespace, name) : storeKey(clusterRoles, undefined, name);
}

/** No namespace and no kind of subject has a line break in its name, so that none can pass for another. */
function scoped(namespace: string, subject: string): string {
  return `${namespace}\n${subject}`;
}

function* subjectsOf({ user, groups }: Identity): Iterable<string> {
  yield `User ${user}`;
  for (const group of new Set(groups)) yield `Group ${group}`;
}

function boundBy(
  binding: KubeObject & ClusterRoleBinding,
): ReadonlyArray<{ readonly at: string; readonly bound: BoundSubject }> {
  const { metadata, roleRef, subjects = [] } = binding;
  const { namespace = '' } = metadata;
  return subjects.map((subject) => ({
    at: scoped(namespace, subjectOf(subject, namespace)),
    bound: { roleRef, namespace, source: sourceOf(binding, subject) },
  }));
}

function subjectOf({ kind, name, namespace = '' }: RbacV1Subject, bindingNamespace: string): string {
  if (kind !== 'ServiceAccount') return `${kind} ${name}`;
  return `User ${serviceAccountUser({ namespace: namespace === '' ? bindingNamespace : namespace, name })}`;
}

function sourceOf({ metadata, roleRef }: ClusterRoleBinding, subject: RbacV1Subject): string {
  const { name = '', namespace = '' } = metadata;
  const role = `${roleRef.kind} ${JSON.stringify(roleRef.name)}`;
  const binding =
    namespace === ''
      ? `ClusterRoleBinding ${JSON.stringify(name)}`
      : `RoleBinding ${JSON.stringify(`${name}/${namespace}`)}`;
  const where = subject.namespace ?? '';
  const who = subject.kind === 'ServiceAccount' ? `${subject.name}/${where === '' ? namespace : where}` : subject.name;
  return `${binding} of ${role} to ${subject.kind} ${JSON.stringify(who)}`;
}
