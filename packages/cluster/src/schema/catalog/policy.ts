import type { PodDisruptionBudget } from '@slipway/kube/api.generated';
import { podDisruptionBudgets } from '@slipway/kube/resources';
import type { Fault } from '../definition.ts';
import { define } from '../entry.ts';
import { invalid } from '../faults.ts';
import { dns1123Subdomain } from '../names.ts';
import { supported } from './pod-template.ts';
import { checkLabelSelector } from './selector-rules.ts';
import { countOrPercentage } from './workload.ts';

export const podDisruptionBudget = define<PodDisruptionBudget>({
  type: podDisruptionBudgets,
  schemaType: 'io.k8s.api.policy.v1.PodDisruptionBudget',
  shortNames: ['pdb'],
  hasStatus: true,
  nameRule: dns1123Subdomain,
  columns: [
    { name: 'Min Available', cell: ({ spec }) => String(spec?.minAvailable ?? 'N/A') },
    { name: 'Max Unavailable', cell: ({ spec }) => String(spec?.maxUnavailable ?? 'N/A') },
    { name: 'Allowed Disruptions', type: 'integer', cell: ({ status }) => status?.disruptionsAllowed ?? 0 },
  ],
  validate: validateBudget,
});

function validateBudget({ spec }: PodDisruptionBudget): readonly Fault[] {
  if (spec === undefined) return [];
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = spec;
  return [
    ...(minAvailable !== undefined && maxUnavailable !== undefined
      ? [invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set')]
      : []),
    ...share(minAvailable, 'spec.minAvailable'),
    ...share(maxUnavailable, 'spec.maxUnavailable'),
    ...checkLabelSelector(selector, 'spec.selector'),
    ...supported(unhealthyPodEvictionPolicy, ['AlwaysAllow', 'IfHealthyBudget'], 'spec.unhealthyPodEvictionPolicy'),
  ];
}

function share(value: string | number | undefined, path: string): readonly Fault[] {
  const isTooMuch = typeof value === 'string' && Number.parseInt(value, 10) > 100;
  return [
    ...countOrPercentage(value, path),
    ...(isTooMuch ? [invalid(path, value, 'must not be greater than 100%')] : []),
  ];
}
