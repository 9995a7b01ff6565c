/** Keeps the default roles and bindings complete from version to version, without taking anything from what people added. */
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { canonicalJson } from '@slipway/kube/hash';
import { keyOf, keyString, type KubeObject, type ResourceType } from '@slipway/kube/object';
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
  await Promise.all([
    ensureAll(client, { type: clusterRoles, wanted: defaultRoles(added), complete: completeRole }),
    ensureAll(client, { type: clusterRoleBindings, wanted: defaultBindings, complete: completeBinding }),
    ensureAll(client, { type: roles, wanted: defaultNamespaceRoles, complete: completeRole }),
    ensureAll(client, { type: roleBindings, wanted: defaultNamespaceBindings, complete: completeBinding }),
  ]);
}

interface Ensured<T extends KubeObject> {
  readonly type: ResourceType<T>;
  readonly wanted: readonly T[];
  readonly complete: (existing: T, wanted: T) => T;
}

const options = { fieldManager: 'kube-apiserver' };

/** Asks for all that exist at once: after the first start nearly all do, and to be refused costs more than to look. */
async function ensureAll<T extends KubeObject>(
  client: KubeClient,
  { type, wanted, complete }: Ensured<T>,
): Promise<void> {
  const namespaces = [...new Set(wanted.map(({ metadata }) => metadata.namespace))];
  const lists = await Promise.all(namespaces.map((namespace) => client.list(type, { namespace })));
  const existing = new Map(lists.flatMap(({ items }) => items).map((each) => [keyString(keyOf(each)), each]));
  // In one turn, so that they are written together.
  await Promise.all(
    wanted.map(async (each) => {
      const found = existing.get(keyString(keyOf(each)));
      try {
        await (found === undefined ? client.create(type, each, options) : completeOne(found, each));
      } catch (error) {
        // Somebody makes or changes it just now, or has deleted it: it is theirs until the next start.
        const isOfOthers =
          found === undefined ? isStatusReason(error, 'AlreadyExists') : isStatusReason(error, 'NotFound', 'Conflict');
        if (!isOfOthers) throw error;
      }
    }),
  );

  async function completeOne(found: T, each: T): Promise<void> {
    if (found.metadata.annotations?.[autoupdateAnnotation] !== 'true') return;
    const completed = complete(found, each);
    if (completed !== found) await client.update(type, completed, options);
  }
}
