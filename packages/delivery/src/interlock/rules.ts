import type { Pod } from '@slipway/kube/api.generated';
import { annotations } from '../names.ts';
import { isBackend, isReady, isServing, type VersionView } from '../observation.ts';
import type { Action } from '../plan.ts';
import { nameOf } from '../release-context.ts';

/** What the rules look at: counts, not intentions. */
export interface World {
  /** Every version that has or may have pods, by release name. */
  readonly versions: ReadonlyMap<string, VersionView>;
  /** Weights in force or asked for, by release name. */
  readonly weights: Readonly<Record<string, number>>;
  readonly replicas: number;
  readonly maxUnavailable: number;
  /** Names of the releases whose gates have passed, or that a person promoted, or that served before. */
  readonly admitted: ReadonlySet<string>;
  /** Names of the releases that a rollback inside the window needs. */
  readonly needed: ReadonlySet<string>;
}

export interface Rule {
  readonly name: string;
  /** Why the action may not be done now; undefined where the rule has nothing against it. */
  refuses(action: Action, world: World): string | undefined;
}

/**
 * The highest load of any version in a split: weight by pod behind it. A weight without a pod is infinite load. Weights
 * are whole numbers, so half a point is rounding: 67 % on two pods is the share of two in three.
 */
export function calculateLoad(weights: Readonly<Record<string, number>>, world: World, gone: Leaving = nobody): number {
  const loads = Object.entries(weights).map(([release, weight]) => {
    const backends = world.versions.get(release)?.backends ?? [];
    const left = withoutPods(backends, release, gone);
    return weight === 0 ? 0 : left === 0 ? Infinity : (weight - 0.5) / left;
  });
  return Math.max(0, ...loads);
}

interface Leaving {
  readonly release: string;
  readonly pods: readonly string[];
}

const nobody: Leaving = { release: '', pods: [] };

const load: Rule = {
  name: 'load',
  refuses: (action, world) => {
    const isLeaving = action.type === 'setServing' && action.backend === false;
    if (action.type !== 'setSplit' && !isLeaving) return undefined;
    const next = isLeaving
      ? calculateLoad(world.weights, world, action)
      : calculateLoad(action.type === 'setSplit' ? action.weights : world.weights, world);
    const now = calculateLoad(world.weights, world);
    const needed = world.replicas - world.maxUnavailable;
    const allowed = Math.max(needed > 0 ? 100 / needed : Infinity, now);
    // An overloaded pod beats a dead one: away from a version without any ready pod is always allowed.
    if (now === Infinity && next < Infinity) return undefined;
    if (next === Infinity && !isLeaving) return 'a version without a ready pod would get traffic';
    return next > allowed + 1e-9
      ? `a pod would carry ${next.toFixed(1)} % where ${allowed.toFixed(1)} % is the most`
      : undefined;
  },
};

const leaving: Rule = {
  name: 'leaving',
  refuses: (action, world) => {
    if (action.type === 'setServing') return refuseUnmarking(action, world.versions.get(action.release));
    if (action.type !== 'scale' && action.type !== 'deleteVersion') return undefined;
    const view = world.versions.get(action.release);
    if (view === undefined) return undefined;
    const size = Math.max(view.replicaSet?.spec?.replicas ?? 0, view.pods.length);
    const removed = action.type === 'deleteVersion' ? view.pods.length : size - action.replicas;
    const free = size - view.pods.length + view.pods.filter((pod) => isFree(pod, view)).length;
    return removed > free ? `${removed} pods would go and only ${free} have left the traffic` : undefined;
  },
};

/** A change of labels takes the mark too: not while the ReplicaSet controller still has to choose by it. */
function refuseUnmarking({ pods }: Leaving, view: VersionView | undefined): string | undefined {
  const isShrinking = view !== undefined && view.pods.length > (view.replicaSet?.spec?.replicas ?? 0);
  const marked = isShrinking ? view.pods.filter((pod) => isMarked(pod) && pods.includes(pod.metadata.name ?? '')) : [];
  return marked.length === 0
    ? undefined
    : `${marked.length} pods are marked to go and the ReplicaSet is about to choose`;
}

