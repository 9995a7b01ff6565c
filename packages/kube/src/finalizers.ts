import type { Patch } from './client.ts';
import type { KubeObject } from './object.ts';

export function hasFinalizer({ metadata }: KubeObject, finalizer: string): boolean {
  return (metadata.finalizers ?? []).includes(finalizer);
}

/** What the object is to be held by from now on, or no longer. */
export interface FinalizerChange {
  readonly finalizer: string;
  readonly present: boolean;
}

/**
 * For the very object that was seen: a merge patch replaces the whole list, and would take a finalizer that somebody has added
 * meanwhile, or hold an object that has taken the place of this one.
 */
export function finalizerPatch({ metadata }: KubeObject, { finalizer, present }: FinalizerChange): Patch {
  const { uid, resourceVersion, finalizers = [] } = metadata;
  const others = finalizers.filter((each) => each !== finalizer);
  const next = present ? [...others, finalizer] : others;
  return { type: 'merge', body: { metadata: { uid, resourceVersion, finalizers: next.length === 0 ? null : next } } };
}
