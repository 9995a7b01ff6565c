/** What pods ask of each other: required and preferred affinity and anti-affinity, within a topology. */
import type { Pod, PodAffinityTerm, WeightedPodAffinityTerm } from '@slipway/kube/api.generated';
import { isEmptySelector, matchesLabelSelector } from '@slipway/kube/selector';
import { neighbourOf, type Neighbour } from './neighbour.ts';
import type { NodeInfo } from './node-info.ts';
import type { Refusal } from './refusal.ts';

/** Whether a term of a pod in `namespace` speaks of the other one. Namespaces are named, or all by an empty selector. */
function speaksOf(term: PodAffinityTerm, namespace: string, other: Neighbour): boolean {
  const { namespaces = [], namespaceSelector, labelSelector } = term;
  const isEverywhere = namespaceSelector !== undefined && isEmptySelector(namespaceSelector);
  const names = namespaces.length === 0 && namespaceSelector === undefined ? [namespace] : namespaces;
  return (isEverywhere || names.includes(other.namespace)) && matchesLabelSelector(labelSelector, other.labels);
}

export function domainOf({ node }: NodeInfo, topologyKey: string): string | undefined {
  return node?.metadata.labels?.[topologyKey];
}

/** For one pod, what all the others mean to it. Worked out once, asked for each node. */
export interface Relations {
  refuse(info: NodeInfo): Refusal | undefined;
  /** More is better. */
  preference(info: NodeInfo): number;
}

/** Undefined where this pod says nothing of others, and no other one minds it. */
export function relationsOf(pod: Pod, nodes: readonly NodeInfo[]): Relations | undefined {
  const own = neighbourOf(pod);
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {};
  const repelled = findRepelled(own, nodes);
  if (podAffinity === undefined && podAntiAffinity === undefined && repelled.length === 0) return undefined;
  const attracting = podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const repelling = own.repels.map((term) => ({ term, domains: findDomains(term, own.namespace, nodes) }));
  const wanted = attracting.map((term) => ({ term, domains: findDomains(term, own.namespace, nodes) }));
  // The first of a group that wants to be together has nobody to join.
  const isFirst =
    wanted.every(({ domains }) => domains.size === 0) && attracting.every((term) => speaksOf(term, own.namespace, own));
  const preferred = [
    ...weighted(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution, 1),
    ...weighted(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution, -1),
  ].map(({ term, weight }) => ({ term, weight, domains: findDomains(term, own.namespace, nodes) }));
  return {
    refuse: (info) => {
      const isIn = ({ term, domains }: Related): boolean => domains.has(domainOf(info, term.topologyKey) ?? '');
      const isWanted = (related: Related): boolean =>
        domainOf(info, related.term.topologyKey) !== undefined && (isFirst || isIn(related));
      if (!wanted.every(isWanted)) return refusal("node(s) didn't match pod affinity rules");
      if (repelling.some(isIn)) return refusal("node(s) didn't match pod anti-affinity rules");
      if (repelled.some(({ key, domain }) => domainOf(info, key) === domain))
        return refusal("node(s) didn't satisfy existing pods anti-affinity rules");
      return undefined;
    },
    preference: (info) =>
      preferred.reduce(
        (sum, { term, weight, domains }) => sum + weight * (domains.get(domainOf(info, term.topologyKey) ?? '') ?? 0),
        0,
      ),
  };
}

interface Related {
  readonly term: PodAffinityTerm;
  /** How many of the pods that the term speaks of each domain has. */
  readonly domains: ReadonlyMap<string, number>;
}

function refusal(reason: string): Refusal {
  return { reasons: [reason], isResolvable: true };
}

function weighted(
  terms: readonly WeightedPodAffinityTerm[] | undefined,
  sign: 1 | -1,
): ReadonlyArray<{ readonly term: PodAffinityTerm; readonly weight: number }> {
  return (terms ?? []).map(({ podAffinityTerm, weight }) => ({ term: podAffinityTerm, weight: sign * weight }));
}

function findDomains(
  term: PodAffinityTerm,
  namespace: string,
  nodes: readonly NodeInfo[],
): ReadonlyMap<string, number> {
  const domains = new Map<string, number>();
  for (const info of nodes) {
    const domain = domainOf(info, term.topologyKey);
    if (domain === undefined) continue;
    const count = [...info.neighbours].filter((other) => speaksOf(term, namespace, other)).length;
    if (count > 0) domains.set(domain, (domains.get(domain) ?? 0) + count);
  }
  return domains;
}

interface Repelled {
  readonly key: string;
  readonly domain: string;
}

/** Where those are who do not want this pod. */
function findRepelled(own: Neighbour, nodes: readonly NodeInfo[]): readonly Repelled[] {
  return nodes
    .filter((info) => info.isRepelling)
    .flatMap((info) =>
      [...info.repelling].flatMap((other) =>
        other.repels
          .filter((term) => speaksOf(term, other.namespace, own))
          .flatMap(({ topologyKey: key }) => {
            const domain = domainOf(info, key);
            return domain === undefined ? [] : [{ key, domain }];
          }),
      ),
    );
}
