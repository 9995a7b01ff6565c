import { pods } from '@slipway/kube/resources';
import { splits } from '@slipway/kube/split';
import { describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../testing/delivery-cluster.ts';
import type { ApplicationSpec } from './api/application.ts';

function specOf(image: string, type: string): ApplicationSpec {
  return {
    replicas: 3,
    template: { spec: { containers: [{ name: 'web', image, ports: [{ name: 'http', containerPort: 8080 }] }] } },
    service: { ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
    route: { hosts: ['shop.localhost'] },
    healthCheck: { path: '/health', type: 'probe', timeoutSeconds: 5 },
    strategy: { type },
    guardSeconds: 2,
    drainSeconds: 1,
    keepFailedSeconds: 1,
  };
}

async function expectAtRest(cluster: DeliveryCluster, version: string): Promise<void> {
  const { status } = await cluster.application();
  expect(status?.serving?.version).toBe(version);
  expect(status?.readyReplicas).toBe(3);
  expect((await cluster.client.list(pods, { namespace: 'default' })).items).toHaveLength(3);
  const split = await cluster.client.get(splits, { namespace: 'default', name: 'shop' });
  const carrying = split.spec.rules[0]?.backends.filter(({ weight }) => weight > 0) ?? [];
  expect(carrying.map((backend) => [backend.version, backend.weight])).toEqual([[version, 100]]);
}

async function releaseTwo(cluster: DeliveryCluster, type: string): Promise<void> {
  await cluster.deploy(specOf('a', type));
  await cluster.advance(20_000);
  await cluster.deploy(specOf('b', type));
  await cluster.advance(60_000);
}

describe.each(['blueGreen', 'rolling'])('%s, on the API in memory', (type) => {
  test('a second version replaces the first', async () => {
    const cluster = await createDeliveryCluster();
    await releaseTwo(cluster, type);
    expect((await cluster.release('2')).status?.phase).toBe('Succeeded');
    await expectAtRest(cluster, '2');
    await cluster.stop();
  });

  test('a version that says it is not healthy is rolled back and remembered', async () => {
    const cluster = await createDeliveryCluster();
    await cluster.deploy(specOf('a', type));
    await cluster.advance(20_000);
    await cluster.deploy(specOf('broken', type));
    await cluster.advance(60_000);
    const { status } = await cluster.release('2');
    expect(status?.phase).toBe('RolledBack');
    expect(status?.ending?.reason).toContain('{"healthy":false}');
    expect((await cluster.application()).status?.refused?.[0]?.version).toBe('2');
    await expectAtRest(cluster, '1');
    await cluster.stop();
  });

  test.each([1, 3, 5, 8, 11, 14, 17, 20, 24, 28, 32, 36])(
    'is finished by the next controller when one dies after write %i',
    async (crashAfterWrites) => {
      const cluster = await createDeliveryCluster({ crashAfterWrites });
      await releaseTwo(cluster, type);
      await expectAtRest(cluster, '2');
      await cluster.stop();
    },
  );
});
