import type { EndpointSlice, Lease, Secret } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import type { ResourceDefinition } from '../definition.ts';
import { secret } from './core.ts';
import { endpointSlice, lease } from './others.ts';

const metadata = { name: 'web', namespace: 'default' };

function said(kind: ResourceDefinition, object: EndpointSlice | Lease | Secret): readonly string[] {
  return kind.validate(object, undefined).map(({ field, message }) => `${field}: ${message}`);
}

describe('a Secret', () => {
  it.each([
    ['kubernetes.io/tls', ['tls.crt', 'tls.key']],
    ['kubernetes.io/ssh-auth', ['ssh-privatekey']],
    ['kubernetes.io/dockerconfigjson', ['.dockerconfigjson']],
    ['Opaque', []],
    ['toString', []],
  ])('of type %s has the keys %j', (type, keys) => {
    expect(said(secret, { metadata, type })).toEqual(keys.map((key) => `data[${key}]: Required value`));
    const data = Object.fromEntries(keys.map((key) => [key, key.startsWith('.docker') ? 'e30=' : '']));
    expect(said(secret, { metadata, type, data })).toEqual([]);
  });
});

describe('a Lease', () => {
  it('lasts', () => {
    expect(said(lease, { metadata, spec: { leaseDurationSeconds: 0, leaseTransitions: -1 } })).toEqual([
      'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
      'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
    ]);
    expect(said(lease, { metadata, spec: { leaseDurationSeconds: 1, leaseTransitions: 0 } })).toEqual([]);
    expect(said(lease, { metadata })).toEqual([]);
  });
});

describe('an EndpointSlice', () => {
  it.each([
    ['IPv4', '10.0.0.1', true],
    ['IPv4', 'x', false],
    ['IPv4', 'fd00::1', false],
    ['IPv6', 'fd00::1', true],
    ['IPv6', '10.0.0.1', false],
  ] as const)('of type %s holds %s: %s', (addressType, address, isTaken) => {
    const faults = [`endpoints[0].addresses[0]: Invalid value: "${address}": must be a valid ${addressType} address`];
    const slice: EndpointSlice = { metadata, addressType, endpoints: [{ addresses: [address] }] };
    expect(said(endpointSlice, slice)).toEqual(isTaken ? [] : faults);
  });
});
