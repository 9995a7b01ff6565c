import type { Pod } from '@slipway/kube/api.generated';
import { pods, priorityClasses } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';

let cluster: MemoryCluster;

beforeEach(async () => {
  cluster = await createMemoryCluster();
});

afterEach(() => cluster.close());

const containers = [{ name: 'web', image: 'web:1' }];

function create(spec: Partial<NonNullable<Pod['spec']>> = {}, name = 'web'): Promise<Pod> {
  return cluster.client.create(pods, { metadata: { name, namespace: 'default' }, spec: { containers, ...spec } });
}

describe('the priority of a pod', () => {
  it('is that of its class', async () => {
    await cluster.client.create(priorityClasses, { metadata: { name: 'high' }, value: 7, preemptionPolicy: 'Never' });
    const pod = await create({ priorityClassName: 'high' });
    expect(pod.spec).toMatchObject({ priority: 7, preemptionPolicy: 'Never' });
    const replaced = await cluster.client.update(pods, {
      ...pod,
      spec: { containers, ...pod.spec, priority: undefined, preemptionPolicy: undefined },
    });
    expect(replaced.spec?.priority).toBe(7);
    const critical = await create({ priorityClassName: 'system-node-critical' }, 'critical');
    expect(critical.spec).toMatchObject({ priority: 2_000_001_000, preemptionPolicy: 'PreemptLowerPriority' });
  });

  it('is that of the default class, of which there is one, and none without', async () => {
    const { spec } = await create();
    expect(spec).toMatchObject({ priority: 0, preemptionPolicy: 'PreemptLowerPriority' });
    expect(spec).not.toHaveProperty('priorityClassName');
    const usual = { metadata: { name: 'usual' }, value: 3, globalDefault: true };
    await cluster.client.create(priorityClasses, usual);
    expect((await create({}, 'next')).spec).toMatchObject({ priority: 3, priorityClassName: 'usual' });
    await expect(cluster.client.create(priorityClasses, { ...usual, metadata: { name: 'other' } })).rejects.toThrow(
      'PriorityClass usual is already marked as default. Only one default can exist',
    );
  });

  it.each([
    [
      { priority: 5 },
      'the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name',
    ],
    [{ priorityClassName: 'none' }, 'pods "web" is forbidden: no PriorityClass with name none was found'],
    [
      { priorityClassName: 'system-cluster-critical', priority: 1 },
      'the integer value of priority (1) must not be provided in pod spec; priority admission controller computed 2000000000 from the given PriorityClass name',
    ],
  ])('%j is refused', async (spec, fault) => {
    await expect(create(spec)).rejects.toThrow(fault);
  });
});

describe('the classes of the system', () => {
  it('are there, and may not be deleted', async () => {
    const { items } = await cluster.client.list(priorityClasses);
    expect(items.map(({ metadata, value }) => [metadata.name, value])).toEqual([
      ['system-cluster-critical', 2_000_000_000],
      ['system-node-critical', 2_000_001_000],
    ]);
    await expect(cluster.client.delete(priorityClasses, { name: 'system-node-critical' })).rejects.toThrow(
      'priorityclasses.scheduling.k8s.io "system-node-critical" is forbidden: this is a system priority class and cannot be deleted',
    );
  });
});
