/** What Kubernetes asks of topologySpreadConstraints. https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/ */
import type { TopologySpreadConstraint } from '@slipway/kube/api.generated';
import type { Fault } from '../definition.ts';
import { duplicate, invalid, notSupported } from '../faults.ts';
import { checkTopologyKey, keysOf } from './affinity-rules.ts';
import { checkLabelSelector } from './selector-rules.ts';

const actions = ['DoNotSchedule', 'ScheduleAnyway'];
const policies = ['Honor', 'Ignore'];

export function checkSpread(constraints: readonly TopologySpreadConstraint[], path: string): readonly Fault[] {
  const pairs = constraints.map(({ topologyKey, whenUnsatisfiable }) => `{${topologyKey}, ${whenUnsatisfiable}}`);
  return constraints.flatMap((constraint, index) => {
    const at = `${path}[${index}]`;
    const pair = pairs[index] ?? '';
    return [
      ...checkConstraint(constraint, at),
      ...(pairs.indexOf(pair) < index ? [duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, pair)] : []),
      ...checkKeys(constraint, `${at}.matchLabelKeys`),
      ...checkLabelSelector(constraint.labelSelector, `${at}.labelSelector`),
    ];
  });
}

function checkConstraint(constraint: TopologySpreadConstraint, path: string): readonly Fault[] {
  const { maxSkew, topologyKey, whenUnsatisfiable: action } = constraint;
  return [
    ...(maxSkew > 0 ? [] : [invalid(`${path}.maxSkew`, maxSkew, positive)]),
    ...checkTopologyKey(topologyKey, `${path}.topologyKey`),
    ...(actions.includes(action) ? [] : [notSupported(`${path}.whenUnsatisfiable`, action, actions)]),
    ...checkDomains(constraint, `${path}.minDomains`),
    ...(['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const).flatMap((field) => {
      const policy = constraint[field];
      return policy === undefined || policies.includes(policy)
        ? []
        : [notSupported(`${path}.${field}`, policy, policies)];
    }),
  ];
}

const positive = 'must be greater than zero';

function checkDomains({ minDomains, whenUnsatisfiable }: TopologySpreadConstraint, field: string): readonly Fault[] {
  if (minDomains === undefined) return [];
  const only = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
  return [
    ...(minDomains > 0 ? [] : [invalid(field, minDomains, positive)]),
    ...(whenUnsatisfiable === 'DoNotSchedule' ? [] : [invalid(field, minDomains, only)]),
  ];
}

function checkKeys({ matchLabelKeys = [], labelSelector }: TopologySpreadConstraint, path: string): readonly Fault[] {
  const { matchLabels = {}, matchExpressions = [] } = labelSelector ?? {};
  const selected = new Set([...Object.keys(matchLabels), ...matchExpressions.map(({ key }) => key)]);
  return [
    ...keysOf(matchLabelKeys, labelSelector, path),
    ...matchLabelKeys.flatMap((key, index) =>
      selected.has(key) ? [invalid(`${path}[${index}]`, key, 'exists in both matchLabelKeys and labelSelector')] : [],
    ),
  ];
}
