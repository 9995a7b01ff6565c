import type { LimitRangeItem } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { columnsOf, faultsOf } from '../../../testing/catalog-checks.ts';
import { limitRange } from './limit-range.ts';

function rangeOf(...limits: readonly LimitRangeItem[]) {
  return { metadata: {}, spec: { limits } };
}

describe('a LimitRange', () => {
  it.each<{ readonly name: string; readonly item: LimitRangeItem; readonly filled: object }>([
    {
      name: 'gives containers the most that they may have',
      item: { type: 'Container', max: { cpu: '2' } },
      filled: { default: { cpu: '2' }, defaultRequest: { cpu: '2' } },
    },
    {
      name: 'promises what it gives, and at least the least',
      item: { type: 'Container', default: { cpu: '1' }, min: { cpu: '100m', memory: '1Mi' } },
      filled: { default: { cpu: '1' }, defaultRequest: { cpu: '1', memory: '1Mi' } },
    },
    {
      name: 'gives pods nothing',
      item: { type: 'Pod', max: { cpu: '2' } },
      filled: { type: 'Pod', max: { cpu: '2' } },
    },
  ])('$name', ({ item, filled }) => {
    expect(limitRange.applyDefaults(rangeOf(item))).toMatchObject({ spec: { limits: [filled] } });
  });

  it.each<{ readonly items: readonly LimitRangeItem[]; readonly fault: string }>([
    {
      items: [{ type: 'Thing' }],
      fault: 'spec.limits[0].type: Invalid value: "Thing": must be a standard limit type or fully qualified',
    },
    {
      items: [{ type: 'Container', min: { cpu: '2' }, max: { cpu: '1' } }],
      fault: 'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
    },
    {
      items: [{ type: 'Container', default: { cpu: '1' }, defaultRequest: { cpu: '2' } }],
      fault:
        'spec.limits[0].defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than default limit value 1',
    },
    {
      items: [{ type: 'Pod', default: { cpu: '1' } }],
      fault: "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
    },
    {
      items: [{ type: 'PersistentVolumeClaim' }],
      fault:
        'spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided',
    },
    {
      items: [{ type: 'Pod' }, { type: 'Pod' }],
      fault: 'spec.limits[1].type: Duplicate value: "Pod"',
    },
    {
      items: [{ type: 'Pod', min: { cpu: '1' }, max: { cpu: '2' }, maxLimitRequestRatio: { cpu: '3' } }],
      fault: 'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000',
    },
  ])('is refused with $fault', ({ items, fault }) => {
    expect(faultsOf(limitRange, rangeOf(...items))).toContain(fault);
  });

  it('shows when it was made', () => {
    expect(columnsOf(limitRange)).toEqual(['Name', 'Created At']);
  });
});
