/** What the pods of a Job say about themselves. */
import type { Job, Pod } from '@slipway/kube/api.generated';
import { findCondition } from '@slipway/kube/conditions';

/** Keeps a finished pod until the Job's status has counted it. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';
export const completionIndexAnnotation = 'batch.kubernetes.io/job-completion-index';
export const failureCountAnnotation = 'batch.kubernetes.io/job-index-failure-count';
export const ignoredFailureCountAnnotation = 'batch.kubernetes.io/job-index-ignored-failure-count';

export function isTracked({ metadata }: Pod): boolean {
  return metadata.finalizers?.includes(trackingFinalizer) ?? false;
}

export function uidOf({ metadata }: Pod): string {
  return metadata.uid ?? '';
}

export function isIndexed({ spec }: Job): boolean {
  return spec?.completionMode === 'Indexed';
}

export function isSucceeded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded';
}

/** On its way out, and not through yet. */
export function isTerminating({ metadata, status }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
}

/**
 * A pod that is being deleted has failed unless it has succeeded: its node may never say. A Job that replaces only pods
 * that have ended, or wants to know how they ended, waits for their last word.
 */
export function isFailed(pod: Pod, job: Job): boolean {
  if (pod.status?.phase === 'Failed') return true;
  return !replacesOnlyFailed(job) && isTerminating(pod);
}

export function replacesOnlyFailed({ spec }: Job): boolean {
  return spec?.podReplacementPolicy === 'Failed' || spec?.podFailurePolicy !== undefined;
}

/** The index that the pod works on; undefined for one that has none that the Job knows. */
export function completionIndexOf({ metadata }: Pod, completions: number): number | undefined {
  const text = metadata.annotations?.[completionIndexAnnotation] ?? '';
  const index = /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : undefined;
  return index !== undefined && index < completions ? index : undefined;
}

export function failureCountOf({ metadata }: Pod): number {
  return countIn(metadata.annotations?.[failureCountAnnotation]);
}

export function ignoredFailureCountOf({ metadata }: Pod): number {
  return countIn(metadata.annotations?.[ignoredFailureCountAnnotation]);
}

function countIn(text: string | undefined): number {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : 0;
}

/** When the pod ended, as far as it is known, in milliseconds since the epoch. */
export function finishedAt(pod: Pod): number {
  const { metadata, status } = pod;
  const ends = (status?.containerStatuses ?? []).flatMap(({ state }) => timeOf(state?.terminated?.finishedAt));
  if (ends.length > 0) return Math.max(...ends);
  const [deletion] = timeOf(metadata.deletionTimestamp);
  if (deletion !== undefined) return deletion - (metadata.deletionGracePeriodSeconds ?? 0) * 1_000;
  const [unready] = timeOf(findCondition(status?.conditions, 'Ready')?.lastTransitionTime);
  return unready ?? timeOf(metadata.creationTimestamp)[0] ?? 0;
}

function timeOf(text: string | undefined): readonly number[] {
  return text === undefined ? [] : [Date.parse(text)];
}
