import type { Pod } from '@slipway/kube/api.generated';
import { backendName } from '../names.ts';
import { isBackend, isMarked, isReady, isServing, type VersionView } from '../observation.ts';
import type { Action, ActionOf } from '../plan.ts';
import { nameOf } from '../release-context.ts';
import { countUncreated } from '../uncreated-pods.ts';
import {
  calculateLoad,
  countInside,
  countOutside,
  nobody,
  possibleWeights,
  type Leaving,
  type Weights,
  type World,
} from './world.ts';

export interface Rule {
  readonly name: string;
  /** Why the action may not be done now; undefined where the rule has nothing against it. */
  refuses(action: Action, world: World): string | undefined;
}

const load: Rule = {
  name: 'load',
  refuses: (action, world) => {
    if (action.type === 'setSplit') return refuseWeights(action.weights, world);
    if (action.type !== 'setServing' || action.backend !== false) return undefined;
    return firstOf(possibleWeights(world), (weights) => {
      const now = calculateLoad(weights, world);
      return refuseLoad({ now, next: calculateLoad(weights, world, action) }, world);
    });
  },
};

function refuseWeights(weights: Weights, world: World): string | undefined {
  const now = calculateLoad(world.weights, world);
  const next = calculateLoad(weights, world);
  // An overloaded pod beats a dead one: away from a version without any ready pod is always allowed.
  if (now === Infinity && next < Infinity) return undefined;
  if (next === Infinity) return 'a version without a ready pod would get traffic';
  // The first route adds who comes from outside to who comes by the Service: what a pod carries of those it may carry of these.
  return refuseLoad({ now: world.route === 'none' ? Math.max(now, loadInside(world)) : now, next }, world);
}

/** The Service of the Application is a route too, and shares its requests out among all pods in it. */
function loadInside(world: World): number {
  const pods = countInside(world, 'serving', nobody);
  return pods === 0 ? 0 : 100 / pods;
}

function refuseLoad({ now, next }: Change, { floor }: World): string | undefined {
  const allowed = Math.max(floor > 0 ? 100 / floor : Infinity, now);
  return next > allowed + 1e-9
    ? `a pod would carry ${next.toFixed(1)} % where ${allowed.toFixed(1)} % is the most`
    : undefined;
}

interface Change {
  readonly now: number;
  readonly next: number;
}

