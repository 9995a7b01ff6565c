import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';

let cluster: DeliveryCluster;

beforeEach(async () => {
  cluster = await createDeliveryCluster();
});
afterEach(() => cluster.stop());

async function deploy(image: string): Promise<void> {
  await cluster.deploy({
    template: { spec: { containers: [{ name: 'web', image }] } },
    service: { ports: [{ port: 80 }] },
    route: { hosts: ['shop.localhost'] },
    strategy: { type: 'canary', canary: { steps: [{ setWeight: 50 }, { pause: {} }] } },
    guardSeconds: 0,
    drainSeconds: 5,
  });
}

test('a release waits for its turn that was made in the second in which the one under way began', async () => {
  await deploy('a');
  await cluster.advance(20_000);
  await cluster.advance(1_050 - (cluster.clock.now() % 1_000));
  await deploy('b');
  await cluster.advance(500);
  expect((await cluster.release('2')).status?.phase).toBe('Paused');
  await deploy('c');
  await cluster.advance(300);
  expect((await cluster.release('2')).metadata.creationTimestamp).toBe(
    (await cluster.release('3')).metadata.creationTimestamp,
  );
  expect((await cluster.release('2')).status?.phase).toBe('RollingBack');
  expect((await cluster.release('3')).status).toMatchObject({
    phase: 'Pending',
    waitingFor: 'version 2 to end first',
  });
  await cluster.advance(20_000);
  expect((await cluster.release('3')).status?.phase).toBe('Paused');
});
