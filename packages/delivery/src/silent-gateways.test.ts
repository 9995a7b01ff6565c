import { leases, pods } from '@slipway/kube/resources';
import { gatewayLeaseLabel, gatewayLeaseNamespace } from '@slipway/kube/split';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../testing/delivery-cluster.ts';

let cluster: DeliveryCluster;

beforeEach(async () => {
  cluster = await createDeliveryCluster();
});
afterEach(() => cluster.stop());

async function deploy(image: string, guardSeconds: number): Promise<void> {
  await cluster.deploy({
    replicas: 2,
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
