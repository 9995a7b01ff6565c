import type { Secret } from '@slipway/kube/api.generated';
import { podDisruptionBudgets, pods, secrets } from '@slipway/kube/resources';
import { splits, type SplitRule } from '@slipway/kube/split';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import { applications, type ApplicationSpec, type RainbowParameters } from '../api/application.ts';
import { labels } from '../names.ts';

let cluster: DeliveryCluster;

beforeEach(async () => {
  cluster = await createDeliveryCluster();
});
afterEach(() => cluster.stop());

const key = { namespace: 'default', name: 'shop' };
const secretKey = { namespace: 'default', name: 'shop-sessions' };

function spec(image: string, rainbow: RainbowParameters = {}, more: Partial<ApplicationSpec> = {}) {
  return {
    replicas: 4,
    template: { spec: { containers: [{ name: 'web', image }] } },
    service: { ports: [{ port: 80 }] },
    route: { hosts: ['shop.localhost'] },
    healthCheck: { path: '/health', type: 'probe', timeoutSeconds: 5 },
    strategy: { type: 'rainbow', rainbow },
    progressDeadlineSeconds: 60,
    guardSeconds: 10,
    drainSeconds: 5,
    keepFailedSeconds: 0,
    ...more,
  } satisfies Partial<ApplicationSpec>;
}

async function rule(): Promise<SplitRule | undefined> {
  return (await cluster.client.get(splits, key)).spec.rules[0];
}

/** `3 100` */
async function weights(): Promise<readonly string[] | undefined> {
  return (await rule())?.backends
    .map(({ version, weight }) => `${version} ${weight}`)
    .toSorted()
    .toReversed();
}

async function podsOf(version: string, label = {}): Promise<number> {
  const wanted = { [labels.release]: `shop-${version}`, ...label };
  const labelSelector = Object.entries(wanted)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
  return (await cluster.client.list(pods, { namespace: 'default', labelSelector })).items.length;
}

async function setReady(version: string, status: 'True' | 'False'): Promise<void> {
  const labelSelector = `${labels.release}=shop-${version}`;
  const conditions = ['Ready', 'ContainersReady'].map((type) => ({ type, status }));
  for (const { metadata } of (await cluster.client.list(pods, { namespace: 'default', labelSelector })).items)
    await cluster.client.patch(
      pods,
      { namespace: 'default', name: metadata.name ?? '' },
      { type: 'strategic', body: { status: { conditions } } },
      { subresource: 'status' },
    );
}

async function phase(version: string): Promise<string | undefined> {
  return (await cluster.release(version)).status?.phase;
}

async function release(image: string, rainbow: RainbowParameters = {}, more: Partial<ApplicationSpec> = {}) {
  await cluster.deploy(spec(image, rainbow, more));
  await cluster.advance(30_000);
}

/** Three versions, the first two of which have sessions. */
async function releaseThree(rainbow: RainbowParameters = {}): Promise<void> {
  await release('a', rainbow);
  await cluster.countSessions({ 1: 30 });
  await release('b', rainbow);
  await cluster.countSessions({ 1: 20, 2: 30 });
  await release('c', rainbow);
  await cluster.countSessions({ 1: 10, 2: 30, 3: 60 });
  await cluster.advance(30_000);
}

