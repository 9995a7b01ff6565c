/** Sizes follow `replicas` during a release too: out at once, in only when the release has ended. */
import type { VersionView } from './observation.ts';
import type { Action } from './plan.ts';
import { nameOf, type ReleaseContext } from './release-context.ts';

/**
 * Stable, and a candidate that has all traffic, get the pods that were asked for. Under `rolling` pods change hands, and
 * the strategy itself counts them.
 */
export function planScaleOut(context: ReleaseContext): readonly Action[] {
  const { release, stable, candidate, status, replicas } = context;
  const isRolling = release.spec.strategy.type === 'rolling';
  return [
    ...(stable === undefined || isRolling ? [] : planGrowth(stable, replicas)),
    ...(status.phase === 'Guarding' ? planGrowth(candidate, replicas) : []),
  ];
}

export function planGrowth(view: VersionView, replicas: number): readonly Action[] {
  const size = view.replicaSet?.spec?.replicas;
  return size === undefined || size >= replicas
    ? []
    : [{ type: 'scale', release: nameOf(view.release), replicas, reason: `${replicas} pods should serve` }];
}
