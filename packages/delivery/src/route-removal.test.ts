import { leases, pods } from '@slipway/kube/resources';
import { gatewayLeaseLabel, gatewayLeaseNamespace, splits, type Split } from '@slipway/kube/split';
import { afterEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../testing/delivery-cluster.ts';
import type { ApplicationSpec } from './api/application.ts';

const hour = 3_600_000;
let cluster: DeliveryCluster;

afterEach(() => cluster.stop());

const inside: Partial<ApplicationSpec> = {
  template: { spec: { containers: [{ name: 'web', image: 'a' }] } },
  service: { ports: [{ port: 80 }] },
  strategy: { type: 'blueGreen' },
  guardSeconds: 0,
  drainSeconds: 5,
};
const routed: Partial<ApplicationSpec> = { ...inside, route: { hosts: ['shop.localhost'] } };

async function findSplit(): Promise<Split | undefined> {
  return (await cluster.client.list(splits, { namespace: 'default' })).items[0];
}

async function servingPods(): Promise<number> {
  const labelSelector = 'slipway.dev/serves=true';
  return (await cluster.client.list(pods, { namespace: 'default', labelSelector })).items.length;
}

/** A gateway that lives for 20 s and never says anything. */
async function startSilentGateway(): Promise<void> {
  const metadata = { name: 'late', namespace: gatewayLeaseNamespace, labels: { [gatewayLeaseLabel]: 'true' } };
  await cluster.client.create(leases, { metadata, spec: { leaseDurationSeconds: 20 } });
}

async function serve(crashAfterWrites?: number): Promise<void> {
  cluster = await createDeliveryCluster(crashAfterWrites === undefined ? {} : { crashAfterWrites });
  await cluster.deploy(routed);
  await cluster.advance(10_000);
}

describe('a route that spec asks for no more', () => {
  test('is closed, confirmed and drained before it goes, and the version serves inside', async () => {
    await serve();
    await cluster.deploy(inside);
    await cluster.advance(3_000);
    expect((await findSplit())?.spec.rules).toEqual([]);
    expect((await cluster.application()).status?.waitingFor).toBe('requests that came by the route to end');
    await cluster.advance(4_000);
    expect(await findSplit()).toBeUndefined();
    expect((await cluster.application()).status?.waitingFor).toBeUndefined();
    expect(await servingPods()).toBe(1);
  });

  test('stays, without rules, while a gateway that lives has not confirmed that', async () => {
    await serve();
    await startSilentGateway();
    await cluster.deploy(inside);
    await cluster.advance(12_000);
    expect((await findSplit())?.spec.rules).toEqual([]);
    expect((await cluster.application()).status?.waitingFor).toBe('late to confirm that the route is closed');
    await cluster.advance(20_000);
    expect(await findSplit()).toBeUndefined();
  });

  test('drains for its time whatever clocks say meanwhile', async () => {
    await serve();
    await cluster.deploy(inside);
    await cluster.advance(2_000);
    cluster.clock.jump(hour);
    await cluster.advance(2_000);
    expect((await cluster.application()).status?.waitingFor).toBe('requests that came by the route to end');
    cluster.clock.jump(-2 * hour);
    await cluster.advance(10_000);
    expect(await findSplit()).toBeUndefined();
  });

  test('drains once more for who leads anew, whatever its clock says', async () => {
    await serve();
    await cluster.deploy(inside);
    await cluster.advance(2_000);
    await cluster.away(20_000, async () => cluster.clock.jump(hour));
    await cluster.advance(2_000);
    expect((await findSplit())?.spec.rules).toEqual([]);
    await cluster.advance(20_000);
    expect(await findSplit()).toBeUndefined();
  });

  test('leads to the stable version again when spec asks for it meanwhile', async () => {
    await serve();
    await cluster.deploy(inside);
    await cluster.advance(2_000);
    await cluster.deploy(routed);
    await cluster.advance(2_000);
    expect((await findSplit())?.spec.rules[0]).toMatchObject({
      hosts: ['shop.localhost'],
      backends: [{ version: '1', weight: 100 }],
    });
  });

  test('goes whichever of its writes the controller dies after', async () => {
    await serve();
    const before = cluster.deliveryWrites;
    await cluster.deploy(inside);
    await cluster.advance(15_000);
    const after = cluster.deliveryWrites;
    await cluster.stop();
    expect(after).toBeGreaterThan(before + 2);
    for (let write = before + 1; write <= after; write += 1) {
      await serve(write);
      await cluster.deploy(inside);
      await cluster.advance(60_000);
      expect(await findSplit(), `after write ${write}`).toBeUndefined();
      expect(await servingPods()).toBe(1);
      if (write < after) await cluster.stop();
    }
  }, 120_000);
});

describe('a first release that is refused while it takes traffic', () => {
  async function promoteTowardsSilence(crashAfterWrites?: number): Promise<void> {
    cluster = await createDeliveryCluster(crashAfterWrites === undefined ? {} : { crashAfterWrites });
    await startSilentGateway();
    await cluster.deploy(routed);
    await cluster.advance(5_000);
  }

  test('goes back until nothing leads to it, and has failed only then', async () => {
    await promoteTowardsSilence();
    expect((await cluster.release('1')).status?.phase).toBe('Promoting');
    expect((await findSplit())?.spec.rules[0]?.backends).toMatchObject([{ version: '1', weight: 100 }]);
    await cluster.command('abort');
    await cluster.advance(3_000);
    expect((await findSplit())?.spec.rules).toEqual([]);
    expect((await cluster.release('1')).status).toMatchObject({
      phase: 'RollingBack',
      waitingFor: 'late to confirm that the route is closed',
    });
    await cluster.advance(30_000);
    expect((await cluster.release('1')).status?.phase).toBe('Failed');
    expect(await findSplit()).toBeUndefined();
    expect(await servingPods()).toBe(0);
    expect((await cluster.client.list(pods, { namespace: 'default' })).items).toHaveLength(1);
  });

  test('does so whichever of its writes the controller dies after', async () => {
    await promoteTowardsSilence();
    const before = cluster.deliveryWrites;
    await cluster.command('abort');
    await cluster.advance(40_000);
    const after = cluster.deliveryWrites;
    await cluster.stop();
    for (let write = before + 1; write <= after; write += 1) {
      await promoteTowardsSilence(write);
      await cluster.command('abort');
      await cluster.advance(90_000);
      expect((await cluster.release('1')).status?.phase, `after write ${write}`).toBe('Failed');
      expect(await findSplit()).toBeUndefined();
      expect(await servingPods()).toBe(0);
      if (write < after) await cluster.stop();
    }
  }, 120_000);

  test('is released again by a retry', async () => {
    await promoteTowardsSilence();
    await cluster.command('abort');
    await cluster.advance(40_000);
    await cluster.command('retry');
    await cluster.advance(20_000);
    expect((await cluster.application()).status?.serving?.version).toBe('1');
    expect((await findSplit())?.spec.rules[0]?.backends).toMatchObject([{ version: '1', weight: 100 }]);
  });
});
