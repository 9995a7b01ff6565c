import type { Ingress } from '@slipway/kube/api.generated';
import { describe, expect, test } from 'vitest';
import { reconcileAddress } from './ingress-addresses.ts';

const address = '192.0.2.1';
const ours = [{ ip: address }];

function ingress(ingressClassName: string | undefined, ingresses: ReadonlyArray<{ readonly ip: string }>): Ingress {
  return {
    metadata: { name: 'web', namespace: 'default' },
    spec: ingressClassName === undefined ? {} : { ingressClassName },
    status: { loadBalancer: { ingress: [...ingresses] } },
  };
}

describe('the address of an Ingress', () => {
  test.each([
    ['is published', ingress('slipway', []), ours],
    ['is published without a class', ingress(undefined, []), ours],
    ['replaces one of an earlier gateway', ingress('slipway', [{ ip: '192.0.2.9' }]), ours],
    ['is left as it is when it is right', ingress('slipway', ours), undefined],
    ['is withdrawn when the Ingress is another controller’s now', ingress('nginx', ours), []],
    ['of another controller is not ours to change', ingress('nginx', [{ ip: '192.0.2.9' }]), undefined],
  ])('%s', (_what, observed, expected) => {
    expect(reconcileAddress({ ingress: observed, address }).status).toEqual(expected);
  });

  test('is not written to an Ingress that is being deleted', () => {
    const { metadata, ...rest } = ingress('slipway', []);
    const deleted = { ...rest, metadata: { ...metadata, deletionTimestamp: '2030-01-01T00:00:00Z' } };
    expect(reconcileAddress({ ingress: deleted, address })).toEqual({ actions: [] });
  });
});