function isFree(pod: VersionView['pods'][number], view: VersionView): boolean {
  return !isReady(pod) || (!isServing(pod) && !isBackend(pod) && !view.listed.includes(pod) && isMarked(pod));
}

/** Marked to be the first that the ReplicaSet controller removes: without the mark it might choose another one. */
function isMarked({ metadata }: Pod): boolean {
  return metadata.annotations?.[annotations.deletionCost] !== undefined;
}

const capacity: Rule = {
  name: 'capacity',
  refuses: (action, world) => {
    const needed = world.replicas - world.maxUnavailable;
    const isLeaving = action.type === 'setServing' && !action.serves;
    if (!isLeaving && action.type !== 'setSplit') return undefined;
    const gone = isLeaving ? action : nobody;
    const outsideGone = isLeaving && action.backend === false ? action : nobody;
    const inside = { now: countInside(world, 'serving', nobody), next: countInside(world, 'serving', gone) };
    const arriving = { now: countInside(world, 'arriving', nobody), next: countInside(world, 'arriving', gone) };
    const outside = {
      now: countOutside(world, world.weights, nobody),
      next: countOutside(world, action.type === 'setSplit' ? action.weights : world.weights, outsideGone),
    };
    const lacking = [inside, arriving, outside].find(({ now, next }) => next < Math.min(now, needed));
    return lacking === undefined
      ? undefined
      : `${lacking.next} pods would serve where ${Math.min(lacking.now, needed)} are the least`;
  },
};

function withoutPods(pods: readonly Pod[], release: string, gone: Leaving): number {
  return release === gone.release
    ? pods.filter(({ metadata }) => !gone.pods.includes(metadata.name ?? '')).length
    : pods.length;
}

/** Pods that answer behind the Application's Service, or are about to. */
function countInside(world: World, which: 'serving' | 'arriving', gone: Leaving): number {
  return [...world.versions].reduce((sum, [release, view]) => sum + withoutPods(view[which], release, gone), 0);
}

/** Pods of the versions that get traffic from outside. */
function countOutside(world: World, weights: World['weights'], gone: Leaving): number {
  return Object.entries(weights).reduce(
    (sum, [release, weight]) =>
      sum + (weight > 0 ? withoutPods(world.versions.get(release)?.backends ?? [], release, gone) : 0),
    0,
  );
}

/** Weights are whole, and a version without traffic gets none before its gates have passed. */
const sum: Rule = {
  name: 'sum',
  refuses: (action, world) => {
    const joining = action.type === 'setServing' && action.serves ? action.release : undefined;
    const isNew = joining !== undefined && (world.versions.get(joining)?.serving.length ?? 0) === 0;
    if (isNew && !world.admitted.has(joining)) return `the gates of ${joining} have not passed`;
    if (action.type !== 'setSplit') return undefined;
    const total = Object.values(action.weights).reduce((all, weight) => all + weight, 0);
    if (total !== 100) return `the weights sum to ${total} and not to 100`;
    const early = Object.keys(action.weights).find(
      (name) => (action.weights[name] ?? 0) > 0 && (world.weights[name] ?? 0) === 0 && !world.admitted.has(name),
    );
    return early === undefined ? undefined : `the gates of ${early} have not passed`;
  },
};

const memory: Rule = {
  name: 'memory',
  refuses: (action, world) =>
    (action.type === 'deleteVersion' || action.type === 'deleteRelease') && world.needed.has(action.release)
      ? `a rollback inside the window needs ${action.release}`
      : undefined,
};

/** In the order in which a refusal is reported. */
export const rules: readonly Rule[] = [load, leaving, capacity, sum, memory];

export function viewsByName(views: readonly VersionView[]): ReadonlyMap<string, VersionView> {
  return new Map(views.map((view) => [nameOf(view.release), view]));
}
