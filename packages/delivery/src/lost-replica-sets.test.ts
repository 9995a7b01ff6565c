/** Somebody deletes a ReplicaSet: what serves comes back as its record says, and traffic goes meanwhile where it is served. */
import { Informer } from '@slipway/kube/informer';
import { pods, replicaSets } from '@slipway/kube/resources';
import { splits, type Split } from '@slipway/kube/split';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../testing/delivery-cluster.ts';
import type { ApplicationSpec, Strategy } from './api/application.ts';
import { backendName } from './names.ts';

let cluster: DeliveryCluster;
let watching: AbortController;

beforeEach(async () => {
  cluster = await createDeliveryCluster();
  watching = new AbortController();
});
afterEach(async () => {
  watching.abort();
  await cluster.stop();
});

async function deploy(image: string, strategy: Strategy, more: Partial<ApplicationSpec> = {}): Promise<void> {
  await cluster.deploy({
    replicas: 2,
    template: { spec: { containers: [{ name: 'web', image }] } },
    service: { ports: [{ port: 80 }] },
    route: { hosts: ['shop.localhost'] },
    strategy,
    guardSeconds: 60,
    drainSeconds: 2,
    keepFailedSeconds: 2,
    ...more,
  });
}

async function deleteReplicaSet(version: string): Promise<void> {
  const name = backendName((await cluster.release(version)).spec);
  await cluster.client.delete(replicaSets, { namespace: 'default', name }, { propagationPolicy: 'Background' });
  // With its pods, before anything was made again.
  await cluster.advance(20);
}

async function serving(): Promise<Readonly<Record<string, number>>> {
  const labelSelector = 'slipway.dev/serves=true';
  const { items } = await cluster.client.list(pods, { namespace: 'default', labelSelector });
  const versions = items.map(({ metadata }) => metadata.labels?.['slipway.dev/release'] ?? '');
  return Object.fromEntries(
    [...new Set(versions)].map((name) => [name, versions.filter((each) => each === name).length]),
  );
}

async function sizeOf(version: string): Promise<number | undefined> {
  const name = backendName((await cluster.release(version)).spec);
  return (await cluster.client.get(replicaSets, { namespace: 'default', name })).spec?.replicas;
}

async function weights(): Promise<string> {
  return describeWeights(await cluster.client.get(splits, { namespace: 'default', name: 'shop' }));
}

/** All that were asked for since, however short. */
function watchWeights(): ReadonlySet<string> {
  const seen = new Set<string>();
  const informer = new Informer({ client: cluster.client, type: splits, clock: cluster.clock });
  informer.onChange(({ current }) => {
    if (current !== undefined) seen.add(describeWeights(current));
  });
  informer.start(watching.signal);
  return seen;
}

function describeWeights({ spec }: Split): string {
  const backends = (spec.rules[0]?.backends ?? []).filter(({ weight }) => weight > 0);
  return backends.map(({ version, weight }) => `${version}:${weight}`).join(' ');
}

const blueGreen: Strategy = { type: 'blueGreen' };
const waiting: Strategy = { type: 'blueGreen', blueGreen: { autoPromote: false } };
const canary: Strategy = { type: 'canary', canary: { steps: [{ setWeight: 50 }, { pause: {} }] } };

/** Version 1 serves, and version 2 is as far as its strategy lets it go. */
async function releaseTwo(strategy: Strategy): Promise<void> {
  await deploy('a', strategy);
  await cluster.advance(10_000);
  await deploy('b', strategy);
  await cluster.advance(20_000);
}

describe('a stable version whose ReplicaSet is deleted', () => {
  test('is made again at full size while nothing is released', async () => {
    await deploy('a', blueGreen);
    await cluster.advance(10_000);
    await deleteReplicaSet('1');
    await cluster.advance(5_000);
    expect(await sizeOf('1')).toBe(2);
    expect(await serving()).toEqual({ 'shop-1': 2 });
    expect(await weights()).toBe('1:100');
    expect(await cluster.condition('Available')).toMatchObject({ status: 'True' });
  });

  test('is made again beside a candidate that waits for a person, which gets no traffic by it', async () => {
    await releaseTwo(waiting);
    await deleteReplicaSet('1');
    expect(await weights()).toBe('1:100');
    await cluster.advance(5_000);
    expect(await serving()).toEqual({ 'shop-1': 2 });
    expect(await weights()).toBe('1:100');
    expect((await cluster.release('2')).status?.phase).toBe('Paused');
  });

  test('gives its share to the candidate until it is back', async () => {
    await releaseTwo(canary);
    expect(await weights()).toBe('1:50 2:50');
    const seen = watchWeights();
    await deleteReplicaSet('1');
    await cluster.advance(10_000);
    expect(seen).toContain('2:100');
    expect(seen).not.toContain('1:100');
    expect(await sizeOf('1')).toBe(2);
    expect((await cluster.release('2')).status?.phase).toBe('Paused');
    await cluster.command('abort');
    await cluster.advance(20_000);
    expect(await weights()).toBe('1:100');
    expect(await serving()).toEqual({ 'shop-1': 2 });
  });

  test('stands by again during the guard of the next one', async () => {
    await releaseTwo(blueGreen);
    expect((await cluster.release('2')).status?.phase).toBe('Guarding');
    await deleteReplicaSet('1');
    await cluster.advance(5_000);
    expect(await sizeOf('1')).toBe(2);
    expect(await serving()).toEqual({ 'shop-2': 2 });
    await cluster.command('abort');
    await cluster.advance(10_000);
    expect(await weights()).toBe('1:100');
    expect(await serving()).toEqual({ 'shop-1': 2 });
  });

  test.each<{ name: string; strategy: Strategy }>([
    { name: 'rolling', strategy: { type: 'rolling', rolling: { maxSurge: 1 } } },
    { name: 'recreate', strategy: { type: 'recreate' } },
  ])(
    'is not made again beside a version that takes its place by $name, and is there when that goes back',
    async ({ strategy }) => {
      await deploy('a', strategy);
      await cluster.advance(10_000);
      await deploy('b', strategy);
      await cluster.advance(2_500);
      await deleteReplicaSet('1');
      await cluster.advance(20_000);
      expect(await serving()).toEqual({ 'shop-2': 2 });
      await cluster.command('abort');
      await cluster.advance(30_000);
      expect(await serving()).toEqual({ 'shop-1': 2 });
      expect(await weights()).toBe('1:100');
    },
  );
});

describe('a candidate whose ReplicaSet is deleted', () => {
  test('is made again where a person is waited for', async () => {
    await releaseTwo(canary);
    await deleteReplicaSet('2');
    await cluster.advance(10_000);
    expect(await weights()).toBe('1:50 2:50');
    expect((await cluster.release('2')).status?.phase).toBe('Paused');
  });

  test('is replaced by the stable one during the guard', async () => {
    await releaseTwo(blueGreen);
    await deleteReplicaSet('2');
    await cluster.advance(20_000);
    expect((await cluster.release('2')).status?.phase).toBe('RolledBack');
    expect(await weights()).toBe('1:100');
    expect(await serving()).toEqual({ 'shop-1': 2 });
  });
});
