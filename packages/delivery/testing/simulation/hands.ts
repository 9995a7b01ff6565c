/** What people and machines do to a cluster behind the back of the controller. */
import { matchesLabelSelector } from '@slipway/kube/selector';
import type { Pod, PodDisruptionBudget } from '@slipway/kube/api.generated';
import { labels } from '../../src/names.ts';
import { endPods } from './controllers.ts';
import { isPodReady, isTerminating, type World } from './world.ts';

export const removableKinds = ['replicaSet', 'service', 'split', 'copy', 'release', 'budget'] as const;

export type RemovableKind = (typeof removableKinds)[number];

/**
 * Deleted by hand. With a ReplicaSet go its pods, and nobody asks whether they serve. Of a version that has lost its record the
 * ReplicaSet is all that is known, and the other way round: nobody could make up for both.
 */
export function removeByHand(world: World, kind: RemovableKind, index: number): World {
  switch (kind) {
    case 'replicaSet': {
      const set = chosen(world.replicaSets, index);
      const release = set?.metadata.labels?.[labels.release];
      if (!world.releases.some(({ metadata }) => metadata.name === release)) return world;
      const own = world.pods.filter(({ metadata }) => metadata.labels?.[labels.release] === release);
      return { ...endPods(world, own), replicaSets: without(world.replicaSets, index) };
    }
    case 'service':
      return { ...world, services: without(world.services, index) };
    case 'split':
      return { ...world, split: undefined };
    case 'copy':
      return { ...world, copies: without(world.copies, index) };
    case 'release': {
      const name = chosen(world.releases, index)?.metadata.name;
      const isOwned = world.replicaSets.some(({ metadata }) => metadata.labels?.[labels.release] === name);
      return isOwned ? { ...world, releases: without(world.releases, index) } : world;
    }
    case 'budget':
      return { ...world, budgets: without(world.budgets, index) };
  }
}

function chosen<T>(all: readonly T[], index: number): T | undefined {
  return all[index % Math.max(1, all.length)];
}

function without<T>(all: readonly T[], index: number): readonly T[] {
  const gone = chosen(all, index);
  return all.filter((each) => each !== gone);
}

/** A drain of a node asks for a pod: it goes if the budgets over it have one to spare, and never under two. */
export function evict(world: World, index: number): World {
  const pod = chosen(world.pods, index);
  if (pod === undefined || isTerminating(pod)) return world;
  const budgets = budgetsOver(world, pod);
  const maySpare = budgets.length === 0 || (budgets.length === 1 && budgets.every((budget) => hasSpare(world, budget)));
  return !isPodReady(pod) || maySpare ? endPods(world, [pod]) : world;
}

export function budgetsOver({ budgets }: World, pod: Pod): readonly PodDisruptionBudget[] {
  return budgets.filter(({ spec }) => matchesLabelSelector(spec?.selector, pod.metadata.labels));
}

/** As the disruption controller counts: those that are expected are as many as their ReplicaSets ask for. */
function hasSpare({ pods, replicaSets }: World, { spec = {} }: PodDisruptionBudget): boolean {
  const covered = pods.filter((pod) => matchesLabelSelector(spec.selector, pod.metadata.labels));
  const healthy = covered.filter(isPodReady).length;
  if (spec.minAvailable !== undefined) return healthy - 1 >= Number(spec.minAvailable);
  const versions = new Set(covered.map(({ metadata }) => metadata.labels?.[labels.release]));
  const expected = replicaSets
    .filter(({ metadata }) => versions.has(metadata.labels?.[labels.release]))
    .reduce((sum, set) => sum + (set.spec?.replicas ?? 0), 0);
  return healthy - 1 >= expected - Number(spec.maxUnavailable ?? 0);
}

/** An autoscaler writes to the scale subresource: so many times the pods that it counts there. */
export function autoscale({ application }: World, factor: number): number | undefined {
  const { replicas = 0 } = application.status ?? {};
  return replicas === 0 ? undefined : Math.min(mostReplicas, Math.max(1, Math.ceil(replicas * factor)));
}

const mostReplicas = 4;
