import type { ClusterRole, PolicyRule } from '@slipway/kube/api.generated';
import { canonicalJson } from '@slipway/kube/hash';
import { matchesLabelSelector } from '@slipway/kube/selector';

/**
 * The rules of a ClusterRole that sums up others: those of every role that one of its selectors means, by name, each once.
 * https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles
 */
export function combineRules(sum: ClusterRole, all: readonly ClusterRole[]): readonly PolicyRule[] {
  const others = all
    .filter(({ metadata }) => metadata.name !== sum.metadata.name)
    .toSorted((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
  const selected = (sum.aggregationRule?.clusterRoleSelectors ?? []).flatMap((selector) =>
    others.filter(({ metadata }) => matchesLabelSelector(selector, metadata.labels)),
  );
  const rules = selected.flatMap((role) => role.rules ?? []);
  return [...new Map(rules.map((rule) => [canonicalJson(rule), rule])).values()];
}
