/** The states of a template that a StatefulSet or DaemonSet has had, as ControllerRevisions: what pods are made of, and what one goes back to. */
import type { ControllerRevision, PodTemplateSpec } from '@slipway/kube/api.generated';
import { canonicalJson, fnv32a, safeEncode } from '@slipway/kube/hash';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { controllerReference } from '@slipway/kube/owner-references';
import { isSemanticallyEqual } from '../semantic-equality.ts';

export interface RevisionOwner {
  readonly type: ResourceType;
  readonly object: KubeObject;
  readonly template: PodTemplateSpec;
  readonly collisionCount: number;
}

export type RevisionAction =
  | { readonly kind: 'createRevision'; readonly revision: ControllerRevision }
  /** A state that comes back is the newest again. */
  | { readonly kind: 'renumberRevision'; readonly revision: ControllerRevision; readonly number: number }
  | { readonly kind: 'deleteRevision'; readonly revision: ControllerRevision };

export interface Revisions {
  /** Of the template as it is; not stored yet where an action creates it. */
  readonly newest: ControllerRevision;
  readonly actions: readonly RevisionAction[];
}

export const revisionHashLabel = 'controller-revision-hash';

export function planRevisions(owner: RevisionOwner, known: readonly ControllerRevision[]): Revisions {
  const highest = Math.max(0, ...known.map(({ revision }) => revision));
  const wanted = revisionFor(owner, highest + 1);
  const same = known.filter(({ data }) => isSemanticallyEqual(data, wanted.data));
  const newest = same.toSorted((a, b) => b.revision - a.revision)[0];
  if (newest === undefined) return { newest: wanted, actions: [{ kind: 'createRevision', revision: wanted }] };
  if (newest.revision === highest) return { newest, actions: [] };
  return { newest, actions: [{ kind: 'renumberRevision', revision: newest, number: highest + 1 }] };
}

function revisionFor({ type, object, template, collisionCount }: RevisionOwner, revision: number): ControllerRevision {
  // As Kubernetes writes it, so that either can read what the other has written.
  const data = { spec: { template: { ...template, $patch: 'replace' } } };
  const hash = safeEncode(String(fnv32a(`${canonicalJson(data)}${collisionCount === 0 ? '' : collisionCount}`)));
  const { name = '', namespace } = object.metadata;
  return {
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels: { ...template.metadata?.labels, [revisionHashLabel]: hash },
      ownerReferences: [controllerReference(object, type)],
    },
    data,
    revision,
  };
}

/** Those that no pod is of, oldest first, beyond as many as should be kept. */
export function planHistory(
  known: readonly ControllerRevision[],
  { live, limit }: { readonly live: ReadonlySet<string>; readonly limit: number },
): readonly RevisionAction[] {
  const old = known
    .filter(({ metadata }) => !live.has(metadata.name ?? '') && metadata.deletionTimestamp === undefined)
    .toSorted((a, b) => a.revision - b.revision);
  return old
    .slice(0, Math.max(0, old.length - limit))
    .map((revision): RevisionAction => ({ kind: 'deleteRevision', revision }));
}

export function templateOf({ data }: ControllerRevision): PodTemplateSpec | undefined {
  const spec = fieldOf(data, 'spec');
  const template = fieldOf(spec, 'template');
  if (!isRecord(template)) return undefined;
  const { $patch: _, ...rest } = template;
  return rest;
}

/** By which the pods of a DaemonSet say of which revision they are. */
export function hashOf({ metadata }: ControllerRevision): string {
  return metadata.labels?.[revisionHashLabel] ?? '';
}

function fieldOf(value: unknown, field: string): unknown {
  return isRecord(value) ? value[field] : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
