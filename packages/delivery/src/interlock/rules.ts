import { isReady, isServing, leftAt, type VersionView } from '../observation.ts';
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
  /** Names of the releases that a rollback inside the window needs. */
  readonly needed: ReadonlySet<string>;
}

export interface Rule {
  readonly name: string;
  /** Why the action may not be done now; undefined where the rule has nothing against it. */
  refuses(action: Action, world: World): string | undefined;
}

/** The highest load of any version in a split: weight by ready pod. A weight without a ready pod is infinite load. */
export function calculateLoad(weights: Readonly<Record<string, number>>, world: World): number {
  const loads = Object.entries(weights).map(([release, weight]) => (weight === 0 ? 0 : weight / (world.versions.get(release)?.ready.length ?? 0)));
  return Math.max(0, ...loads);
}

const load: Rule = {
  name: 'load',
  refuses: (action, world) => {
    if (action.type !== 'setSplit') return undefined;
    const next = calculateLoad(action.weights, world);
    const now = Object.keys(world.weights).length === 0 ? 0 : calculateLoad(world.weights, world);
    const allowed = Math.max(100 / Math.max(1, world.replicas - world.maxUnavailable), now);
    // An overloaded pod beats a dead one: away from a version without any ready pod is always allowed.
    if (now === Infinity && next < Infinity) return undefined;
    return next > allowed + 1e-9 ? `a pod would carry ${next.toFixed(1)} % where ${allowed.toFixed(1)} % is the most` : undefined;
  },
};

const leaving: Rule = {
  name: 'leaving',
  refuses: (action, world) => {
    if (action.type !== 'scale' && action.type !== 'deleteVersion') return undefined;
    const view = world.versions.get(action.release);
    if (view === undefined) return undefined;
    const size = Math.max(view.replicaSet?.spec?.replicas ?? 0, view.pods.length);
    const removed = action.type === 'deleteVersion' ? view.pods.length : size - action.replicas;
    const free = size - view.pods.length + view.pods.filter((pod) => isFree(pod, view)).length;
    return removed > free ? `${removed} pods would go and only ${free} have left the traffic` : undefined;
  },
};

function isFree(pod: VersionView['pods'][number], view: VersionView): boolean {
  return !isReady(pod) || (!isServing(pod) && !view.serving.includes(pod) && (leftAt(pod) !== undefined || pod.metadata.labels?.['slipway.dev/serves'] === undefined));
}

const capacity: Rule = {
  name: 'capacity',
  refuses: (action, world) => {
    if (action.type !== 'setServing' || action.serves) return undefined;
    const serving = [...world.versions.values()].reduce((sum, view) => sum + view.serving.length, 0);
    const lost = world.versions.get(action.release)?.serving.filter(({ metadata }) => action.pods.includes(metadata.name ?? '')).length ?? 0;
    const floor = Math.min(serving, world.replicas - world.maxUnavailable);
    return serving - lost < floor ? `${serving - lost} pods would serve where ${floor} are the least` : undefined;
  },
};

const sum: Rule = {
  name: 'sum',
  refuses: (action) => {
    if (action.type !== 'setSplit') return undefined;
    const total = Object.values(action.weights).reduce((all, weight) => all + weight, 0);
    return total === 100 ? undefined : `the weights sum to ${total} and not to 100`;
  },
};

const memory: Rule = {
  name: 'memory',
  refuses: (action, world) =>
    (action.type === 'deleteVersion' || action.type === 'deleteRelease') && world.needed.has(action.release) ? `a rollback inside the window needs ${action.release}` : undefined,
};

/** In the order in which a refusal is reported. */
export const rules: readonly Rule[] = [load, leaving, capacity, sum, memory];

export function viewsByName(views: readonly VersionView[]): ReadonlyMap<string, VersionView> {
  return new Map(views.map((view) => [nameOf(view.release), view]));
}
