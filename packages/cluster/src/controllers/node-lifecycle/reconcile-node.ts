import type { Node, NodeCondition, Taint } from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import { findCondition } from '@slipway/kube/conditions';
import type { Plan } from '@slipway/kube/controller';

/** As long as Kubernetes lets a node be silent. */
export const silenceLimitMilliseconds = 50_000;

export interface NodeObserved {
  readonly node: Node;
  /** When the controller last saw a sign of life, by its own clock: the clock of a node may be wrong. */
  readonly heardAt: number;
}

export type NodeAction =
  | { readonly kind: 'setConditions'; readonly conditions: readonly NodeCondition[] }
  | { readonly kind: 'setTaints'; readonly taints: readonly Taint[] }
  /** Nobody may send to pods that nobody watches. */
  | { readonly kind: 'markPodsNotReady' };

/**
 * A node that says nothing any more becomes unknown, and its taints follow its conditions.
 * https://kubernetes.io/docs/concepts/architecture/nodes/#node-heartbeats
 */
export function reconcileNode({ node, heardAt }: NodeObserved, now: number): Plan<NodeAction> {
  const wait = heardAt + silenceLimitMilliseconds - now;
  const known = node.status?.conditions ?? [];
  const conditions = wait > 0 ? known : withUnknown(known, now);
  const taints = calculateTaints(node, conditions, now);
  const ready = findCondition(conditions, 'Ready');
  return {
    actions: [
      ...(conditions === known ? [] : [{ kind: 'setConditions', conditions } as const]),
      ...(taints === undefined ? [] : [{ kind: 'setTaints', taints } as const]),
      ...(ready === undefined || ready.status === 'True' ? [] : [{ kind: 'markPodsNotReady' } as const]),
    ],
    requeueAfter: wait > 0 ? wait : undefined,
  };
}

const reported = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;

/** The same list if everything is unknown already. */
function withUnknown(conditions: readonly NodeCondition[], now: number): readonly NodeCondition[] {
  const isKnown = (type: string): boolean => findCondition(conditions, type)?.status !== 'Unknown';
  if (!reported.some(isKnown)) return conditions;
  const others = conditions.filter(({ type }) => !reported.some((each) => each === type));
  return [...reported.map((type) => unknown(findCondition(conditions, type), type, now)), ...others];
}

function unknown(before: NodeCondition | undefined, type: string, now: number): NodeCondition {
  if (before?.status === 'Unknown') return before;
  const [reason, message] =
    before === undefined
      ? ['NodeStatusNeverUpdated', 'Kubelet never posted node status.']
      : ['NodeStatusUnknown', 'Kubelet stopped posting node status.'];
  return { ...before, type, status: 'Unknown', reason, message, lastTransitionTime: formatTime(now) };
}

interface TaintRule {
  readonly key: string;
  readonly effects: ReadonlyArray<Taint['effect']>;
  isMeant(node: Node, conditions: readonly NodeCondition[]): boolean;
}

function condition(type: string, status: string): TaintRule['isMeant'] {
  return (_node, conditions) => findCondition(conditions, type)?.status === status;
}

const rules: readonly TaintRule[] = [
  { key: 'node.kubernetes.io/not-ready', effects: ['NoSchedule', 'NoExecute'], isMeant: condition('Ready', 'False') },
  {
    key: 'node.kubernetes.io/unreachable',
    effects: ['NoSchedule', 'NoExecute'],
    isMeant: condition('Ready', 'Unknown'),
  },
  { key: 'node.kubernetes.io/memory-pressure', effects: ['NoSchedule'], isMeant: condition('MemoryPressure', 'True') },
  { key: 'node.kubernetes.io/disk-pressure', effects: ['NoSchedule'], isMeant: condition('DiskPressure', 'True') },
  { key: 'node.kubernetes.io/pid-pressure', effects: ['NoSchedule'], isMeant: condition('PIDPressure', 'True') },
  {
    key: 'node.kubernetes.io/unschedulable',
    effects: ['NoSchedule'],
    isMeant: ({ spec }) => spec?.unschedulable === true,
  },
];

/** Taints of others are left alone; undefined if nothing changes. */
function calculateTaints(node: Node, conditions: readonly NodeCondition[], now: number): readonly Taint[] | undefined {
  const taints = node.spec?.taints ?? [];
  const wanted = rules.flatMap((rule) =>
    rule.isMeant(node, conditions) ? rule.effects.map((effect): Taint => ({ key: rule.key, effect })) : [],
  );
  const isSame = (a: Taint, b: Taint): boolean => a.key === b.key && a.effect === b.effect;
  const isOurs = ({ key }: Taint): boolean => rules.some((rule) => rule.key === key);
  const kept = taints.filter((taint) => !isOurs(taint) || wanted.some((each) => isSame(each, taint)));
  const added = wanted.filter((taint) => !taints.some((each) => isSame(each, taint)));
  if (added.length === 0 && kept.length === taints.length) return undefined;
  return [...kept, ...added.map((taint) => ({ ...taint, timeAdded: formatTime(now) }))];
}
