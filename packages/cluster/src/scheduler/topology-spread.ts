/** https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/ */
import type { LabelSelector, Pod, TopologySpreadConstraint } from '@slipway/kube/api.generated';
import { matchesLabelSelector } from '@slipway/kube/selector';
import { matchesNodeAffinity } from './node-affinity.ts';
import type { NodeInfo } from './node-info.ts';
import { domainOf, type Relations } from './pod-relations.ts';
import type { Refusal } from './refusal.ts';
import { isTolerated } from './tolerations.ts';

const missingLabel = "node(s) didn't match pod topology spread constraints (missing required label)";
const uneven = "node(s) didn't match pod topology spread constraints";

interface Spread {
  readonly constraint: TopologySpreadConstraint;
  /** Matching pods of each domain that counts, those without any included. */
  readonly counts: ReadonlyMap<string, number>;
  readonly least: number;
  /** 1 if the pod itself counts. */
  readonly self: number;
}

/** Refuses where a hard constraint would be broken; prefers where soft ones see fewer of the pod's like. Undefined without any. */
export function spreadOf(pod: Pod, nodes: readonly NodeInfo[]): Relations | undefined {
  const constraints = pod.spec?.topologySpreadConstraints ?? [];
  if (constraints.length === 0) return undefined;
  const keys = constraints.filter(isHard).map(({ topologyKey }) => topologyKey);
  const spreads = constraints.map((constraint) => calculateSpread(pod, constraint, { nodes, keys }));
  const [hard, soft] = [
    spreads.filter(({ constraint }) => isHard(constraint)),
    spreads.filter(({ constraint }) => !isHard(constraint)),
  ];
  return {
    refuse: (info) => hard.map((spread) => refuse(spread, info)).find((each) => each !== undefined),
    preference: (info) => -soft.reduce((sum, spread) => sum + crowd(spread, info), 0),
  };
}

function isHard({ whenUnsatisfiable }: TopologySpreadConstraint): boolean {
  return whenUnsatisfiable !== 'ScheduleAnyway';
}

function calculateSpread(
  pod: Pod,
  constraint: TopologySpreadConstraint,
  { nodes, keys }: { readonly nodes: readonly NodeInfo[]; readonly keys: readonly string[] },
): Spread {
  const selector = selectorFor(pod, constraint);
  const counts = new Map<string, number>();
  for (const info of nodes) {
    const domain = domainOf(info, constraint.topologyKey);
    if (domain === undefined || !isCounted(pod, constraint, { info, keys })) continue;
    const matching = [...info.neighbours].filter(
      ({ namespace, labels, isLeaving }) =>
        !isLeaving && namespace === (pod.metadata.namespace ?? '') && matchesLabelSelector(selector, labels),
    );
    counts.set(domain, (counts.get(domain) ?? 0) + matching.length);
  }
  const isSparse = counts.size < (constraint.minDomains ?? 1);
  const least = isSparse || counts.size === 0 ? 0 : Math.min(...counts.values());
  return { constraint, counts, least, self: matchesLabelSelector(selector, pod.metadata.labels) ? 1 : 0 };
}

/** `matchLabelKeys` narrow the selector to pods with the same values, such as those of one revision. */
function selectorFor(
  pod: Pod,
  { labelSelector, matchLabelKeys = [] }: TopologySpreadConstraint,
): LabelSelector | undefined {
  const labels = pod.metadata.labels ?? {};
  const same = matchLabelKeys.flatMap((key) => {
    const value = labels[key];
    return value === undefined ? [] : [[key, value] as const];
  });
  if (labelSelector === undefined || same.length === 0) return labelSelector;
  return { ...labelSelector, matchLabels: { ...labelSelector.matchLabels, ...Object.fromEntries(same) } };
}

/** A node where the pod may not go anyway is no domain to keep even with. */
function isCounted(
  pod: Pod,
  { nodeAffinityPolicy, nodeTaintsPolicy }: TopologySpreadConstraint,
  { info, keys }: { readonly info: NodeInfo; readonly keys: readonly string[] },
): boolean {
  const isMissed = keys.some((key) => domainOf(info, key) === undefined);
  const isElsewhere =
    nodeAffinityPolicy !== 'Ignore' && info.node !== undefined && !matchesNodeAffinity(pod, info.node);
  const isTainted =
    nodeTaintsPolicy === 'Honor' &&
    info.taints.some((taint) => taint.effect !== 'PreferNoSchedule' && !isTolerated(taint, pod.spec?.tolerations));
  return !isMissed && !isElsewhere && !isTainted;
}

/** `maxSkew 1` with 2, 2 and 1 matching pods allows only the third domain. */
function refuse({ constraint, counts, least, self }: Spread, info: NodeInfo): Refusal | undefined {
  const domain = domainOf(info, constraint.topologyKey);
  if (domain === undefined) return { reasons: [missingLabel], isResolvable: false };
  const skew = (counts.get(domain) ?? 0) + self - least;
  return skew > constraint.maxSkew ? { reasons: [uneven], isResolvable: true } : undefined;
}

/** A node outside the topology is as full as the fullest. */
function crowd({ constraint, counts }: Spread, info: NodeInfo): number {
  const domain = domainOf(info, constraint.topologyKey);
  return domain === undefined ? Math.max(0, ...counts.values()) : (counts.get(domain) ?? 0);
}