/** Several releases each. */
describe('rainbow', { timeout: 120_000 }, () => {
  test('gives sessions from the first version on, signed by a key that is made once', async () => {
    await release('a');
    expect((await rule())?.sessions).toEqual({
      cookie: 'slipway-shop-session',
      idleSeconds: 1_800,
      secretName: 'shop-sessions',
    });
    const made: Secret = await cluster.client.get(secrets, secretKey);
    expect(Buffer.from(made.data?.['key'] ?? '', 'base64')).toHaveLength(32);
    await release('b');
    expect((await cluster.client.get(secrets, secretKey)).data).toEqual(made.data);
    expect(await phase('2')).toBe('Succeeded');
  });

  test('takes no Secret that somebody else made, and begins no release with it', async () => {
    await cluster.client.create(secrets, { metadata: secretKey, data: { key: 'c2hvcnQ=' } });
    await release('a');
    expect(await cluster.condition('Synced')).toMatchObject({ status: 'False', reason: 'NameConflict' });
    await expect(cluster.release('1')).rejects.toThrow('not found');
    await cluster.client.delete(secrets, secretKey);
    await cluster.advance(120_000);
    expect(await phase('1')).toBe('Succeeded');
  });

  test('leads new sessions to the newest version, and leaves the others where they are', async () => {
    await releaseThree();
    expect(await weights()).toEqual(['3 100', '2 0', '1 0']);
    expect((await cluster.application()).status?.sessions).toEqual([
      { version: '3', release: 'shop-3', count: 60, pods: 4 },
      { version: '2', release: 'shop-2', count: 30, pods: 2 },
      { version: '1', release: 'shop-1', count: 10, pods: 1 },
    ]);
    // In the cluster the Service leads to the newest alone.
    expect([await podsOf('3', { [labels.serves]: 'true' }), await podsOf('2', { [labels.serves]: 'true' })]).toEqual([
      4, 0,
    ]);
  });

  test('lets a version go when its sessions are over', async () => {
    await releaseThree();
    await cluster.countSessions({ 1: 0, 2: 30, 3: 60 });
    await cluster.advance(30_000);
    expect(await weights()).toEqual(['3 100', '2 0']);
    expect([await podsOf('1'), await podsOf('2')]).toEqual([0, 2]);
  });

  test('does not take a gateway that does not know for one that has none', async () => {
    await releaseThree();
    await cluster.countSessions({ 2: 30, 3: 60 });
    await cluster.advance(600_000);
    expect(await weights()).toEqual(['3 100', '2 0', '1 0']);
    expect([await podsOf('1'), await podsOf('2')]).toEqual([1, 2]);
  });

  test('lets a version go that is too old', async () => {
    await releaseThree({ maxAgeSeconds: 300 });
    await cluster.advance(200_000);
    expect(await weights()).toEqual(['3 100', '2 0', '1 0']);
    await cluster.advance(35_000);
    expect(await weights()).toEqual(['3 100', '2 0']);
    await cluster.advance(60_000);
    expect(await weights()).toEqual(['3 100']);
    expect([await podsOf('1'), await podsOf('2'), await podsOf('3')]).toEqual([0, 0, 4]);
  });

  test('keeps no more than maxVersions, and none fewer before the newest has succeeded', async () => {
    await release('a', { maxVersions: 2 });
    await cluster.countSessions({ 1: 30 });
    await release('b', { maxVersions: 2 });
    await cluster.countSessions({ 1: 20, 2: 30 });
    await cluster.deploy(spec('c', { maxVersions: 2 }, { guardSeconds: 60 }));
    await cluster.advance(20_000);
    expect(await phase('3')).toBe('Guarding');
    expect(await weights()).toEqual(['3 100', '2 0', '1 0']);
    await cluster.advance(80_000);
    expect(await weights()).toEqual(['3 100', '2 0']);
    expect(await podsOf('1')).toBe(0);
  });

  test('moves the sessions of a version that goes back to the one before', async () => {
    await release('a');
    await cluster.countSessions({ 1: 30 });
    await cluster.deploy(spec('b', {}, { guardSeconds: 600 }));
    await cluster.advance(20_000);
    await cluster.countSessions({ 1: 20, 2: 10 });
    expect(await weights()).toEqual(['2 100', '1 0']);
    await cluster.command('abort');
    await cluster.advance(30_000);
    expect(await phase('2')).toBe('RolledBack');
    expect(await weights()).toEqual(['1 100']);
    expect([await podsOf('1'), await podsOf('2')]).toEqual([4, 0]);
  });

  test('moves the sessions of a stable version that is rolled back, and keeps those of the others', async () => {
    await releaseThree();
    await cluster.command('rollback');
    await cluster.advance(60_000);
    expect((await cluster.application()).status?.serving?.version).toBe('2');
    expect(await weights()).toEqual(['2 100', '1 0']);
    expect([await podsOf('1'), await podsOf('2'), await podsOf('3')]).toEqual([1, 4, 0]);
  });

  test('scales versions by their share of the sessions, out and in, and never to nothing', async () => {
    await releaseThree();
    await cluster.deploy(spec('c', {}, { replicas: 8 }));
    await cluster.advance(30_000);
    expect([await podsOf('1'), await podsOf('2'), await podsOf('3')]).toEqual([1, 3, 8]);
    await cluster.deploy(spec('c', {}, { replicas: 2 }));
    await cluster.advance(60_000);
    expect([await podsOf('1'), await podsOf('2'), await podsOf('3')]).toEqual([1, 1, 2]);
    expect(await weights()).toEqual(['3 100', '2 0', '1 0']);
  });

  test('replaces a pod that is lost, of whichever version', async () => {
    await releaseThree();
    const labelSelector = `${labels.release}=shop-1`;
    const [lost] = (await cluster.client.list(pods, { namespace: 'default', labelSelector })).items;
    await cluster.client.delete(pods, { namespace: 'default', name: lost?.metadata.name ?? '' });
    await cluster.advance(40_000);
    expect(await podsOf('1', { [labels.backend]: 'true' })).toBe(1);
    expect(await weights()).toEqual(['3 100', '2 0', '1 0']);
  });

  test('gives a newest version that has died to the one before it, until it has its pods again', async () => {
    await releaseThree();
    await setReady('3', 'False');
    await cluster.advance(1_000);
    expect(await weights()).toEqual(['3 0', '2 100', '1 0']);
    await cluster.advance(30_000);
    expect(await weights()).toEqual(['3 0', '2 100', '1 0']);
    expect(await podsOf('2')).toBe(4);
    await setReady('3', 'True');
    await cluster.advance(30_000);
    expect(await weights()).toEqual(['3 100', '2 0', '1 0']);
    expect([await podsOf('1'), await podsOf('2'), await podsOf('3')]).toEqual([1, 2, 4]);
  });

  test('lets one pod of a version with sessions be evicted at a time', async () => {
    await releaseThree();
    const { items } = await cluster.client.list(podDisruptionBudgets, { namespace: 'default' });
    expect(items.map(({ spec: budget, status }) => [budget?.selector?.matchLabels?.[labels.release], status])).toEqual([
      [undefined, expect.objectContaining({ expectedPods: 4, disruptionsAllowed: 1 })],
      ['shop-1', expect.objectContaining({ expectedPods: 1, disruptionsAllowed: 1 })],
      ['shop-2', expect.objectContaining({ expectedPods: 2, disruptionsAllowed: 1 })],
    ]);
    await cluster.countSessions({ 1: 0, 2: 0, 3: 60 });
    await cluster.advance(30_000);
    expect((await cluster.client.list(podDisruptionBudgets, { namespace: 'default' })).items).toHaveLength(1);
  });

  test('becomes another strategy with the next release, whose traffic takes all sessions, and comes back', async () => {
    await releaseThree();
    await cluster.deploy(spec('d', {}, { strategy: { type: 'blueGreen', blueGreen: { autoPromote: false } } }));
    await cluster.advance(20_000);
    expect(await weights()).toEqual(['3 100', '2 0', '1 0']);
    await cluster.command('promote');
    await cluster.advance(60_000);
    expect((await cluster.application()).status?.serving?.version).toBe('4');
    expect((await rule())?.sessions).toBeUndefined();
    expect((await cluster.application()).status?.sessions).toBeUndefined();
    expect([await podsOf('1'), await podsOf('2'), await podsOf('3')]).toEqual([0, 0, 0]);
    // Users have their cookies before anything moves.
    await cluster.deploy(spec('e', {}, { healthCheck: { path: '/health', timeoutSeconds: 60 }, paused: false }));
    await cluster.advance(30_000);
    expect(await phase('5')).toBe('Succeeded');
    expect(await weights()).toEqual(['5 100', '4 0']);
    expect((await rule())?.sessions?.secretName).toBe('shop-sessions');
  });

  test('goes back to the sessions of before where a release of another strategy is aborted', async () => {
    await releaseThree();
    const blueGreen = { type: 'blueGreen', blueGreen: {} };
    await cluster.deploy(spec('d', {}, { strategy: blueGreen, guardSeconds: 600 }));
    await cluster.advance(20_000);
    expect(await weights()).toEqual(['4 100', '3 0']);
    await cluster.command('abort');
    await cluster.advance(60_000);
    expect(await weights()).toEqual(['3 100']);
    expect((await rule())?.sessions).toBeDefined();
  });

  test('leaves no key behind', async () => {
    await release('a');
    await cluster.client.delete(applications, key);
    await cluster.advance(60_000);
    await expect(cluster.client.get(secrets, secretKey)).rejects.toThrow('not found');
  });
});
