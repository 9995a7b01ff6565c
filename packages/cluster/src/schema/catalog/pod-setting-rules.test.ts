import type { PodSpec } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { checkSettings } from './pod-setting-rules.ts';

function said(spec: Partial<PodSpec>): readonly string[] {
  return checkSettings({ containers: [], ...spec }, 'spec').map(({ field, message }) => `${field}: ${message}`);
}

const address = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';

describe('what a pod says about names', () => {
  it.each<Partial<PodSpec>>([
    { hostAliases: [{ ip: '10.0.0.1', hostnames: ['a.b'] }, { ip: '::1' }] },
    { dnsPolicy: 'None', dnsConfig: { nameservers: ['1.1.1.1'], searches: ['a.b.'], options: [{ name: 'ndots' }] } },
    { readinessGates: [{ conditionType: 'example.org/ready' }], schedulingGates: [{ name: 'example.org/wait' }] },
  ])('may be %j', (spec) => {
    expect(said(spec)).toEqual([]);
  });

  it.each<{ name: string; spec: Partial<PodSpec>; faults: readonly string[] }>([
    {
      name: 'aliases are of addresses',
      spec: { hostAliases: [{ ip: 'localhost' }] },
      faults: [`spec.hostAliases[0].ip: Invalid value: "localhost": ${address}`],
    },
    {
      name: 'a policy of none needs servers',
      spec: { dnsPolicy: 'None', dnsConfig: {} },
      faults: [
        'spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None',
      ],
    },
    {
      name: 'a policy of none needs a configuration',
      spec: { dnsPolicy: 'None' },
      faults: ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
    },
    {
      name: 'there are three servers at most, at addresses',
      spec: { dnsConfig: { nameservers: ['1.1.1.1', '1.1.1.2', '1.1.1.3', 'dns'] } },
      faults: [
        'spec.dnsConfig.nameservers: Invalid value: []string{"1.1.1.1", "1.1.1.2", "1.1.1.3", "dns"}: must not have more than 3 nameservers',
        `spec.dnsConfig.nameservers[3]: Invalid value: "dns": ${address}`,
      ],
    },
    {
      name: 'options have names',
      spec: { dnsConfig: { options: [{ value: '5' }] } },
      faults: ['spec.dnsConfig.options[0]: Required value: must not be empty'],
    },
    {
      name: 'a gate stands once',
      spec: { schedulingGates: [{ name: 'a' }, { name: 'a' }] },
      faults: ['spec.schedulingGates[1]: Duplicate value: "a"'],
    },
    {
      name: 'a gate has a name',
      // As it comes from who leaves it out.
      spec: JSON.parse('{ "readinessGates": [{}], "schedulingGates": [{}] }'),
      faults: [
        expect.stringMatching(/^spec\.readinessGates\[0\]\.conditionType: .*: name part must be non-empty$/),
        expect.stringMatching(/^spec\.readinessGates\[0\]\.conditionType: /),
        expect.stringMatching(/^spec\.schedulingGates\[0\]: .*: name part must be non-empty$/),
        expect.stringMatching(/^spec\.schedulingGates\[0\]: /),
      ],
    },
  ])('$name', ({ spec, faults }) => {
    expect(said(spec)).toEqual(faults);
  });
});
