import { calculatePreference } from './node-affinity.ts';
import type { Candidate } from './filters.ts';
import { isTolerated } from './tolerations.ts';

/** What a container is taken to need that does not say: otherwise all such pods would land on one node. */
const defaultMilliCpu = 100;
const defaultMemory = 200 * 1024 * 1024;

const weights = { leastAllocated: 1, spread: 2, preference: 2, taints: 3, relations: 2 } as const;

/** Points of each candidate, from 0 to 100 a criterion, times its weight; more is better. */
export function scoreNodes(candidates: readonly Candidate[]): readonly number[] {
  const spread = lessIsBetter(candidates.map(countOfOwner));
  const taints = lessIsBetter(candidates.map(countOfUnwantedTaints));
  const preference = moreIsBetter(
    candidates.map(({ pod, info }) => (info.node === undefined ? 0 : calculatePreference(pod, info.node))),
  );
  const relations = inRange(
    candidates.map(({ relations: all, info }) => all.reduce((sum, each) => sum + each.preference(info), 0)),
  );
  return candidates.map(
    (candidate, index) =>
      weights.leastAllocated * calculateFreeShare(candidate) +
      weights.spread * (spread[index] ?? 0) +
      weights.preference * (preference[index] ?? 0) +
      weights.taints * (taints[index] ?? 0) +
      weights.relations * (relations[index] ?? 0),
  );
}

/** The mean of what would be free of cpu and memory, in percent. `cpu 50 % free, memory 100 %` gives 75. */
function calculateFreeShare({ demand, info }: Candidate): number {
  const cpu = freeShare(
    info.allocatable('cpu'),
    info.requested('cpu') + (demand.requests.get('cpu') ?? defaultMilliCpu),
  );
  const memory = freeShare(
    info.allocatable('memory'),
    info.requested('memory') + (demand.requests.get('memory') ?? defaultMemory),
  );
  return (cpu + memory) / 2;
}

function freeShare(allocatable: number, requested: number): number {
  return allocatable === 0 ? 0 : (100 * Math.max(0, allocatable - requested)) / allocatable;
}

function countOfOwner({ demand, info }: Candidate): number {
  return demand.ownerUid === undefined ? 0 : info.podsOfOwner(demand.ownerUid);
}

function countOfUnwantedTaints({ pod, info }: Candidate): number {
  return info.taints.filter(
    (taint) => taint.effect === 'PreferNoSchedule' && !isTolerated(taint, pod.spec?.tolerations),
  ).length;
}

function lessIsBetter(counts: readonly number[]): readonly number[] {
  const most = Math.max(...counts);
  return counts.map((count) => (most === 0 ? 100 : (100 * (most - count)) / most));
}

function moreIsBetter(counts: readonly number[]): readonly number[] {
  const most = Math.max(...counts);
  return counts.map((count) => (most === 0 ? 0 : (100 * count) / most));
}

/** From the least to the most; values may be negative. */
function inRange(values: readonly number[]): readonly number[] {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return values.map((value) => (most === least ? 0 : (100 * (value - least)) / (most - least)));
}
