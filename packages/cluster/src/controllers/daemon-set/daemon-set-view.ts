import type { ControllerRevision, DaemonSet, Node, Pod, Taint } from '@slipway/kube/api.generated';
import { matchesNodeAffinity } from '../../scheduler/node-affinity.ts';
import { isTolerated } from '../../scheduler/tolerations.ts';
import { availableAt } from '../pods.ts';
import { hashOf, revisionHashLabel } from '../revisions/plan-revisions.ts';
import { podOf, targetNodeOf } from './daemon-pod.ts';

/** A DaemonSet, node by node. */
export interface DaemonSetView {
  readonly set: DaemonSet;
  /** As it is made for every node. */
  readonly pod: Pod;
  readonly newest: ControllerRevision;
  readonly places: readonly Place[];
  /** On nodes that there are not, or on none. */
  readonly strays: readonly Pod[];
  readonly now: number;
}

export interface Place {
  readonly node: Node;
  /** `leave`: it may not come here, but stays where it is already. */
  readonly verdict: 'run' | 'leave' | 'remove';
  /** Oldest first. */
  readonly pods: readonly Pod[];
}

export interface Viewed {
  readonly set: DaemonSet;
  readonly pods: readonly Pod[];
  readonly nodes: readonly Node[];
  readonly newest: ControllerRevision;
  readonly now: number;
}

export function viewDaemonSet({ set, pods, nodes, newest, now }: Viewed): DaemonSetView {
  const pod = podOf(set, newest);
  const byNode = Map.groupBy(pods.toSorted(olderFirst), (each) => targetNodeOf(each) ?? '');
  const names = new Set(nodes.map(({ metadata }) => metadata.name ?? ''));
  return {
    set,
    pod,
    newest,
    places: nodes.map((node) => ({
      node,
      verdict: judgeNode(pod, node),
      pods: byNode.get(node.metadata.name ?? '') ?? [],
    })),
    strays: pods.filter((each) => !names.has(targetNodeOf(each) ?? '')),
    now,
  };
}

function olderFirst(a: Pod, b: Pod): number {
  const [createdA = '', createdB = ''] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp];
  return createdA.localeCompare(createdB) || (a.metadata.name ?? '').localeCompare(b.metadata.name ?? '');
}

function judgeNode(pod: Pod, node: Node): Place['verdict'] {
  const { nodeName = '' } = pod.spec ?? {};
  if (nodeName !== '' && nodeName !== node.metadata.name) return 'remove';
  if (!matchesNodeAffinity(pod, node)) return 'remove';
  const refusing = (effect: Taint['effect']): boolean =>
    (node.spec?.taints ?? []).some((taint) => taint.effect === effect && !isTolerated(taint, pod.spec?.tolerations));
  if (refusing('NoExecute')) return 'remove';
  return refusing('NoSchedule') ? 'leave' : 'run';
}

export function isNewest({ newest }: DaemonSetView, { metadata }: Pod): boolean {
  return metadata.labels?.[revisionHashLabel] === hashOf(newest);
}

export function isAvailable({ set, now }: DaemonSetView, pod: Pod): boolean {
  return !isTerminating(pod) && (availableAt(pod, set.spec?.minReadySeconds ?? 0) ?? Infinity) <= now;
}

export function isTerminating({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** How many of the nodes that it should run on a number or share of them is, shares rounded up. */
export function countOf(value: string | number | undefined, { places }: DaemonSetView): number {
  const nodes = places.filter(({ verdict }) => verdict === 'run').length;
  if (typeof value !== 'string') return value ?? 0;
  return Math.ceil((Number.parseInt(value, 10) * nodes) / 100);
}
