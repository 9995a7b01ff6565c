/** What a step asks for, in weight and in pods. */
import type { CanaryMatch, CanaryStep } from '../api/application.ts';
import type { Release } from '../api/release.ts';
import { resolveCount } from '../replica-bounds.ts';

/** That the candidate has in a step: `calculateWeight([{setWeight: 20}, {pause: {}}], 1)` is 20. */
export function calculateWeight(steps: readonly CanaryStep[], index: number): number {
  return steps.slice(0, index + 1).findLast(({ setWeight }) => setWeight !== undefined)?.setWeight ?? 0;
}

/** No pod of the candidate carries more than one of stable would; `setReplicas` asks for more than that. */
export function calculateSize(steps: readonly CanaryStep[], index: number, replicas: number): number {
  const asked = steps.slice(0, index + 1).findLast(({ setReplicas }) => setReplicas !== undefined)?.setReplicas ?? 1;
  const needed = Math.ceil((replicas * calculateWeight(steps, index)) / 100);
  return Math.min(replicas, Math.max(1, needed, resolveCount(asked, replicas, Math.ceil)));
}

/**
 * `calculateServing(25, 4)` is `{candidate: 1, stable: 3}`. As long as both have a share, both have a pod.
 */
export function calculateServing(
  weight: number,
  replicas: number,
): { readonly candidate: number; readonly stable: number } {
  if (weight === 0 || weight === 100)
    return weight === 0 ? { candidate: 0, stable: replicas } : { candidate: replicas, stable: 0 };
  const candidate = Math.min(Math.max(1, Math.round((replicas * weight) / 100)), Math.max(1, replicas - 1));
  return { candidate, stable: Math.max(1, replicas - candidate) };
}

/** Whose requests go to the candidate in a step; undefined where nobody's do whatever the weights are. */
export function findMatch(steps: readonly CanaryStep[], index: number): CanaryMatch | undefined {
  const match = steps.slice(0, index + 1).findLast((step) => step.match !== undefined)?.match;
  return [...(match?.headers ?? []), ...(match?.cookies ?? [])].length === 0 ? undefined : match;
}

/** Of how many requests, in percent, the candidate gets a copy in a step. */
export function calculateMirror(steps: readonly CanaryStep[], index: number): number {
  return steps.slice(0, index + 1).findLast((step) => step.mirror !== undefined)?.mirror?.percent ?? 0;
}

/** A step that ends by itself, and before its time where a person says so. */
export function isTimedPause({ spec }: Release, index: number): boolean {
  return spec.strategy.canary?.steps?.[index]?.pause?.seconds !== undefined;
}
