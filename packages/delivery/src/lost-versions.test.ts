import { findCondition } from '@slipway/kube/conditions';
import { pods, replicaSets, services } from '@slipway/kube/resources';
import { splits } from '@slipway/kube/split';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../testing/delivery-cluster.ts';
import type { ApplicationSpec } from './api/application.ts';
import { releases } from './api/release.ts';
import { reconcileApplication } from './reconcile.ts';
import { runHistory } from '../testing/histories.ts';
import { changeSpec, templateOf } from '../testing/simulation/people.ts';
import { observationOf } from '../testing/simulation/world.ts';

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

describe('a canary whose record was deleted while it had a share', () => {
  const steps = [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }];
  const canary: Partial<ApplicationSpec> = { replicas: 4, strategy: { type: 'canary', canary: { steps } } };

  async function loseAtShare(more: Partial<ApplicationSpec>): Promise<void> {
    await deploy('a', canary);
    await cluster.advance(10_000);
    await deploy('b', canary);
    await cluster.advance(10_000);
    expect(await weights()).toEqual(['1:80', '2:20']);
    // At once, or spec would be seen to abort it, or its record be written again.
    await deploy('b', { ...canary, ...more });
    await lose('2');
  }

  test('gives it to stable and leaves when nobody asks for it any more', async () => {
    await loseAtShare({ template: { spec: { containers: [{ name: 'web', image: 'a' }] } } });
    await cluster.advance(90_000);
    expect(await weights()).toEqual(['1:100']);
    expect(await versionsLeft()).toEqual(['shop-1']);
    expect(await servingVersions()).toEqual(['shop-1', 'shop-1', 'shop-1', 'shop-1']);
    expect(await cluster.condition('Promoted')).toMatchObject({ status: 'True', reason: 'Stable' });
  });

  test('gives it to stable when the Application is paused', async () => {
    await loseAtShare({ paused: true });
    await cluster.advance(90_000);
    expect(await weights()).toEqual(['1:100']);
    expect(await versionsLeft()).toEqual(['shop-1']);
  });

  test('is said to share the traffic until stable has all of it', () => {
    const rounds = Array.from({ length: 25 }, () => ({ type: 'round' }) as const);
    const world = runHistory(
      {
        strategy: { type: 'canary', canary: { steps, approximate: true } },
        routed: true,
        replicas: 4,
        happenings: [...rounds, { type: 'deploy', image: 'b' }, ...rounds],
      },
      { atRest: false },
    );
    const lost = { ...world, releases: world.releases.filter(({ metadata }) => metadata.name !== 'shop-2') };
    const seen = observationOf(changeSpec(lost, { template: templateOf('a') }));
    const { applicationStatus } = reconcileApplication(seen, world.now);
    expect(findCondition(applicationStatus?.conditions, 'Promoted')).toMatchObject({
      status: 'False',
      reason: 'SharesTraffic',
    });
  });
});

test.each([
  ['at once', 0],
  ['when its record was written again', 10],
])('the version that serves goes on where its record is lost and another is asked for %s', async (_, milliseconds) => {
  await deploy('a');
  await cluster.advance(70_000);
  await lose('1');
  if (milliseconds > 0) await cluster.advance(milliseconds);
  await deploy('b', { strategy: { type: 'blueGreen', blueGreen: { autoPromote: false } } });
  await cluster.advance(10_000);
  // Nobody asks for it any more: its record may be there again, and it serves with it or without.
  const { items } = await cluster.client.list(releases, { namespace: 'default' });
  const phases = items.filter(({ spec }) => spec.version === '1').map(({ status }) => status?.phase);
  expect([[], ['Succeeded']]).toContainEqual(phases);
  expect((await cluster.release('2')).status?.phase).toBe('Paused');
  expect(await servingVersions()).toEqual(['shop-1', 'shop-1']);
  expect(await weights()).toEqual(['1:100']);
});
