import { pods, replicaSets, services } from '@slipway/kube/resources';
import { splits } from '@slipway/kube/split';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../testing/delivery-cluster.ts';
import type { ApplicationSpec } from './api/application.ts';
import { releases } from './api/release.ts';

let cluster: DeliveryCluster;

beforeEach(async () => {
  cluster = await createDeliveryCluster();
});
afterEach(() => cluster.stop());

async function deploy(image: string, more: Partial<ApplicationSpec> = {}): Promise<void> {
  await cluster.deploy({
    replicas: 2,
    template: { spec: { containers: [{ name: 'web', image }] } },
    service: { ports: [{ port: 80 }] },
    route: { hosts: ['shop.localhost'] },
    strategy: { type: 'blueGreen' },
    guardSeconds: 0,
    drainSeconds: 1,
    ...more,
  });
}

async function lose(version: string): Promise<void> {
  await cluster.client.delete(releases, { namespace: 'default', name: `shop-${version}` });
}

/** Versions of everything that there is of them, each once. */
async function versionsLeft(): Promise<readonly string[]> {
  const lists = await Promise.all([
    cluster.client.list(replicaSets, { namespace: 'default' }),
    cluster.client.list(services, { namespace: 'default', labelSelector: 'slipway.dev/release' }),
    cluster.client.list(pods, { namespace: 'default' }),
  ]);
  const names = lists.flatMap(({ items }) =>
    items.map(({ metadata }) => metadata.labels?.['slipway.dev/release'] ?? ''),
  );
  return [...new Set(names)].toSorted();
}

async function servingVersions(): Promise<readonly string[]> {
  const { items } = await cluster.client.list(pods, { namespace: 'default', labelSelector: 'slipway.dev/serves=true' });
  return items.map(({ metadata }) => metadata.labels?.['slipway.dev/release'] ?? '').toSorted();
}

async function weights(): Promise<readonly string[]> {
  const { spec } = await cluster.client.get(splits, { namespace: 'default', name: 'shop' });
  return (spec.rules[0]?.backends ?? [])
    .filter(({ weight }) => weight > 0)
    .map((each) => `${each.version}:${each.weight}`);
}

describe('a version whose record was deleted, and that spec does not ask for any more', () => {
  test('serves until another one has its traffic, and leaves nothing behind', async () => {
    await deploy('a');
    await cluster.advance(70_000);
    await deploy('b', { strategy: { type: 'blueGreen', blueGreen: { autoPromote: false } } });
    await cluster.advance(10_000);
    await lose('1');
    await cluster.advance(10_000);
    expect((await cluster.release('2')).status?.phase).toBe('Paused');
    expect(await servingVersions()).toEqual(['shop-1', 'shop-1']);
    expect(await weights()).toEqual(['1:100']);
    await cluster.command('promote');
    await cluster.advance(20_000);
    expect((await cluster.application()).status?.serving?.version).toBe('2');
    expect(await servingVersions()).toEqual(['shop-2', 'shop-2']);
    expect(await versionsLeft()).toEqual(['shop-2']);
  });

  test('takes the traffic back from a version that is aborted', async () => {
    await deploy('a');
    await cluster.advance(70_000);
    await deploy('b', { guardSeconds: 300 });
    await cluster.advance(10_000);
    await lose('1');
    await cluster.advance(10_000);
    expect((await cluster.release('2')).status?.phase).toBe('Guarding');
    await cluster.command('abort');
    await cluster.advance(60_000);
    expect((await cluster.release('2')).status?.phase).toBe('RolledBack');
    expect(await weights()).toEqual(['1:100']);
    expect(await servingVersions()).toEqual(['shop-1', 'shop-1']);
  });

  test('does not stay where it was kept for a rollback, and goes a minute after it was made at the earliest', async () => {
    await deploy('a');
    await cluster.advance(10_000);
    await deploy('b');
    await cluster.advance(10_000);
    await lose('1');
    await cluster.advance(5_000);
    expect(await versionsLeft()).toEqual(['shop-1', 'shop-2']);
    await cluster.advance(60_000);
    expect(await versionsLeft()).toEqual(['shop-2']);
  });

  test('does not stay where it was under way', async () => {
    const strategy = { type: 'blueGreen', blueGreen: { autoPromote: false } };
    await deploy('a', { strategy });
    await cluster.advance(10_000);
    await deploy('b', { strategy });
    await cluster.advance(70_000);
    await lose('2');
    await cluster.advance(10_000);
    await deploy('a', { strategy });
    await cluster.advance(90_000);
    expect(await versionsLeft()).toEqual(['shop-1', 'shop-3']);
    expect(await servingVersions()).toEqual(['shop-1', 'shop-1']);
  });

  test('is answered for by its version: other content under the same one is refused', async () => {
    await deploy('a', { version: '1.0' });
    await cluster.advance(70_000);
    await lose('1.0');
    await deploy('b', { version: '1.0' });
    await cluster.advance(10_000);
    expect(await cluster.condition('Synced')).toMatchObject({ status: 'False', reason: 'VersionExists' });
    expect(await servingVersions()).toEqual(['shop-1.0', 'shop-1.0']);
    await cluster.command('promote');
    await cluster.advance(5_000);
    expect((await cluster.application()).status?.serving?.version).toBe('1.0');
  });
});

test('a record that was written again is that of the version that serves, also when another is asked for at once', async () => {
  await deploy('a');
  await cluster.advance(70_000);
  await lose('1');
  await deploy('b', { strategy: { type: 'blueGreen', blueGreen: { autoPromote: false } } });
  await cluster.advance(10_000);
  expect((await cluster.release('1')).status?.phase).toBe('Succeeded');
  expect((await cluster.release('2')).status?.phase).toBe('Paused');
  expect(await servingVersions()).toEqual(['shop-1', 'shop-1']);
  expect(await weights()).toEqual(['1:100']);
});
