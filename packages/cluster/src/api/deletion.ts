/** What deleting an object means: at once, after finalizers, or after a grace period. */
import type { Pod } from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import type { KubeObject } from '@slipway/kube/object';
import type { ResourceDefinition } from '../schema/definition.ts';

export interface DeleteRequest {
  readonly propagationPolicy?: string | undefined;
  readonly gracePeriodSeconds?: number | undefined;
}

interface Deletion {
  readonly object: KubeObject;
  readonly definition: ResourceDefinition;
  readonly request: DeleteRequest & { readonly now: number };
}

/** The object as it goes on living until it may go, or undefined when it goes now. The same object: nothing changes. */
export function beginDeletion(
  object: KubeObject,
  definition: ResourceDefinition,
  request: DeleteRequest & { readonly now: number },
): KubeObject | undefined {
  const deletion: Deletion = { object, definition, request };
  if (isNamespace(definition)) return beginNamespaceDeletion(deletion);
  const graceful = isGraceful(deletion) ? planGrace(deletion) : 'none';
  if (graceful === 'pending') return object;
  const finalizers = withPropagation(object.metadata.finalizers ?? [], policyOf(object, definition, request));
  if (finalizers.length === 0 && (graceful === 'none' || graceful.deletionGracePeriodSeconds === 0)) return undefined;
  return marked(deletion, finalizers, graceful === 'none' ? markOf(deletion) : graceful);
}

interface DeletionMark {
  readonly deletionTimestamp: string;
  readonly deletionGracePeriodSeconds?: number | undefined;
}

/** Only pods are given time, and as long as they have some left. */
function isGraceful({ object: { metadata }, definition: { type } }: Deletion): boolean {
  const isOver = metadata.deletionTimestamp !== undefined && (metadata.deletionGracePeriodSeconds ?? 0) === 0;
  return type.kind === 'Pod' && type.group === '' && !isOver;
}

/** A later request may shorten the grace and never lengthen it: it still counts from the first one. */
function planGrace({ object, request }: Deletion): DeletionMark | 'pending' {
  const { deletionTimestamp, deletionGracePeriodSeconds: left = 0 } = object.metadata;
  const requested = secondsOf(request.gracePeriodSeconds);
  if (deletionTimestamp === undefined) {
    const grace = podGrace(object, requested);
    return { deletionTimestamp: formatTime(request.now + grace * 1_000), deletionGracePeriodSeconds: grace };
  }
  if (requested === undefined || requested >= left) return 'pending';
  const shortened = Date.parse(deletionTimestamp) - (left - requested) * 1_000;
  return { deletionTimestamp: formatTime(shortened), deletionGracePeriodSeconds: requested };
}

/** Negative values stand for a second. */
function secondsOf(gracePeriodSeconds: number | undefined): number | undefined {
  return gracePeriodSeconds !== undefined && gracePeriodSeconds < 0 ? 1 : gracePeriodSeconds;
}

/** Of what waits for finalizers alone. */
function markOf({ object: { metadata }, request }: Deletion): DeletionMark {
  const { deletionTimestamp } = metadata;
  const isPast = deletionTimestamp !== undefined && Date.parse(deletionTimestamp) <= request.now;
  return {
    deletionTimestamp: isPast ? deletionTimestamp : formatTime(request.now),
    deletionGracePeriodSeconds: 0,
  };
}

function marked({ object }: Deletion, finalizers: readonly string[], mark: DeletionMark): KubeObject {
  const { finalizers: before = [], generation = 0, ...metadata } = object.metadata;
  const isSame =
    isSameSet(finalizers, before) &&
    mark.deletionTimestamp === metadata.deletionTimestamp &&
    mark.deletionGracePeriodSeconds === metadata.deletionGracePeriodSeconds;
  if (isSame) return object;
  const isFirst = metadata.deletionTimestamp === undefined;
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(generation > 0 ? { generation: isFirst ? generation + 1 : generation } : {}),
      ...mark,
      ...(finalizers.length === 0 ? {} : { finalizers }),
    },
  };
}

function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each) => b.includes(each));
}

/** A namespace says that it ends and waits for its controller, which takes the finalizers of its spec away. */
function beginNamespaceDeletion(deletion: Deletion): KubeObject | undefined {
  const { object, definition, request } = deletion;
  const { deletionTimestamp, finalizers = [] } = object.metadata;
  const waits = hasNamespaceFinalizers(object, definition);
  if (deletionTimestamp !== undefined && waits) return object;
  const next = withPropagation(finalizers, policyOf(object, definition, request));
  if (!waits && next.length === 0) return undefined;
  const mark = { deletionTimestamp: deletionTimestamp ?? formatTime(request.now) };
  return terminating(marked(deletion, next, mark));
}

/** Whether an object that is being deleted has nothing left to wait for. */
export function isDeletionDone(object: KubeObject, definition: ResourceDefinition): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
  return (
    deletionTimestamp !== undefined &&
    deletionGracePeriodSeconds === 0 &&
    finalizers.length === 0 &&
    !hasNamespaceFinalizers(object, definition)
  );
}

/** What was said before holds until something else is said. */
function policyOf(
  { metadata }: KubeObject,
  { defaultPropagation }: ResourceDefinition,
  { propagationPolicy }: DeleteRequest,
): string | undefined {
  const wasSaid = (metadata.finalizers ?? []).some((each) => each === 'foregroundDeletion' || each === 'orphan');
  return propagationPolicy ?? (wasSaid ? undefined : defaultPropagation);
}

function withPropagation(finalizers: readonly string[], policy: string | undefined): readonly string[] {
  const others =
    policy === undefined
      ? finalizers
      : finalizers.filter((finalizer) => finalizer !== 'foregroundDeletion' && finalizer !== 'orphan');
  if (policy === 'Foreground') return [...others, 'foregroundDeletion'];
  return policy === 'Orphan' ? [...others, 'orphan'] : others;
}

/** Nobody stops a pod that no node has taken. */
function podGrace(pod: Pod, requested: number | undefined): number {
  const isOver = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
  if (pod.spec?.nodeName === undefined || pod.spec.nodeName === '' || isOver) return 0;
  return secondsOf(requested ?? pod.spec.terminationGracePeriodSeconds) ?? 0;
}

function isNamespace({ type }: ResourceDefinition): boolean {
  return type.kind === 'Namespace' && type.group === '';
}

function hasNamespaceFinalizers(object: KubeObject, definition: ResourceDefinition): boolean {
  if (!isNamespace(definition)) return false;
  const { spec } = object as KubeObject & { readonly spec?: { readonly finalizers?: readonly string[] } };
  return (spec?.finalizers ?? []).length > 0;
}

function terminating(object: KubeObject): KubeObject {
  const { status } = object as KubeObject & { readonly status?: { readonly phase?: string } };
  return status?.phase === 'Terminating' ? object : { ...object, ...{ status: { ...status, phase: 'Terminating' } } };
}
