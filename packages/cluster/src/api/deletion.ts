/** What deleting an object means: at once, after finalizers, or after a grace period. */
import type { Pod } from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import type { KubeObject } from '@slipway/kube/object';
import type { ResourceDefinition } from '../schema/definition.ts';

export interface DeleteRequest {
  readonly propagationPolicy?: string | undefined;
  readonly gracePeriodSeconds?: number | undefined;
}

/** The object as it goes on living until it may go, or undefined when it goes now. The same object: nothing changes. */
export function beginDeletion(
  object: KubeObject,
  definition: ResourceDefinition,
  request: DeleteRequest & { readonly now: number },
): KubeObject | undefined {
  const finalizers = withPropagation(object.metadata.finalizers ?? [], policyOf(object, definition, request));
  const grace =
    definition.type.kind === 'Pod' && definition.type.group === '' ? podGrace(object, request.gracePeriodSeconds) : 0;
  const waits = finalizers.length > 0 || grace > 0 || hasNamespaceFinalizers(object, definition);
  if (!waits) return undefined;
  const { deletionTimestamp, deletionGracePeriodSeconds } = object.metadata;
  const sameFinalizers = finalizers.length === (object.metadata.finalizers ?? []).length;
  // A second request may shorten the grace, never lengthen it.
  const isShorter = deletionTimestamp === undefined || grace < (deletionGracePeriodSeconds ?? 0);
  if (!isShorter && sameFinalizers) return object;
  const deletion = isShorter
    ? { deletionTimestamp: formatTime(request.now + grace * 1_000), deletionGracePeriodSeconds: grace }
    : {};
  const marked: KubeObject = {
    ...object,
    metadata: {
      ...object.metadata,
      ...deletion,
      ...(finalizers.length === 0 ? {} : { finalizers }),
      ...generation(object, deletionTimestamp),
    },
  };
  return definition.type.kind === 'Namespace' ? terminating(marked) : marked;
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

function generation({ metadata }: KubeObject, deletionTimestamp: string | undefined): { readonly generation?: number } {
  return metadata.generation === undefined || deletionTimestamp !== undefined
    ? {}
    : { generation: metadata.generation + 1 };
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

function podGrace(pod: Pod, requested: number | undefined): number {
  const isOver = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
  // Nobody stops a pod that no node has taken.
  if (pod.spec?.nodeName === undefined || pod.spec.nodeName === '' || isOver) return 0;
  return Math.max(
    0,
    requested ?? pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30,
  );
}

function hasNamespaceFinalizers(object: KubeObject, definition: ResourceDefinition): boolean {
  if (definition.type.kind !== 'Namespace' || definition.type.group !== '') return false;
  const { spec } = object as KubeObject & { readonly spec?: { readonly finalizers?: readonly string[] } };
  return (spec?.finalizers ?? []).length > 0;
}

function terminating(object: KubeObject): KubeObject {
  return { ...object, ...{ status: { phase: 'Terminating' } } };
}
