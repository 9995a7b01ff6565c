import type { NetworkPolicySpec } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { columnsOf, faultsOf, rowOf } from '../../../testing/catalog-checks.ts';
import { networkPolicy } from './network-policy.ts';

function policyOf(spec: Partial<NetworkPolicySpec>) {
  return { metadata: {}, spec: { podSelector: {}, ...spec } };
}

describe('a NetworkPolicy', () => {
  it('is about what comes in, and about what goes out where it says so', () => {
    expect(networkPolicy.applyDefaults(policyOf({}))).toMatchObject({ spec: { policyTypes: ['Ingress'] } });
    expect(networkPolicy.applyDefaults(policyOf({ egress: [{ ports: [{ port: 53 }] }] }))).toMatchObject({
      spec: { policyTypes: ['Ingress', 'Egress'], egress: [{ ports: [{ protocol: 'TCP', port: 53 }] }] },
    });
  });

  it.each<{ readonly spec: object; readonly fault: string }>([
    { spec: { ingress: [{ from: [{}] }] }, fault: 'spec.ingress[0].from[0]: Required value: must specify a peer' },
    {
      spec: { egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0' } }] }] },
      fault:
        'spec.egress[0].to[0].ipBlock.cidr: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    },
    {
      spec: { ingress: [{ from: [{ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }] }] },
      fault: 'spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer',
    },
    {
      spec: { ingress: [{ ports: [{ port: 90, endPort: 80 }] }] },
      fault: 'spec.ingress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`',
    },
    {
      spec: { policyTypes: ['Sideways'] },
      fault: 'spec.policyTypes[0]: Unsupported value: "Sideways": supported values: "Egress", "Ingress"',
    },
  ])('is refused with $fault', ({ spec, fault }) => {
    expect(faultsOf(networkPolicy, policyOf(spec))).toEqual([fault]);
  });

  it('shows whom it is about', () => {
    expect(columnsOf(networkPolicy)).toEqual(['Name', 'Pod-Selector', 'Age']);
    expect(rowOf(networkPolicy, policyOf({}))).toEqual({ 'Pod-Selector': '<none>' });
  });
});
