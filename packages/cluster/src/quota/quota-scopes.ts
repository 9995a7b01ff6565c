/** Which pods a ResourceQuota is about. https://kubernetes.io/docs/concepts/policy/resource-quotas/#quota-scopes */
import type { Pod, ResourceQuota, ScopedResourceSelectorRequirement } from '@slipway/kube/api.generated';

/** Without scopes it is about everything; with scopes about pods that are in each of them, and nothing else. */
export function isInScope({ spec }: ResourceQuota, pod: Pod | undefined): boolean {
  const requirements = [
    ...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' as const })),
    ...(spec?.scopeSelector?.matchExpressions ?? []),
  ];
  return requirements.every((requirement) => pod !== undefined && isMet(requirement, pod));
}

function isMet(requirement: ScopedResourceSelectorRequirement, pod: Pod): boolean {
  switch (requirement.scopeName) {
    case 'Terminating':
      return isLimitedInTime(pod);
    case 'NotTerminating':
      return !isLimitedInTime(pod);
    case 'BestEffort':
      return isBestEffort(pod);
    case 'NotBestEffort':
      return !isBestEffort(pod);
    case 'PriorityClass':
      return matchesClass(requirement, pod.spec?.priorityClassName ?? '');
    case 'CrossNamespacePodAffinity':
      return crossesNamespaces(pod);
  }
}

function isLimitedInTime({ spec }: Pod): boolean {
  return spec?.activeDeadlineSeconds !== undefined;
}

function isBestEffort({ spec }: Pod): boolean {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].every(
    ({ resources }) => Object.keys({ ...resources?.requests, ...resources?.limits }).length === 0,
  );
}

function matchesClass({ operator, values = [] }: ScopedResourceSelectorRequirement, name: string): boolean {
  switch (operator) {
    case 'In':
      return values.includes(name);
    case 'NotIn':
      return !values.includes(name);
    case 'Exists':
      return name !== '';
    case 'DoesNotExist':
      return name === '';
  }
}

function crossesNamespaces({ spec }: Pod): boolean {
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  const terms = [podAffinity, podAntiAffinity].flatMap((affinity) => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ]);
  return terms.some(
    ({ namespaces = [], namespaceSelector }) => namespaces.length > 0 || namespaceSelector !== undefined,
  );
}
