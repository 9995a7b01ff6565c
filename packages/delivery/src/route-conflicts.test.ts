import { leases } from '@slipway/kube/resources';
import { gatewayLeaseLabel, gatewayLeaseNamespace, splits, type SplitInstanceStatus } from '@slipway/kube/split';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../testing/delivery-cluster.ts';
import type { ApplicationSpec } from './api/application.ts';
import type { Observation } from './observation.ts';
import { isRouteLost, routeConflicts } from './route-conflicts.ts';
import { emptyObservation } from '../testing/empty-observation.ts';

const taken = 'RouteConflict: host shop.localhost, path / belongs to Application default/older, which is older';

function observe(instances: readonly Partial<SplitInstanceStatus>[], route: object | undefined = {}): Observation {
  return {
    ...emptyObservation({ metadata: { name: 'shop' }, spec: { template: {}, ...(route && { route }) } }),
    split: {
      metadata: { name: 'shop', generation: 2 },
      spec: { application: 'shop', rules: [] },
      status: {
        instances: instances.map((instance) => ({ name: 'a', observedGeneration: 2, inForceSince: '', ...instance })),
      },
    },
    gateways: ['a', 'b'],
  };
}

test.each([
  { name: 'are named once for all gateways', conflicts: [taken], instances: [{}, { name: 'b' }] },
  { name: 'of an older generation do not count', conflicts: [], instances: [{ observedGeneration: 1 }] },
  { name: 'of a gateway that is dead do not count', conflicts: [], instances: [{ name: 'gone' }] },
])('conflicts $name', ({ instances, conflicts }) => {
  expect(routeConflicts(observe(instances.map((each) => ({ ...each, conflicts: [taken] }))))).toEqual(conflicts);
});

test.each([
  { name: 'where no host of its main rule is served', unservedRules: [0], isLost: true },
  { name: 'not where only a part is refused', unservedRules: [], isLost: false },
  { name: 'not where only the preview is refused', unservedRules: [1], isLost: false },
  { name: 'where a gateway does not say what it serves', unservedRules: undefined, isLost: true },
])('the route is lost $name', ({ unservedRules, isLost }) => {
  expect(isRouteLost(observe([{ conflicts: [taken], unservedRules }]))).toBe(isLost);
  expect(isRouteLost(observe([{ name: 'gone', conflicts: [taken], unservedRules }]))).toBe(false);
});

describe('a release whose host belongs to somebody else', () => {
  let cluster: DeliveryCluster;
  const key = { namespace: 'default', name: 'shop' };

  beforeEach(async () => {
    cluster = await createDeliveryCluster();
  });
  afterEach(() => cluster.stop());

  async function report(
    conflicts: readonly string[],
    unservedRules: readonly number[],
    name = 'gateway-0',
  ): Promise<void> {
    const { metadata } = await cluster.client.get(splits, key);
    const inForceSince = '2026-01-01T00:00:00.000000Z';
    const instance = {
      name,
      observedGeneration: metadata.generation,
      inForceSince,
      conflicts,
      unservedRules,
    };
    const body = { status: { instances: [instance] } };
    await cluster.client.patch(splits, key, { type: 'merge', body }, { subresource: 'status' });
    await cluster.advance(2_000);
  }

  const template = (image: string): ApplicationSpec['template'] => ({ spec: { containers: [{ name: 'web', image }] } });
  const spec: Partial<ApplicationSpec> = {
    service: { ports: [{ port: 80 }] },
    route: { hosts: ['shop.localhost', 'www.shop.localhost'] },
    guardSeconds: 0,
    strategy: { type: 'rolling' },
  };

  test('waits and says for what, and goes on when the conflict is over', async () => {
    await cluster.deploy({ ...spec, template: template('a') });
    await cluster.advance(10_000);
    await report([taken], [0]);
    expect(await cluster.condition('RouteConflict')).toEqual({
      status: 'True',
      reason: 'RouteConflict',
      message: taken,
    });
    await cluster.deploy({ ...spec, template: template('b') });
    await cluster.advance(700_000);
    const { status } = await cluster.release('2');
    expect(status?.phase).toBe('Progressing');
    expect(status?.waitingFor).toBe(`the route to be free (${taken})`);
    await report([], []);
    await cluster.advance(60_000);
    await cluster.advance(60_000);
    expect((await cluster.release('2')).status?.phase).toBe('Succeeded');
    expect((await cluster.condition('RouteConflict'))?.status).toBe('False');
  });

  test('goes on when the gateway that refuses is gone, though nobody says so', async () => {
    await cluster.deploy({ ...spec, template: template('a') });
    await cluster.advance(10_000);
    const name = 'gone';
    await cluster.client.create(leases, {
      metadata: { namespace: gatewayLeaseNamespace, name, labels: { [gatewayLeaseLabel]: 'true' } },
      spec: { leaseDurationSeconds: 15 },
    });
    await report([taken], [0], name);
    await cluster.deploy({ ...spec, template: template('b') });
    await cluster.advance(5_000);
    expect((await cluster.release('2')).status?.waitingFor).toBe(`the route to be free (${taken})`);
    await cluster.advance(40_000);
    expect((await cluster.release('2')).status?.phase).toBe('Succeeded');
    expect((await cluster.condition('RouteConflict'))?.status).toBe('False');
  });

  test('goes on where another host of it is served, and names the one that is refused', async () => {
    await cluster.deploy({ ...spec, template: template('a') });
    await cluster.advance(10_000);
    await report([taken], []);
    await cluster.deploy({ ...spec, template: template('b') });
    await cluster.advance(1_000);
    await report([taken], []);
    await cluster.advance(60_000);
    expect((await cluster.release('2')).status?.phase).toBe('Succeeded');
    await report([taken], []);
    expect(await cluster.condition('RouteConflict')).toMatchObject({ status: 'True', message: taken });
  });
});
