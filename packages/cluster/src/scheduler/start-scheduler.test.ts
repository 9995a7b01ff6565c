import type { Node, Pod } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { silentLogger } from '@slipway/kube/logger';
import { events, nodes, pods } from '@slipway/kube/resources';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { createMemoryCluster } from '../../testing/memory-cluster.ts';
import { startScheduler } from './start-scheduler.ts';

function node(name: string, cpu = '1', more: Partial<NonNullable<Node['spec']>> = {}): Node {
  return {
    metadata: { name },
    spec: more,
    status: { allocatable: { cpu, memory: '1Gi', pods: 110 }, conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

function pod(name: string, cpu = '100m', more: Partial<NonNullable<Pod['spec']>> = {}): Pod {
  return {
    metadata: { name, namespace: 'default' },
    spec: { containers: [{ name: 'web', image: 'web:1', resources: { requests: { cpu } } }], ...more },
  };
}

const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

interface Given {
  readonly client: KubeClient;
  readonly clock: FakeClock;
  /** Resolves when the scheduler has ended. */
  readonly stop: () => Promise<void>;
}

async function given(all: readonly Node[]): Promise<Given> {
  const clock = new FakeClock();
  const cluster = await createMemoryCluster({ clock });
  const stopping = new AbortController();
  for (const each of all) await createNode(cluster.client, each);
  const client = cluster.clientFor('kube-scheduler');
  const scheduler = startScheduler({ client, clock, random: () => 0, logger: silentLogger, signal: stopping.signal });
  const stop = async (): Promise<void> => {
    stopping.abort(new Error('the test has ended'));
    await clock.advance(0);
    await scheduler.done;
  };
  ends.push(async () => {
    await stop();
    await cluster.close();
  });
  await clock.advance(10);
  return { client: cluster.client, clock, stop };
}

async function createNode(client: KubeClient, object: Node): Promise<void> {
  await client.create(nodes, object);
  const body = { status: object.status };
  await client.patch(nodes, { name: object.metadata.name ?? '' }, { type: 'merge', body }, { subresource: 'status' });
}

async function placement(client: KubeClient): Promise<Record<string, string | undefined>> {
  const { items } = await client.list(pods, { namespace: 'default' });
  return Object.fromEntries(items.map(({ metadata, spec }) => [metadata.name, spec?.nodeName]));
}

async function eventMessages(client: KubeClient, reason: string): Promise<readonly (string | undefined)[]> {
  const { items } = await client.list(events, { namespace: 'default' });
  return items.filter((event) => event.reason === reason).map(({ message }) => message);
}

describe('the scheduler', () => {
  it('binds a pod and says so', async () => {
    const { client, clock } = await given([node('a')]);
    await client.create(pods, pod('one'));
    await clock.advance(10);
    expect(await placement(client)).toEqual({ one: 'a' });
    expect(await eventMessages(client, 'Scheduled')).toEqual([]);
    await clock.advance(250);
    expect(await eventMessages(client, 'Scheduled')).toEqual(['Successfully assigned default/one to a']);
    const bound = await client.get(pods, { namespace: 'default', name: 'one' });
    expect(bound.status?.conditions).toContainEqual(expect.objectContaining({ type: 'PodScheduled', status: 'True' }));
  });

  it('tells of what it has bound before it has ended', async () => {
    const { client, clock, stop } = await given([node('a')]);
    await client.create(pods, pod('one'));
    await clock.advance(10);
    expect(await eventMessages(client, 'Scheduled')).toEqual([]);
    await stop();
    expect(await eventMessages(client, 'Scheduled')).toEqual(['Successfully assigned default/one to a']);
  });

  it('says why no node will do, and binds when room is made', async () => {
    const { client, clock } = await given([node('a'), node('b', '1', { unschedulable: true })]);
    await client.create(pods, pod('big', '800m'));
    await clock.advance(10);
    await client.create(pods, pod('second', '800m'));
    await clock.advance(10);
    const message =
      '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable. preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.';
    const waiting = await client.get(pods, { namespace: 'default', name: 'second' });
    expect(waiting.status?.conditions).toEqual([
      expect.objectContaining({ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }),
    ]);
    expect(await eventMessages(client, 'FailedScheduling')).toEqual([message]);
    await client.delete(pods, { namespace: 'default', name: 'big' }, { gracePeriodSeconds: 0 });
    await clock.advance(2_000);
    expect(await placement(client)).toEqual({ second: 'a' });
  });

  it('binds when a node comes', async () => {
    const { client, clock } = await given([]);
    await client.create(pods, pod('one'));
    await clock.advance(10);
    expect(await eventMessages(client, 'FailedScheduling')).toEqual(['no nodes available to schedule pods']);
    await createNode(client, node('late'));
    await clock.advance(2_000);
    expect(await placement(client)).toEqual({ one: 'late' });
  });

  it('does not give the same room twice before the cache has seen the first binding', async () => {
    const { client, clock } = await given([node('a'), node('b')]);
    await Promise.all(['p1', 'p2', 'p3'].map((name) => client.create(pods, pod(name, '600m'))));
    await clock.advance(10);
    const placed = Object.values(await placement(client));
    expect(placed.filter((name) => name !== undefined).toSorted()).toEqual(['a', 'b']);
  });

  it('leaves pods of other schedulers and gated pods alone', async () => {
    const { client, clock } = await given([node('a')]);
    await client.create(pods, pod('other', '100m', { schedulerName: 'mine' }));
    await client.create(pods, pod('gated', '100m', { schedulingGates: [{ name: 'example.com/wait' }] }));
    await clock.advance(1_000);
    expect(await placement(client)).toEqual({ other: undefined, gated: undefined });
  });

  it('places a pod when the last of its gates has gone, of which none may come', async () => {
    const { client, clock } = await given([node('a')]);
    const gates = [{ name: 'example.com/first' }, { name: 'example.com/second' }];
    const waits = await client.create(pods, pod('gated', '100m', { schedulingGates: gates }));
    expect(waits.status?.conditions).toMatchObject([
      { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' },
    ]);
    const key = { namespace: waits.metadata.namespace, name: 'gated' };
    const leave = (names: readonly string[]) =>
      client.patch(pods, key, {
        type: 'merge',
        body: { spec: { schedulingGates: names.map((name) => ({ name: `example.com/${name}` })) } },
      });
    await expect(leave(['first', 'third'])).rejects.toThrow(
      "spec.schedulingGates: Forbidden: only deletion is allowed, but found new scheduling gate 'example.com/third'",
    );
    await leave(['second']);
    await clock.advance(1_000);
    expect(await placement(client)).toEqual({ gated: undefined });
    await leave([]);
    await clock.advance(1_000);
    expect(await placement(client)).toEqual({ gated: 'a' });
    expect((await client.get(pods, key)).status?.conditions).toMatchObject([{ type: 'PodScheduled', status: 'True' }]);
  });
});
