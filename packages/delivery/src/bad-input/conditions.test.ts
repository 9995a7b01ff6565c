/** What only the controller can know to be wrong stands in a condition after its first look, and nothing of it is begun. */
import { findCondition } from '@slipway/kube/conditions';
import type { ResourceType } from '@slipway/kube/object';
import { replicaSets, services } from '@slipway/kube/resources';
import { splits } from '@slipway/kube/split';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { controllerFaults, type ControllerFault } from '../../testing/controller-faults.ts';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import { applications } from '../api/application.ts';
import { releases } from '../api/release.ts';

const namespace = 'default';

let cluster: DeliveryCluster;

beforeAll(async () => {
  cluster = await createDeliveryCluster();
});
afterAll(() => cluster.stop());

async function conditionOf(name: string, { condition }: ControllerFault) {
  const { status } = await cluster.client.get(applications, { namespace, name });
  return findCondition(status?.conditions, condition.type);
}

const beginnings: readonly ResourceType[] = [releases, replicaSets, services, splits];

/** Of everything that a release begins with. */
async function begun(): Promise<readonly string[]> {
  const lists = await Promise.all(beginnings.map((type) => cluster.client.list(type, { namespace })));
  const names = lists.flatMap(({ items }) => items.map(({ metadata }) => metadata.name ?? ''));
  return names.filter((name) => name !== 'kubernetes');
}

test.each(controllerFaults.map((fault, index) => ({ ...fault, application: `faulty-${index}` })))(
  '$name',
  async ({ application: name, ...fault }) => {
    await cluster.client.create(applications, {
      metadata: { name, namespace },
      spec: fault.spec,
    });
    // Less than what a look waits before it looks again: one look, and the trial that it asked for.
    await cluster.advance(100);
    const { status } = fault.condition;
    expect(await conditionOf(name, fault)).toMatchObject({
      status,
      observedGeneration: 1,
      message: expect.stringContaining(fault.said),
    });
    await cluster.advance(5_000);
    expect(await conditionOf(name, fault)).toMatchObject({ status });
    expect(await begun()).toEqual([]);
  },
);
