import type { KubeClient } from '@slipway/kube/client';
import { keyOf } from '@slipway/kube/object';
import { pods, replicaSets } from '@slipway/kube/resources';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createMemoryCluster } from '../../../cluster/testing/memory-cluster.ts';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { release } from '../../testing/records.ts';
import { runHistory } from '../../testing/histories.ts';
import { observationOf } from '../../testing/simulation/world.ts';
import { annotations, labels } from '../names.ts';
import { versionReplicaSet } from '../version-objects.ts';
import { setServing } from './traffic-effects.ts';

const world = runHistory({ strategy: { type: 'blueGreen' }, routed: false, replicas: 1, happenings: [] });
const template = { spec: { containers: [{ name: 'web', image: 'shop:v1' }] } };
const version = release({ spec: { template } });
const clock = new FakeClock();
let client: KubeClient;
let close: () => Promise<void>;

beforeEach(async () => {
  ({ client, close } = await createMemoryCluster({ clock }));
});
afterEach(() => close());

/** Of a ReplicaSet that has become smaller since it was seen. */
async function join(marks: Readonly<Record<string, string>>): Promise<void> {
  const set = await client.create(replicaSets, versionReplicaSet(version, 2));
  const metadata = { name: 'a', namespace: 'default', annotations: marks };
  const pod = await client.create(pods, { metadata, spec: template.spec });
  await client.patch(replicaSets, keyOf(set), { type: 'merge', body: { spec: { replicas: 1 } } });
  const observation = { ...observationOf(world), releases: [version], replicaSets: [set], pods: [pod] };
  const action = { type: 'setServing', release: 'shop-1', pods: ['a'], serves: true, template: false } as const;
  await setServing(action, { client, clock, observation });
}

async function serves(): Promise<string | undefined> {
  return (await client.get(pods, { namespace: 'default', name: 'a' })).metadata.labels?.[labels.serves];
}

test('a pod that is marked to go does not serve again where its ReplicaSet has become smaller unseen', async () => {
  await expect(join({ [annotations.deletionCost]: '-1000' })).rejects.toMatchObject({ reason: 'Conflict' });
  expect(await serves()).toBeUndefined();
});

test('a pod that is not marked serves, whatever has become of its ReplicaSet', async () => {
  await join({});
  expect(await serves()).toBe('true');
});