function firstOf<T>(all: readonly T[], refusal: (one: T) => string | undefined): string | undefined {
  for (const one of all) {
    const reason = refusal(one);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

const leaving: Rule = {
  name: 'leaving',
  refuses: (action, world) => {
    const view =
      'release' in action && typeof action.release === 'string' ? world.versions.get(action.release) : undefined;
    if (view === undefined) return undefined;
    switch (action.type) {
      case 'setServing':
        return refuseUnmarking(action, view);
      case 'markForDeletion':
        return refuseMarking(action, view);
      case 'scale':
        return refuseRemoval(sizeOf(view) - action.replicas, view, isFree);
      case 'deleteVersion':
        // With what its ReplicaSet has yet to make: none of that makes up for a pod that serves.
        return refuseRemoval(sizeOf(view), view, hasLeft);
      default:
        return undefined;
    }
  },
};

function sizeOf({ replicaSet, pods }: VersionView): number {
  return Math.max(replicaSet?.spec?.replicas ?? 0, pods.length);
}

function refuseRemoval(
  removed: number,
  view: VersionView,
  mayGo: (pod: Pod, view: VersionView) => boolean,
): string | undefined {
  const free = countUncreated(view) + view.pods.filter((pod) => mayGo(pod, view)).length;
  return removed > free ? `${removed} pods would go and only ${free} have left the traffic` : undefined;
}

/** The ReplicaSet controller chooses among all marked pods: one that serves must not be one of them. */
function refuseMarking({ pods }: Leaving, view: VersionView): string | undefined {
  const early = view.pods.filter((pod) => pods.includes(pod.metadata.name ?? '') && !isOutOfTraffic(pod, view));
  return early.length === 0 ? undefined : `${early.length} pods would be marked to go that have not left the traffic`;
}

/** A change of labels takes the mark too: not while the ReplicaSet controller still has to choose by it. */
function refuseUnmarking({ pods }: Leaving, view: VersionView): string | undefined {
  const isShrinking = view.pods.length > (view.replicaSet?.spec?.replicas ?? 0);
  const marked = isShrinking ? view.pods.filter((pod) => isMarked(pod) && pods.includes(pod.metadata.name ?? '')) : [];
  return marked.length === 0
    ? undefined
    : `${marked.length} pods are marked to go and the ReplicaSet is about to choose`;
}

/** Out of the traffic, and the one that the ReplicaSet controller takes where it must choose. */
function isFree(pod: Pod, view: VersionView): boolean {
  return !isReady(pod) || (isOutOfTraffic(pod, view) && isMarked(pod));
}

/** A pod that is not ready has no requests to lose. */
function hasLeft(pod: Pod, view: VersionView): boolean {
  return !isReady(pod) || isOutOfTraffic(pod, view);
}

function isOutOfTraffic(pod: Pod, { listed }: VersionView): boolean {
  return !isServing(pod) && !isBackend(pod) && !listed.includes(pod);
}

const capacity: Rule = {
  name: 'capacity',
  refuses: (action, world) => {
    switch (action.type) {
      case 'setServing':
        return action.serves ? undefined : refuseLeaving(action, world);
      case 'setSplit':
        return refuseLoss(outsideAfter(action.weights, world), outsideFloor(world));
      case 'closeRoute':
      case 'removeRoute':
        return refuseLoss(outsideAfter({}, world), outsideFloor(world));
      default:
        return undefined;
    }
  },
};

function refuseLeaving(action: ActionOf<'setServing'>, world: World): string | undefined {
  const inside = (which: 'serving' | 'arriving'): Change => ({
    now: countInside(world, which, nobody),
    next: countInside(world, which, action),
  });
  const outsideGone = action.backend === false ? action : nobody;
  const outside = (weights: Weights): Change => ({
    now: countOutside(world, weights, nobody),
    next: countOutside(world, weights, outsideGone),
  });
  return (
    firstOf([inside('serving'), inside('arriving')], (change) => refuseLoss(change, world.floor)) ??
    firstOf(possibleWeights(world).map(outside), (change) => refuseLoss(change, outsideFloor(world))) ??
    refuseDesertion(action, world)
  );
}

/** Sessions come to a version without weight too: its last pod stays until the split does not name it any more. */
function refuseDesertion(action: ActionOf<'setServing'>, world: World): string | undefined {
  const { release, pods, backend } = action;
  if (backend !== false || !world.withSessions.has(release) || outsideFloor(world) === 0) return undefined;
  const backends = world.versions.get(release)?.backends ?? [];
  const isDeserted = backends.length > 0 && backends.every(({ metadata }) => pods.includes(metadata.name ?? ''));
  return isDeserted ? `the last pod of ${release} would leave, which has sessions` : undefined;
}

function outsideAfter(weights: Weights, world: World): Change {
  return { now: countOutside(world, world.weights, nobody), next: countOutside(world, weights, nobody) };
}

/** Where spec asks for no route, nobody is to be served by one. */
function outsideFloor({ isRouted, floor }: World): number {
  return isRouted ? floor : 0;
}

function refuseLoss({ now, next }: Change, floor: number): string | undefined {
  const least = Math.min(now, floor);
  return next < least ? `${next} pods would serve where ${least} are the least` : undefined;
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
    const wanted = action.handling?.hold === undefined ? 100 : 0;
    if (total !== wanted) return `the weights sum to ${total} and not to ${wanted}`;
    const early = Object.keys(action.weights).find(
      (name) => (action.weights[name] ?? 0) > 0 && (world.weights[name] ?? 0) === 0 && !world.admitted.has(name),
    );
    const untried = early ?? findUntried(action, world);
    return untried === undefined ? undefined : `the gates of ${untried} have not passed`;
  },
};

/** Who fits a match, or is sent a copy, comes to a version whatever its weight is. */
function findUntried({ handling = {} }: ActionOf<'setSplit'>, { versions, admitted }: World): string | undefined {
  const services = new Set(
    [...(handling.matches ?? []), ...[handling.mirror ?? []].flat()].map(({ service }) => service),
  );
  return [...versions.keys()].find((name) => {
    const release = versions.get(name)?.release;
    return release !== undefined && services.has(backendName(release.spec)) && !admitted.has(name);
  });
}

const memory: Rule = {
  name: 'memory',
  refuses: (action, world) => {
    switch (action.type) {
      case 'deleteVersion':
        return refuseForgetting(action.release, world);
      case 'deleteRelease':
        // Nobody would know any more whose pods they are, nor what would be lost with them.
        return (
          refuseForgetting(action.release, world) ??
          (hasTraffic(action.release, world) ? `${action.release} is in the traffic` : undefined)
        );
      case 'deleteCopy':
        return firstOf(
          [...world.needed].filter((release) => isReading(release, action, world)),
          (release) => refuseForgetting(release, world),
        );
      default:
        return undefined;
    }
  },
};

function refuseForgetting(release: string, { needed }: World): string | undefined {
  return needed.has(release) ? `a rollback inside the window needs ${release}` : undefined;
}

/** Whether pods of it that are yet to come read the frozen copy. */
function isReading(release: string, { kind, name }: ActionOf<'deleteCopy'>, { versions }: World): boolean {
  const frozen = Object.entries(versions.get(release)?.release.spec.frozen ?? {});
  return frozen.some(([source, copy]) => copy === name && source.startsWith(`${kind}/`));
}

function hasTraffic(release: string, world: World): boolean {
  const view = world.versions.get(release);
  const isInside = view?.pods.some((pod) => !isOutOfTraffic(pod, view)) === true;
  return isInside || possibleWeights(world).some((weights) => (weights[release] ?? 0) > 0);
}

/** Requests by a route end before it goes: a Split that is gone can be confirmed by nobody. */
const inFlight: Rule = {
  name: 'in flight',
  refuses: (action, { route }) =>
    action.type === 'removeRoute' && route !== 'none' && route !== 'drained'
      ? 'requests may still come by the route'
      : undefined,
};

/** In the order in which a refusal is reported. */
export const rules: readonly Rule[] = [load, leaving, capacity, sum, memory, inFlight];

export function viewsByName(views: readonly VersionView[]): ReadonlyMap<string, VersionView> {
  return new Map(views.map((view) => [nameOf(view.release), view]));
}
