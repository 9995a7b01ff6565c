import type { Pod } from '@slipway/kube/api.generated';
import { isPodReady, readySince } from '../pods.ts';

const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';

export interface Ranking {
  readonly pods: readonly Pod[];
  /** How many active pods of the same workload, other ReplicaSets of it included, each node runs. */
  readonly podsOnNode: ReadonlyMap<string, number>;
  readonly now: number;
}

/** The pods that a smaller ReplicaSet can best do without, worst first. */
export function choosePodsToDelete({ pods, podsOnNode, now }: Ranking, count: number): readonly Pod[] {
  if (count >= pods.length) return pods;
  return pods.toSorted((a, b) => comparePods(a, b, { podsOnNode, now })).slice(0, count);
}

type Circumstances = Pick<Ranking, 'podsOnNode' | 'now'>;
type Criterion = (a: Pod, b: Pod, circumstances: Circumstances) => number;

/**
 * In the order in which Kubernetes asks (https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#scaling-a-replicaset).
 * Negative: `a` goes first.
 */
const criteria: readonly Criterion[] = [
  (a, b) => Number(isAssigned(a)) - Number(isAssigned(b)),
  (a, b) => phaseOrder(a) - phaseOrder(b),
  (a, b) => Number(isPodReady(a)) - Number(isPodReady(b)),
  (a, b) => deletionCost(a) - deletionCost(b),
  (a, b, { podsOnNode }) => doubling(b, podsOnNode) - doubling(a, podsOnNode),
  (a, b, { now }) => youngerFirst({ a, b, now }, readySince),
  (a, b) => maximumRestarts(b) - maximumRestarts(a),
  (a, b, { now }) => youngerFirst({ a, b, now }, createdAt),
];

function comparePods(a: Pod, b: Pod, circumstances: Circumstances): number {
  for (const criterion of criteria) {
    const difference = criterion(a, b, circumstances);
    if (difference !== 0) return difference;
  }
  return 0;
}

function isAssigned(pod: Pod): boolean {
  return (pod.spec?.nodeName ?? '') !== '';
}

function phaseOrder(pod: Pod): number {
  const order: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };
  return order[pod.status?.phase ?? 'Pending'] ?? 0;
}

function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[deletionCostAnnotation] ?? '0';
  // What is no 32-bit number counts as none: a typing error must not decide which pod dies.
  return /^-?(0|[1-9]\d{0,9})$/.test(text) && Math.abs(Number(text)) < 2 ** 31 ? Number(text) : 0;
}

function doubling(pod: Pod, podsOnNode: ReadonlyMap<string, number>): number {
  return podsOnNode.get(pod.spec?.nodeName ?? '') ?? 0;
}

function maximumRestarts(pod: Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount));
}

function createdAt(pod: Pod): number | undefined {
  const time = pod.metadata.creationTimestamp;
  return time === undefined ? undefined : Date.parse(time);
}

/**
 * The younger pod goes first, but ages are compared by their power of two, and equals by uid: otherwise scaling down would
 * always undo the latest rollout of a zone. An age of 60 s equals one of 40 s, 90 s is older.
 */
function youngerFirst(
  { a, b, now }: { readonly a: Pod; readonly b: Pod; readonly now: number },
  timeOf: (pod: Pod) => number | undefined,
): number {
  const [timeA, timeB] = [timeOf(a), timeOf(b)];
  if (timeA === timeB) return 0;
  if (timeA === undefined) return -1;
  if (timeB === undefined) return 1;
  const difference = magnitude(now - timeA) - magnitude(now - timeB);
  return difference === 0 ? compareText(a.metadata.uid ?? '', b.metadata.uid ?? '') : difference;
}

function magnitude(age: number): number {
  return age > 0 ? Math.floor(Math.log2(age * 1_000_000)) : -1;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
