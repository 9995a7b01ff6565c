import { afterEach, beforeEach, expect, test } from 'vitest';
import { pods } from '@slipway/kube/resources';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import type { ApplicationSpec } from '../api/application.ts';

const hour = 3_600_000;
const spec: Partial<ApplicationSpec> = {
  replicas: 3,
  template: { spec: { containers: [{ name: 'web', image: 'a' }] } },
  service: { ports: [{ port: 80 }] },
  guardSeconds: 0,
  drainSeconds: 30,
};
let cluster: DeliveryCluster;

beforeEach(async () => {
  cluster = await createDeliveryCluster();
  await cluster.deploy(spec);
  await cluster.advance(10_000);
  await cluster.deploy({ ...spec, replicas: 1 });
  await cluster.advance(5_000);
});
afterEach(() => cluster.stop());

async function countPods(): Promise<number> {
  return (await cluster.client.list(pods, { namespace: 'default' })).items.length;
}

test('a clock that is set forward cuts no drain short', async () => {
  cluster.clock.jump(hour);
  await cluster.advance(15_000);
  expect(await countPods()).toBe(3);
  await cluster.advance(20_000);
  expect(await countPods()).toBe(1);
});

test('a clock that is set back draws no drain out', async () => {
  cluster.clock.jump(-hour);
  await cluster.advance(35_000);
  expect(await countPods()).toBe(1);
});

test('who leads anew lets pods drain once more, whatever its clock says', async () => {
  await cluster.away(20_000, async () => cluster.clock.jump(hour));
  await cluster.advance(20_000);
  expect(await countPods()).toBe(3);
  await cluster.advance(30_000);
  expect(await countPods()).toBe(1);
});
