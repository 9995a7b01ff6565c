import type { Pod } from '@slipway/kube/api.generated';
import { filterNode, type Candidate } from './filters.ts';
import type { Refusal } from './refusal.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodDemand } from './pod-demand.ts';
import { relationsOf } from './pod-relations.ts';
import { scoreNodes } from './scores.ts';
import { spreadOf } from './topology-spread.ts';

export interface Question {
  readonly pod: Pod;
  readonly demand: PodDemand;
  readonly nodes: readonly NodeInfo[];
  /** Where to begin to look, so that not always the same nodes are considered. */
  readonly startAt: number;
  /** Decides between equals; from 0 up to 1. */
  readonly random: number;
}

export type Decision =
  | { readonly kind: 'bind'; readonly nodeName: string; /** How many nodes were looked at. */ readonly visited: number }
  | { readonly kind: 'unschedulable'; readonly message: string };

/** Fewer feasible nodes than these are never enough to stop looking. */
const minimumFeasible = 100;

export function chooseNode({ pod, demand, nodes, startAt, random }: Question): Decision {
  const relations = [spreadOf(pod, nodes), relationsOf(pod, nodes)].filter((each) => each !== undefined);
  const enough = calculateEnough(nodes.length);
  const feasible: Candidate[] = [];
  const refusals: Refusal[] = [];
  let visited = 0;
  while (visited < nodes.length && feasible.length < enough) {
    const info = nodes[(startAt + visited) % nodes.length];
    visited += 1;
    if (info === undefined) continue;
    const candidate = { pod, demand, info, relations };
    const refusal = filterNode(candidate);
    if (refusal === undefined) feasible.push(candidate);
    else refusals.push(refusal);
  }
  const best = chooseBest(feasible, random);
  if (best === undefined) return { kind: 'unschedulable', message: describeRefusals(nodes.length, refusals) };
  return { kind: 'bind', nodeName: best.info.name, visited };
}

/**
 * All nodes of a small cluster, and a shrinking share of a large one, as small as Kubernetes makes it at the least: where the
 * search begins moves on, so that all get their turn. 100 nodes need 100, 1,000 need 100, 5,000 need 250.
 */
function calculateEnough(nodes: number): number {
  return Math.max(minimumFeasible, Math.floor(nodes / 20));
}

function chooseBest(candidates: readonly Candidate[], random: number): Candidate | undefined {
  if (candidates.length <= 1) return candidates[0];
  const scores = scoreNodes(candidates);
  const highest = Math.max(...scores);
  const best = candidates.filter((_, index) => scores[index] === highest);
  return best[Math.floor(random * best.length)];
}

/** As the event FailedScheduling says it: `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. preemption: ...` */
export function describeRefusals(nodes: number, refusals: readonly Refusal[]): string {
  if (nodes === 0) return 'no nodes available to schedule pods';
  const prefix = `0/${nodes} nodes are available: `;
  const preemption = refusals.map(({ isResolvable }) =>
    isResolvable ? 'No preemption victims found for incoming pod' : 'Preemption is not helpful for scheduling',
  );
  const reasons = countReasons(refusals.flatMap((refusal) => refusal.reasons));
  return `${prefix}${reasons}. preemption: ${prefix}${countReasons(preemption)}.`;
}

function countReasons(reasons: readonly string[]): string {
  return [...Map.groupBy(reasons, (reason) => reason)]
    .map(([reason, all]) => `${all.length} ${reason}`)
    .toSorted()
    .join(', ');
}
