import type { Pod } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { keyOf } from '@slipway/kube/object';
import { pods, replicaSets } from '@slipway/kube/resources';
import { beforeEach, afterEach, describe, expect, test } from 'vitest';
import { createMemoryCluster } from '../../../cluster/testing/memory-cluster.ts';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { runHistory } from '../../testing/histories.ts';
import { observationOf } from '../../testing/simulation/world.ts';
import { annotations } from '../names.ts';
import { versionReplicaSet } from '../version-objects.ts';
import { createVersion, markForDeletion, startDrain } from './version-effects.ts';

const names = ['a', 'b', 'c'];
const world = runHistory({ strategy: { type: 'blueGreen' }, routed: false, replicas: 1, happenings: [] });

describe('of several pods, of which one has changed since it was seen, the others', () => {
  const clock = new FakeClock();
  let client: KubeClient;
  let close: () => Promise<void>;
  let seen: readonly Pod[];

  beforeEach(async () => {
    ({ client, close } = await createMemoryCluster({ clock }));
    seen = await Promise.all(
      names.map((name) =>
        client.create(pods, {
          metadata: { name, namespace: 'default' },
          spec: { containers: [{ name: 'web', image: 'shop:v1' }] },
        }),
      ),
    );
    const body = { metadata: { labels: { touched: 'true' } } };
    await client.patch(pods, { namespace: 'default', name: 'a' }, { type: 'merge', body });
  });
  afterEach(() => close());

  async function marked(annotation: string): Promise<readonly string[]> {
    const { items } = await client.list(pods, { namespace: 'default' });
    return items.flatMap((pod) => (pod.metadata.annotations?.[annotation] === undefined ? [] : [keyOf(pod).name]));
  }

  function look(): Parameters<typeof startDrain>[1] {
    return { client, clock, observation: { ...observationOf(world), pods: seen } };
  }

  test('begin to drain all the same', async () => {
    const outcome = startDrain({ type: 'startDrain', release: 'shop-1', pods: names }, look());
    await expect(outcome).rejects.toMatchObject({ reason: 'Conflict' });
    expect(await marked(annotations.drainingSince)).toEqual(['b', 'c']);
  });

  test('are marked to go all the same', async () => {
    const outcome = markForDeletion({ type: 'markForDeletion', release: 'shop-1', pods: names }, look());
    await expect(outcome).rejects.toMatchObject({ reason: 'Conflict' });
    expect(await marked(annotations.deletionCost)).toEqual(['b', 'c']);
  });
});

test('a version that must meet no other is not made beside one that the look did not show', async () => {
  const { client, close } = await createMemoryCluster({ clock: new FakeClock() });
  const [first, second] = runHistory({
    strategy: { type: 'recreate' },
    routed: false,
    replicas: 1,
    serving: true,
    happenings: [{ type: 'deploy', image: 'b' }],
  }).releases;
  if (first === undefined || second === undefined) throw new Error('there are not two versions');
  const other = await client.create(replicaSets, versionReplicaSet(first, 1));
  const look = { client, observation: { ...observationOf(world), replicaSets: [], pods: [] } };
  const make = (alone: boolean) => createVersion({ type: 'createVersion', release: second, replicas: 1, alone }, look);
  await expect(make(true)).rejects.toMatchObject({ reason: 'Conflict', message: expect.stringContaining('shop-1-') });
  await client.patch(replicaSets, keyOf(other), { type: 'merge', body: { spec: { replicas: 0 } } });
  await make(true);
  const { items } = await client.list(replicaSets, { namespace: 'default' });
  expect(items.map(({ spec }) => spec?.replicas).toSorted()).toEqual([0, 1]);
  await close();
});
