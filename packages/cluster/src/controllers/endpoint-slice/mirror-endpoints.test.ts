import { describe, expect, it } from 'vitest';
import type { Endpoints, EndpointSlice, Service } from '@slipway/kube/api.generated';
import { mirrorManager, planMirror } from './mirror-endpoints.ts';

const service: Service = {
  metadata: { name: 'db', namespace: 'default', uid: 'uid-db' },
  spec: { clusterIP: '10.9.0.1', ports: [{ port: 5432 }] },
};

function written(more: Partial<Endpoints> = {}): Endpoints {
  return {
    metadata: { name: 'db', namespace: 'default' },
    subsets: [
      {
        addresses: [{ ip: '192.0.2.1', hostname: 'one' }],
        notReadyAddresses: [{ ip: '192.0.2.2' }],
        ports: [{ port: 5432 }],
      },
    ],
    ...more,
  };
}

function made(endpoints: Endpoints | undefined, slices: readonly EndpointSlice[] = []) {
  return planMirror(service, endpoints, slices);
}

describe('planMirror', () => {
  it('writes by hand what proxies read, who is not ready included, and is then content', () => {
    const [action, ...more] = made(written());
    expect(more).toEqual([]);
    expect(action).toMatchObject({
      kind: 'createSlice',
      slice: {
        metadata: {
          labels: { 'kubernetes.io/service-name': 'db', 'endpointslice.kubernetes.io/managed-by': mirrorManager },
          ownerReferences: [{ uid: 'uid-db' }],
        },
        ports: [{ port: 5432 }],
        endpoints: [
          { addresses: ['192.0.2.1'], conditions: { ready: true }, hostname: 'one' },
          { addresses: ['192.0.2.2'], conditions: { ready: false } },
        ],
      },
    });
    expect(made(written(), action === undefined ? [] : [action.slice])).toEqual([]);
  });

  it('follows a change with the slice that is there', () => {
    const before = made(written()).map(({ slice }) => slice);
    const subsets = [{ addresses: [{ ip: '192.0.2.3' }], ports: [{ port: 5432 }] }];
    const [action, ...more] = made(written({ subsets }), before);
    expect(more).toEqual([]);
    expect(action).toMatchObject({ kind: 'updateSlice', slice: { endpoints: [{ addresses: ['192.0.2.3'] }] } });
    expect(action?.slice.metadata.labels).toEqual(before[0]?.metadata.labels);
  });

  it.each([
    { name: 'are gone', endpoints: undefined },
    { name: 'have no address', endpoints: written({ subsets: [] }) },
    {
      name: 'are not to be mirrored',
      endpoints: written({ metadata: { name: 'db', labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } } }),
    },
    {
      name: 'elect a leader',
      endpoints: written({
        metadata: { name: 'db', annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } },
      }),
    },
  ])('deletes its slices when the Endpoints $name', ({ endpoints }) => {
    const before = made(written()).map(({ slice }) => slice);
    expect(made(endpoints, before)).toEqual(before.map((slice) => ({ kind: 'deleteSlice', slice })));
    expect(made(endpoints)).toEqual([]);
  });
});
