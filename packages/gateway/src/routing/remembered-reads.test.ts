import type { EndpointSlice, Service } from '@slipway/kube/api.generated';
import { describe, expect, test } from 'vitest';
import { backend, service, slice, split } from '../../testing/objects.ts';
import { buildRoutes, type ClaimMemory, type RoutingSnapshot } from './build-routes.ts';
import { RememberedReads, type RoutingReads } from './remembered-reads.ts';

interface Cluster {
  readonly services: Map<string, Service>;
  readonly slices: Map<string, readonly EndpointSlice[]>;
}

function readsOf({ services, slices }: Cluster): RoutingReads {
  return {
    service: (_, name) => services.get(name),
    slices: (_, name) => slices.get(name) ?? [],
    sessionSecret: () => undefined,
  };
}

const object = { metadata: { name: 'shop', namespace: 'default' } };

describe('what was calculated for an object', () => {
  const changes: readonly { name: string; change: (cluster: Cluster) => void; again: boolean }[] = [
    { name: 'stays while nothing that was read has changed', change: () => undefined, again: false },
    {
      name: 'stays when something else changes',
      change: ({ services }) => services.set('other', service('other')),
      again: false,
    },
    {
      name: 'is calculated again for another Service',
      change: ({ services }) => services.set('web', service('web')),
      again: true,
    },
    {
      name: 'is calculated again for another slice',
      change: ({ slices }) => slices.set('web', [slice('web', [])]),
      again: true,
    },
    { name: 'is calculated again for one slice less', change: ({ slices }) => slices.set('web', []), again: true },
  ];
  test.each(changes)('$name', ({ change, again }) => {
    const memory = new RememberedReads<number>();
    const cluster = { services: new Map([['web', service('web')]]), slices: new Map([['web', [slice('web', [])]]]) };
    let calculations = 0;
    const look = (): number =>
      memory.resultFor(object, readsOf(cluster), (reads) => {
        reads.service('default', 'web');
        reads.slices('default', 'web');
        calculations += 1;
        return calculations;
      });
    expect(look()).toBe(1);
    change(cluster);
    expect(look()).toBe(again ? 2 : 1);
    expect(calculations).toBe(again ? 2 : 1);
  });

  test('is nothing to another object', () => {
    const memory = new RememberedReads<string>();
    const reads = readsOf({ services: new Map(), slices: new Map() });
    expect(memory.resultFor(object, reads, () => 'one')).toBe('one');
    expect(memory.resultFor({ ...object }, reads, () => 'two')).toBe('two');
  });
});

test('a table with a memory is that without one, whatever has changed since', () => {
  const memory: ClaimMemory = new RememberedReads();
  const cluster: Cluster = { services: new Map([['web', service('web')]]), slices: new Map() };
  const snapshot = (): RoutingSnapshot => ({
    ...readsOf(cluster),
    splits: [shop],
    ingresses: [],
  });
  const shop = split('shop', { backends: [backend('web', 100)] });
  expect(buildRoutes(snapshot(), memory)).toEqual(buildRoutes(snapshot()));
  cluster.slices.set('web', [slice('web', [{ address: '10.0.0.1', port: 8080 }])]);
  expect(buildRoutes(snapshot(), memory)).toEqual(buildRoutes(snapshot()));
  expect(buildRoutes(snapshot(), memory).rules[0]?.backends[0]?.endpoints).toHaveLength(1);
});
