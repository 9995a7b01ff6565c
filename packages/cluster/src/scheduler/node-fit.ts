/** Which nodes a pod may run on, and which of them suits it best. Pure. https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/ */
import type { Node, Pod } from '@slipway/kube/api.generated';
import { quantityMilliValue, quantityValue } from '@slipway/kube/quantity';
import { matchesLabels, selectorOf } from '@slipway/kube/selector';

export interface Resources {
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly pods: number;
}

export interface NodeView {
  readonly node: Node;
  readonly allocatable: Resources;
  readonly requested: Resources;
}

export const noResources: Resources = { cpuMilli: 0, memoryBytes: 0, pods: 0 };

/** What a pod asks for: the sum of its containers, or its largest init container where that is more. */
export function requestsOf({ spec }: Pod): Resources {
  const containers = spec?.containers ?? [];
  const sidecars = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const total = (read: (requests: Readonly<Record<string, string | number>> | undefined) => number): number => {
    const running = [...containers, ...sidecars].reduce((sum, { resources }) => sum + read(resources?.requests), 0);
    return Math.max(running, ...(spec?.initContainers ?? []).map(({ resources }) => read(resources?.requests)));
  };
  return { cpuMilli: total((requests) => quantityMilliValue(requests?.['cpu'])), memoryBytes: total((requests) => quantityValue(requests?.['memory'])), pods: 1 };
}

export function allocatableOf({ status }: Node): Resources {
  const given = status?.allocatable ?? status?.capacity ?? {};
  return { cpuMilli: quantityMilliValue(given['cpu']), memoryBytes: quantityValue(given['memory']), pods: quantityValue(given['pods']) };
}

export function addResources(a: Resources, b: Resources): Resources {
  return { cpuMilli: a.cpuMilli + b.cpuMilli, memoryBytes: a.memoryBytes + b.memoryBytes, pods: a.pods + b.pods };
}

/** Why the pod cannot run there, in the scheduler's words; none means that it can. */
export function filterNode(pod: Pod, view: NodeView): readonly string[] {
  const { node, allocatable, requested } = view;
  const wanted = addResources(requested, requestsOf(pod));
  const taint = untoleratedTaint(pod, node);
  const named = pod.spec?.nodeSelector ?? {};
  const isSelected = Object.entries(named).every(([key, value]) => node.metadata.labels?.[key] === value) && matchesAffinity(pod, node);
  return [
    ...(node.spec?.unschedulable === true && !toleratesUnschedulable(pod) ? ['node(s) were unschedulable'] : []),
    ...(isSelected ? [] : ["node(s) didn't match Pod's node affinity/selector"]),
    ...(taint === undefined ? [] : [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`]),
    ...(wanted.pods > allocatable.pods ? ['Too many pods'] : []),
    ...(wanted.cpuMilli > allocatable.cpuMilli && requestsOf(pod).cpuMilli > 0 ? ['Insufficient cpu'] : []),
    ...(wanted.memoryBytes > allocatable.memoryBytes && requestsOf(pod).memoryBytes > 0 ? ['Insufficient memory'] : []),
  ];
}

function untoleratedTaint({ spec }: Pod, node: Node) {
  const hard = (node.spec?.taints ?? []).filter(({ effect, key }) => effect !== 'PreferNoSchedule' && key !== 'node.kubernetes.io/unschedulable');
  return hard.find((taint) => !(spec?.tolerations ?? []).some((toleration) => tolerates(toleration, taint)));
}

type Toleration = NonNullable<NonNullable<Pod['spec']>['tolerations']>[number];
type Taint = NonNullable<NonNullable<Node['spec']>['taints']>[number];

function tolerates({ key, operator = 'Equal', value = '', effect }: Toleration, taint: Taint): boolean {
  if (effect !== undefined && effect !== taint.effect) return false;
  if (key === undefined || key === '') return operator === 'Exists';
  return key === taint.key && (operator === 'Exists' || value === (taint.value ?? ''));
}

function toleratesUnschedulable({ spec }: Pod): boolean {
  return (spec?.tolerations ?? []).some((toleration) => tolerates(toleration, { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }));
}

/** One term must hold, all of its expressions. */
function matchesAffinity({ spec }: Pod, node: Node): boolean {
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (terms === undefined) return true;
  return terms.some(({ matchExpressions }) => {
    const supported = (matchExpressions ?? []).every(({ operator }) => operator !== 'Gt' && operator !== 'Lt');
    return supported && matchesLabels(selectorOf({ matchExpressions }), node.metadata.labels);
  });
}

/** From 0 to 100: the emptier, the better, after the pod has come. */
export function scoreNode(pod: Pod, { allocatable, requested }: NodeView): number {
  const wanted = addResources(requested, requestsOf(pod));
  const free = (used: number, all: number): number => (all === 0 ? 0 : Math.max(0, (all - used) / all));
  return ((free(wanted.cpuMilli, allocatable.cpuMilli) + free(wanted.memoryBytes, allocatable.memoryBytes) + free(wanted.pods, allocatable.pods)) / 3) * 100;
}

export type Placement = { readonly node: string } | { readonly message: string };

/** The best node, or why there is none: `0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable.` */
export function placePod(pod: Pod, views: readonly NodeView[]): Placement {
  const judged = views.map((view) => ({ view, faults: filterNode(pod, view) }));
  const fitting = judged.filter(({ faults }) => faults.length === 0);
  const best = fitting.toSorted((a, b) => scoreNode(pod, b.view) - scoreNode(pod, a.view) || (a.view.node.metadata.name ?? '').localeCompare(b.view.node.metadata.name ?? ''))[0];
  if (best !== undefined) return { node: best.view.node.metadata.name ?? '' };
  const counts = new Map<string, number>();
  for (const { faults } of judged) for (const fault of faults) counts.set(fault, (counts.get(fault) ?? 0) + 1);
  const reasons = [...counts].map(([fault, count]) => `${count} ${fault}`).toSorted();
  return { message: `0/${views.length} nodes are available${reasons.length === 0 ? '' : `: ${reasons.join(', ')}`}.` };
}
