import type { LabelSelector } from '@slipway/kube/api.generated';
import type { KubeObject } from '@slipway/kube/object';
import { controllerOf } from '@slipway/kube/owner-references';
import { matchesLabels, selectorOf } from '@slipway/kube/selector';

export interface Claims<T extends KubeObject> {
  /** Managed by the owner, those that are about to be adopted included. */
  readonly owned: readonly T[];
  readonly toAdopt: readonly T[];
  readonly toRelease: readonly T[];
}

/**
 * Which objects an owner manages. Its own objects that its selector no longer matches are let go; objects that it matches
 * and nobody manages are taken, unless they or the owner are being deleted. What another owner manages is left alone.
 */
export function planClaims<T extends KubeObject>(
  owner: KubeObject,
  selector: LabelSelector,
  candidates: readonly T[],
): Claims<T> {
  const parsed = selectorOf(selector);
  // An empty selector would claim everything in the namespace.
  const matches = (object: T): boolean => parsed.length > 0 && matchesLabels(parsed, object.metadata.labels);
  const isOwnerLeaving = owner.metadata.deletionTimestamp !== undefined;
  const own = candidates.filter((object) => controllerOf(object)?.uid === owner.metadata.uid);
  const toAdopt = isOwnerLeaving
    ? []
    : candidates.filter(
        (object) =>
          controllerOf(object) === undefined && object.metadata.deletionTimestamp === undefined && matches(object),
      );
  return {
    owned: [...own.filter(matches), ...toAdopt],
    toAdopt,
    toRelease: isOwnerLeaving ? [] : own.filter((object) => !matches(object)),
  };
}
