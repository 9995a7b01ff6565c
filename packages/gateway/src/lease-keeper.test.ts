import type { KubeClient } from '@slipway/kube/client';
import { silentLogger } from '@slipway/kube/logger';
import { leases } from '@slipway/kube/resources';
import { gatewayLeaseNamespace, observedEndpointsAnnotation } from '@slipway/kube/split';
import { expect, test } from 'vitest';
import { FakeClock } from '../../kube/testing/fake-clock.ts';
import { FakeCluster } from '../testing/fake-cluster.ts';
import { LeaseKeeper } from './lease-keeper.ts';

test('a lease is renewed in time though an API server takes a request and says nothing', async () => {
  const clock = new FakeClock();
  const cluster = new FakeCluster();
  const silentRequests: AbortSignal[] = [];
  const stop = new AbortController();
  let isSilent = true;
  const client: KubeClient = {
    ...cluster.client,
    patch: (type, key, patch, options) => {
      const { signal } = options ?? {};
      if (!isSilent || signal === undefined) return cluster.client.patch(type, key, patch, options);
      silentRequests.push(signal);
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('given up'))));
    },
  };
  const keeper = new LeaseKeeper({ client, clock, logger: silentLogger, instance: 'a', signal: stop.signal });
  keeper.observe('1');
  for (let second = 0; second < 5; second++) await clock.advance(1_000);
  expect(silentRequests.map(({ aborted }) => aborted)).toEqual([true, false]);
  isSilent = false;
  for (let second = 0; second < 5; second++) await clock.advance(1_000);
  expect(cluster.get(leases, { namespace: gatewayLeaseNamespace, name: 'a' })).toBeDefined();
  expect(clock.monotonic()).toBeLessThan(15_000);
  stop.abort();
  await keeper.release();
});

test('changes that follow each other closely share a write, and the first of them waits for nothing', async () => {
  const clock = new FakeClock();
  const cluster = new FakeCluster();
  const stop = new AbortController();
  let writes = 0;
  const client: KubeClient = {
    ...cluster.client,
    patch: (...request) => {
      writes += 1;
      return cluster.client.patch(...request);
    },
  };
  const keeper = new LeaseKeeper({ client, clock, logger: silentLogger, instance: 'a', signal: stop.signal });
  const told = (): string | undefined =>
    cluster.get(leases, { namespace: gatewayLeaseNamespace, name: 'a' })?.metadata.annotations?.[
      observedEndpointsAnnotation
    ];
  keeper.observe('1');
  await clock.advance(0);
  expect([told(), writes]).toEqual(['1', 1]);
  for (const change of ['2', '3', '4']) {
    keeper.observe(change);
    await clock.advance(20);
  }
  expect([told(), writes]).toEqual(['1', 1]);
  await clock.advance(40);
  expect([told(), writes]).toEqual(['4', 2]);
  await clock.advance(1_000);
  keeper.observe('5');
  await clock.advance(0);
  expect([told(), writes]).toEqual(['5', 3]);
  stop.abort();
  await keeper.release();
});
