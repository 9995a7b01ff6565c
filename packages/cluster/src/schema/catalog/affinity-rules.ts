/** What Kubernetes asks of an affinity. https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/ */
import type {
  Affinity,
  LabelSelector,
  NodeAffinity,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
} from '@slipway/kube/api.generated';
import type { Fault } from '../definition.ts';
import { forbidden, invalid, misnamed, required } from '../faults.ts';
import { dns1123Label, dns1123Subdomain } from '../names.ts';
import { checkLabelSelector, checkSetOperator, labelKey, labelValues } from './selector-rules.ts';

const hard = 'requiredDuringSchedulingIgnoredDuringExecution';
const soft = 'preferredDuringSchedulingIgnoredDuringExecution';

export function checkAffinity(
  { nodeAffinity, podAffinity, podAntiAffinity }: Affinity,
  path: string,
): readonly Fault[] {
  return [
    ...(nodeAffinity === undefined ? [] : checkNodeAffinity(nodeAffinity, `${path}.nodeAffinity`)),
    ...(podAffinity === undefined ? [] : checkPodAffinity(podAffinity, `${path}.podAffinity`)),
    ...(podAntiAffinity === undefined ? [] : checkPodAffinity(podAntiAffinity, `${path}.podAntiAffinity`)),
  ];
}

function checkNodeAffinity(affinity: NodeAffinity, path: string): readonly Fault[] {
  const { [hard]: needed, [soft]: preferred = [] } = affinity;
  return [
    ...(needed === undefined ? [] : checkTerms(needed.nodeSelectorTerms ?? [], `${path}.${hard}.nodeSelectorTerms`)),
    ...preferred.flatMap(({ weight, preference }, index) => [
      ...checkWeight(weight, `${path}.${soft}[${index}].weight`),
      ...checkTerm(preference ?? {}, `${path}.${soft}[${index}].preference`),
    ]),
  ];
}

function checkTerms(terms: readonly NodeSelectorTerm[], path: string): readonly Fault[] {
  return terms.length === 0
    ? [required(path, 'must have at least one node selector term')]
    : terms.flatMap((term, index) => checkTerm(term, `${path}[${index}]`));
}

function checkTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, path: string): readonly Fault[] {
  return [
    ...matchExpressions.flatMap((requirement, index) =>
      checkExpression(requirement, `${path}.matchExpressions[${index}]`),
    ),
    ...matchFields.flatMap((requirement, index) => checkField(requirement, `${path}.matchFields[${index}]`)),
  ];
}

function checkExpression({ key, operator, values = [] }: NodeSelectorRequirement, path: string): readonly Fault[] {
  return [
    ...checkOperator(operator, values, path),
    ...labelKey(key, `${path}.key`),
    ...labelValues(values, `${path}.values`),
  ];
}

function checkOperator(operator: string, values: readonly string[], path: string): readonly Fault[] {
  if (operator !== 'Gt' && operator !== 'Lt') return checkSetOperator(operator, values, path);
  return values.length === 1
    ? []
    : [required(`${path}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'")];
}

const oneValue = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";

function checkField({ key, operator, values = [] }: NodeSelectorRequirement, path: string): readonly Fault[] {
  const isOfSet = operator === 'In' || operator === 'NotIn';
  return [
    ...(isOfSet ? [] : [invalid(`${path}.operator`, operator, 'not a valid selector operator')]),
    ...(isOfSet && values.length !== 1 ? [required(`${path}.values`, oneValue)] : []),
    ...(key === 'metadata.name'
      ? values.flatMap((value, index) => misnamed(`${path}.values[${index}]`, value, dns1123Subdomain))
      : [invalid(`${path}.key`, key, 'not a valid field selector key')]),
  ];
}

function checkWeight(weight: number, field: string): readonly Fault[] {
  return weight >= 1 && weight <= 100 ? [] : [invalid(field, weight, 'must be in the range 1-100')];
}

function checkPodAffinity(affinity: PodAffinity, path: string): readonly Fault[] {
  const { [hard]: needed = [], [soft]: preferred = [] } = affinity;
  return [
    ...needed.flatMap((term, index) => checkPodTerm(term, `${path}.${hard}[${index}]`)),
    ...preferred.flatMap(({ weight, podAffinityTerm }, index) => [
      ...checkWeight(weight, `${path}.${soft}[${index}].weight`),
      ...checkPodTerm(podAffinityTerm, `${path}.${soft}[${index}].podAffinityTerm`),
    ]),
  ];
}

function checkPodTerm(term: PodAffinityTerm, path: string): readonly Fault[] {
  const { labelSelector, namespaceSelector, namespaces = [], topologyKey } = term;
  return [
    ...checkLabelSelector(labelSelector, `${path}.labelSelector`),
    ...checkLabelSelector(namespaceSelector, `${path}.namespaceSelector`),
    ...namespaces.flatMap((name) => misnamed(`${path}.namespaces`, name, dns1123Label)),
    ...checkLabelKeys(term, path),
    ...checkTopologyKey(topologyKey, `${path}.topologyKey`),
  ];
}

function checkLabelKeys(term: PodAffinityTerm, path: string): readonly Fault[] {
  const { matchLabelKeys = [], mismatchLabelKeys = [], labelSelector } = term;
  return [
    ...keysOf(matchLabelKeys, labelSelector, `${path}.matchLabelKeys`),
    ...keysOf(mismatchLabelKeys, labelSelector, `${path}.mismatchLabelKeys`),
    ...matchLabelKeys.flatMap((key, index) =>
      mismatchLabelKeys.includes(key)
        ? [invalid(`${path}.matchLabelKeys[${index}]`, key, 'exists in both matchLabelKeys and mismatchLabelKeys')]
        : [],
    ),
  ];
}

/** Keys whose values are those of the pod itself narrow down a selector, and do not stand for one. */
export function keysOf(keys: readonly string[], selector: LabelSelector | undefined, path: string): readonly Fault[] {
  if (keys.length > 0 && selector === undefined)
    return [forbidden(path, 'must not be specified when labelSelector is not set')];
  return keys.flatMap((key, index) => labelKey(key, `${path}[${index}]`));
}

export function checkTopologyKey(key: string | undefined, field: string): readonly Fault[] {
  const isMissing = key === undefined || key === '';
  return [...(isMissing ? [required(field, 'can not be empty')] : []), ...labelKey(key, field)];
}
