import type { ResourceQuotaSpec } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { columnsOf, faultsOf, rowOf } from '../../../testing/catalog-checks.ts';
import { resourceQuota } from './resource-quota.ts';

function saidOf(spec: ResourceQuotaSpec, old?: ResourceQuotaSpec): readonly string[] {
  const object = (of: ResourceQuotaSpec) => ({ metadata: {}, spec: of });
  return faultsOf(resourceQuota, object(spec), old === undefined ? undefined : object(old));
}

describe('a ResourceQuota', () => {
  it('bounds what Kubernetes can count', () => {
    const hard = { pods: 3, 'requests.cpu': '1500m', 'limits.memory': '1Gi', 'count/deployments.apps': 2 };
    expect(saidOf({ hard })).toEqual([]);
  });

  it.each<{ readonly spec: object; readonly fault: string }>([
    {
      spec: { hard: { bananas: 1 } },
      fault: 'spec.hard[bananas]: Invalid value: "bananas": must be a standard resource for quota',
    },
    { spec: { hard: { pods: '1500m' } }, fault: 'spec.hard[pods]: Invalid value: "1500m": must be an integer' },
    {
      spec: { hard: { cpu: '-1' } },
      fault: 'spec.hard[cpu]: Invalid value: "-1": must be greater than or equal to 0',
    },
    {
      spec: { hard: { services: 1 }, scopes: ['Terminating'] },
      fault: 'spec.scopes: Invalid value: []string{"Terminating"}: unsupported scope applied to resource',
    },
    {
      spec: { hard: { pods: 1 }, scopes: ['BestEffort', 'NotBestEffort'] },
      fault: 'spec.scopes: Invalid value: []string{"BestEffort", "NotBestEffort"}: conflicting scopes',
    },
  ])('is refused with $fault', ({ spec, fault }) => {
    expect(saidOf(spec)).toEqual([fault]);
  });

  it('keeps its scopes', () => {
    expect(saidOf({ hard: { pods: 1 }, scopes: ['BestEffort'] }, { hard: { pods: 1 } })).toEqual([
      'spec.scopes: Invalid value: []string{"BestEffort"}: field is immutable',
    ]);
  });

  it('shows what is used of what there is', () => {
    expect(columnsOf(resourceQuota)).toEqual(['Name', 'Age', 'Request', 'Limit']);
    const status = { hard: { pods: '3', 'limits.cpu': '2', cpu: '1' }, used: { pods: '1' } };
    expect(rowOf(resourceQuota, { metadata: {}, ...{ status } })).toEqual({
      Request: 'cpu: 0/1, pods: 1/3',
      Limit: 'limits.cpu: 0/2',
    });
  });
});
