import type { Pod } from '@slipway/kube/api.generated';
import type { VersionView } from '../observation.ts';
import type { RouteState } from '../route-removal.ts';

export type Weights = Readonly<Record<string, number>>;

/** What the rules look at: counts, not intentions. */
export interface World {
  /** Every version that has or may have pods, by release name. */
  readonly versions: ReadonlyMap<string, VersionView>;
  /** What was asked for last, by release name. */
  readonly weights: Weights;
  /** What was asked for before that in the same look: until a gateway confirms, it may route by any of them. */
  readonly earlierWeights: readonly Weights[];
  /** Names of the versions whose sessions the split keeps with them, whatever their weight is. */
  readonly withSessions: ReadonlySet<string>;
  /** Whether spec asks for a way in from outside. */
  readonly isRouted: boolean;
  readonly route: RouteState;
  /** The least number of pods that must go on serving; 0 where nobody is to be served. */
  readonly floor: number;
  /** Names of the releases whose gates have passed, or that a person promoted, or that served before. */
  readonly admitted: ReadonlySet<string>;
  /** Names of the releases that a rollback inside the window needs. */
  readonly needed: ReadonlySet<string>;
}

/** Pods of one version that leave. */
export interface Leaving {
  readonly release: string;
  readonly pods: readonly string[];
}

export const nobody: Leaving = { release: '', pods: [] };

/** Every split that may be in force, the one asked for last first. */
export function possibleWeights({ weights, earlierWeights }: World): readonly Weights[] {
  return [weights, ...earlierWeights];
}

/**
 * The highest load of any version in a split: weight by pod behind it. A weight without a pod is infinite load. Weights
 * are whole numbers, so half a point is rounding: 67 % on two pods is the share of two in three.
 */
export function calculateLoad(weights: Weights, world: World, gone: Leaving = nobody): number {
  const loads = Object.entries(weights).map(([release, weight]) => {
    const left = withoutPods(world.versions.get(release)?.backends ?? [], release, gone);
    return weight === 0 ? 0 : left === 0 ? Infinity : (weight - 0.5) / left;
  });
  return Math.max(0, ...loads);
}

/** Pods that answer behind the Application's Service, or are about to. */
export function countInside(world: World, which: 'serving' | 'arriving', gone: Leaving): number {
  return [...world.versions].reduce((sum, [release, view]) => sum + withoutPods(view[which], release, gone), 0);
}

/** Pods of the versions that get traffic from outside. */
export function countOutside(world: World, weights: Weights, gone: Leaving): number {
  return Object.entries(weights).reduce(
    (sum, [release, weight]) =>
      sum + (weight > 0 ? withoutPods(world.versions.get(release)?.backends ?? [], release, gone) : 0),
    0,
  );
}

function withoutPods(pods: readonly Pod[], release: string, gone: Leaving): number {
  return release === gone.release
    ? pods.filter(({ metadata }) => !gone.pods.includes(metadata.name ?? '')).length
    : pods.length;
}
