import { leases, pods } from '@slipway/kube/resources';
import { gatewayLeaseLabel, gatewayLeaseNamespace, observedEndpointsAnnotation } from '@slipway/kube/split';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../testing/delivery-cluster.ts';
import { labels } from './names.ts';

let cluster: DeliveryCluster;

beforeEach(async () => {
  cluster = await createDeliveryCluster();
});
afterEach(() => cluster.stop());

async function deploy(image: string, guardSeconds: number, replicas = 2): Promise<void> {
  await cluster.deploy({
    replicas,
    template: { spec: { containers: [{ name: 'web', image }] } },
    service: { ports: [{ port: 80 }] },
    route: { hosts: ['shop.localhost'] },
    strategy: { type: 'blueGreen' },
    guardSeconds,
    drainSeconds: 1,
  });
  await cluster.advance(10_000);
}

/** It says that it lives, and nothing else ever again. */
async function addSilentGateway(): Promise<void> {
  await cluster.client.create(leases, {
    metadata: { namespace: gatewayLeaseNamespace, name: 'silent', labels: { [gatewayLeaseLabel]: 'true' } },
    spec: { leaseDurationSeconds: 15 },
  });
}

describe('a gateway that says nothing about the split any more', () => {
  test('holds up the way back only as long as its Lease', async () => {
    await deploy('a', 0);
    await deploy('b', 600);
    await addSilentGateway();
    await cluster.command('abort');
    await cluster.advance(10_000);
    expect((await cluster.release('2')).status).toMatchObject({
      phase: 'RollingBack',
      waitingFor: 'silent to confirm that version 1 takes all traffic',
    });
    await cluster.advance(60_000);
    expect((await cluster.release('2')).status?.phase).toBe('RolledBack');
  });

  test('keeps the pods of the version before only as long as its Lease', async () => {
    await deploy('a', 0);
    await deploy('b', 20);
    await cluster.advance(10_000 - 500);
    await addSilentGateway();
    await cluster.advance(5_000);
    expect((await cluster.release('2')).status?.phase).toBe('Succeeded');
    await cluster.advance(20_000);
    const { items } = await cluster.client.list(pods, { namespace: 'default' });
    expect(items.map(({ metadata }) => metadata.labels?.['slipway.dev/release'])).toEqual(['shop-2', 'shop-2']);
  });
});

describe('a gateway that routes by older endpoints', () => {
  /** Up to which change the only one says that it routes. */
  async function routesBy(resourceVersion: string): Promise<void> {
    const body = { metadata: { annotations: { [observedEndpointsAnnotation]: resourceVersion } } };
    const key = { namespace: gatewayLeaseNamespace, name: 'gateway-0' };
    await cluster.client.patch(leases, key, { type: 'merge', body });
  }

  async function podsOf(version: string, selector = ''): Promise<number> {
    const labelSelector = `${labels.release}=shop-${version}${selector}`;
    return (await cluster.client.list(pods, { namespace: 'default', labelSelector })).items.length;
  }

  test('may still send to a pod that has left: the drain begins when it does not any more', async () => {
    await deploy('a', 0, 3);
    await routesBy('1');
    await deploy('a', 0, 1);
    await cluster.advance(10_000);
    expect([await podsOf('1'), await podsOf('1', `,${labels.backend}=true`)]).toEqual([3, 1]);
    await routesBy('1000000');
    await cluster.advance(500);
    expect(await podsOf('1')).toBe(3);
    await cluster.advance(5_000);
    expect(await podsOf('1')).toBe(1);
  });

  test('keeps the pods of the version before until it does not any more', async () => {
    await deploy('a', 0);
    await routesBy('1');
    await deploy('b', 0);
    await cluster.advance(10_000);
    expect([await podsOf('1'), await podsOf('2')]).toEqual([2, 2]);
    await routesBy('1000000');
    await cluster.advance(5_000);
    expect([await podsOf('1'), await podsOf('2')]).toEqual([0, 2]);
  });

  test.each([0, 1])(
    'keeps pods for half a minute if it never follows, before a drain of %i s',
    async (drainSeconds) => {
      await deploy('a', 0, 3);
      await routesBy('1');
      await cluster.deploy({ ...(await cluster.application()).spec, replicas: 1, drainSeconds });
      await cluster.advance(25_000);
      expect(await podsOf('1')).toBe(3);
      await cluster.advance(15_000);
      expect(await podsOf('1')).toBe(1);
    },
  );
});
