/** Keeps the default roles and bindings complete from version to version, without taking anything from what people added. */
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { canonicalJson } from '@slipway/kube/hash';
import { keyOf, type KubeObject, type ResourceType } from '@slipway/kube/object';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import {
  autoupdateAnnotation,
  defaultBindings,
  defaultNamespaceBindings,
  defaultNamespaceRoles,
  defaultRoles,
} from './bootstrap-policy.ts';
import { compareRules } from './covered-rules.ts';

/** What the role must become, or the same object where nothing is missing. */
export function completeRole<T extends Role & Pick<ClusterRole, 'aggregationRule'>>(existing: T, wanted: T): T {
  // What a sum comes to is for the controller that adds up.
  const coverage =
    existing.aggregationRule === undefined ? compareRules(existing.rules ?? [], wanted.rules ?? []) : undefined;
  const missing = coverage?.kind === 'missing' ? coverage.rights : [];
  const metadata = completeMetadata(existing, wanted);
  if (missing.length === 0 && metadata === existing.metadata) return existing;
  return { ...existing, metadata, ...(missing.length === 0 ? {} : { rules: [...(existing.rules ?? []), ...missing] }) };
}

export function completeBinding<T extends ClusterRoleBinding | RoleBinding>(existing: T, wanted: T): T {
  const known = new Set((existing.subjects ?? []).map(canonicalJson));
  const missing = (wanted.subjects ?? []).filter((subject) => !known.has(canonicalJson(subject)));
  const metadata = completeMetadata(existing, wanted);
  if (missing.length === 0 && metadata === existing.metadata) return existing;
  const subjects = missing.length === 0 ? {} : { subjects: [...(existing.subjects ?? []), ...missing] };
  return { ...existing, metadata, ...subjects };
}

function completeMetadata({ metadata }: KubeObject, wanted: KubeObject): KubeObject['metadata'] {
  const labels = { ...wanted.metadata.labels, ...metadata.labels };
  const annotations = { ...wanted.metadata.annotations, ...metadata.annotations };
  const isSame =
    canonicalJson([labels, annotations]) === canonicalJson([metadata.labels ?? {}, metadata.annotations ?? {}]);
  return isSame ? metadata : { ...metadata, labels, annotations };
}

/** Makes what is missing, of the roles that are `added` to Kubernetes' own too. May run again at any time. */
export async function applyDefaultPolicy(client: KubeClient, added: readonly ClusterRole[] = []): Promise<void> {
  // Each kind in one turn, so that they are written together.
  await Promise.all([
    ...defaultRoles(added).map((wanted) => ensure(client, { type: clusterRoles, wanted, complete: completeRole })),
    ...defaultBindings.map((wanted) =>
      ensure(client, { type: clusterRoleBindings, wanted, complete: completeBinding }),
    ),
    ...defaultNamespaceRoles.map((wanted) => ensure(client, { type: roles, wanted, complete: completeRole })),
    ...defaultNamespaceBindings.map((wanted) =>
      ensure(client, { type: roleBindings, wanted, complete: completeBinding }),
    ),
  ]);
}

interface Ensured<T extends KubeObject> {
  readonly type: ResourceType<T>;
  readonly wanted: T;
  readonly complete: (existing: T, wanted: T) => T;
}

const options = { fieldManager: 'kube-apiserver' };

async function ensure<T extends KubeObject>(client: KubeClient, { type, wanted, complete }: Ensured<T>): Promise<void> {
  try {
    await client.create(type, wanted, options);
    return;
  } catch (error) {
    if (!isStatusReason(error, 'AlreadyExists')) throw error;
  }
  try {
    const existing = await client.get(type, keyOf(wanted));
    if (existing.metadata.annotations?.[autoupdateAnnotation] !== 'true') return;
    const completed = complete(existing, wanted);
    if (completed !== existing) await client.update(type, completed, options);
  } catch (error) {
    // Somebody changes it just now, or has deleted it: it is theirs until the next start.
    if (!isStatusReason(error, 'NotFound', 'Conflict')) throw error;
  }
}
