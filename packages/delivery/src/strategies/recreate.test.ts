import { Informer } from '@slipway/kube/informer';
import { pods } from '@slipway/kube/resources';
import { splits, type SplitRule } from '@slipway/kube/split';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import type { ApplicationSpec } from '../api/application.ts';
import { releases } from '../api/release.ts';
import { validateApplication } from '../validate-application.ts';

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

function spec(image: string, more: Partial<ApplicationSpec> = {}): Partial<ApplicationSpec> {
  return {
    replicas: 3,
    template: { spec: { containers: [{ name: 'web', image }] } },
    service: { ports: [{ port: 80 }] },
    route: { hosts: ['shop.localhost'] },
    healthCheck: { path: '/health', type: 'probe', timeoutSeconds: 5 },
    strategy: { type: 'recreate', recreate: { holdSeconds: 20 } },
    progressDeadlineSeconds: 30,
    guardSeconds: 5,
    drainSeconds: 2,
    ...more,
  };
}

async function rule(): Promise<SplitRule | undefined> {
  return (await cluster.client.get(splits, { namespace: 'default', name: 'shop' })).spec.rules[0];
}

/** What was seen of everything that was written, however short it was there. */
interface Seen {
  /** Sets of releases that had pods at one time, those that were ending included. */
  readonly together: Set<string>;
  /** Seconds of holds. */
  readonly holds: Set<number>;
}

function watch(): Seen {
  const seen: Seen = { together: new Set(), holds: new Set() };
  const allPods = new Informer({ client: cluster.client, type: pods, clock: cluster.clock });
  allPods.onChange(() => {
    const names = new Set(allPods.list().map(({ metadata }) => metadata.labels?.['slipway.dev/release'] ?? ''));
    if (names.size > 1) seen.together.add([...names].toSorted().join(' '));
  });
  const allSplits = new Informer({ client: cluster.client, type: splits, clock: cluster.clock });
  allSplits.onChange(({ current }) => {
    const seconds = current?.spec.rules[0]?.hold?.seconds;
    if (seconds !== undefined) seen.holds.add(seconds);
  });
  for (const informer of [allPods, allSplits]) informer.start(watching.signal);
  return seen;
}

async function serving(): Promise<object> {
  const { items } = await cluster.client.list(pods, { namespace: 'default' });
  const found: Record<string, number> = {};
  for (const { metadata } of items) {
    const name = `${metadata.labels?.['slipway.dev/release']} ${metadata.labels?.['slipway.dev/serves']}`;
    found[name] = (found[name] ?? 0) + 1;
  }
  return found;
}

async function expectServing(version: string, count = 3): Promise<void> {
  expect((await cluster.application()).status?.serving?.version).toBe(version);
  expect(await serving()).toEqual({ [`shop-${version} true`]: count });
  const { backends = [], hold } = (await rule()) ?? {};
  expect(backends.filter(({ weight }) => weight > 0)).toMatchObject([{ version, weight: 100 }]);
  expect(hold).toBeUndefined();
}

async function phase(version: string): Promise<string | undefined> {
  return (await cluster.release(version)).status?.phase;
}

describe('recreate', () => {
  let seen: Seen;

  beforeEach(async () => {
    await cluster.deploy(spec('a'));
    await cluster.advance(15_000);
    await expectServing('1');
    seen = watch();
    await cluster.advance(100);
  });
  afterEach(() => {
    if (seen.together.size > 0) throw new Error(`pods met: ${[...seen.together].join(', ')}`);
  });

  test('stops the old version before the new one starts, and lets requests wait meanwhile', async () => {
    await cluster.deploy(spec('b'));
    await cluster.advance(3_000);
    expect(await phase('2')).toBe('Guarding');
    await cluster.advance(10_000);
    expect(await phase('2')).toBe('Succeeded');
    await expectServing('2');
    expect([...seen.holds]).toEqual([20]);
  });

  test('goes back in the same order where the new version is not healthy', async () => {
    await cluster.deploy(spec('broken'));
    await cluster.advance(4_000);
    expect(await serving()).toEqual({ 'shop-2 undefined': 3 });
    expect(await rule()).toMatchObject({ hold: { seconds: 20 }, backends: [{ version: '1', weight: 0 }] });
    await cluster.advance(15_000);
    expect(await phase('2')).toBe('RolledBack');
    await expectServing('1');
  });

  test('goes back where a person aborts it, before the new version serves and after', async () => {
    await cluster.deploy(spec('broken'));
    await cluster.advance(1_000);
    await cluster.command('abort');
    await cluster.advance(10_000);
    await expectServing('1');
    await cluster.deploy(spec('b'));
    await cluster.advance(4_000);
    expect(await phase('3')).toBe('Guarding');
    await cluster.command('abort');
    await cluster.advance(10_000);
    expect(await phase('3')).toBe('RolledBack');
    await expectServing('1');
  });

  test('returns to a kept version in the same order', async () => {
    await cluster.deploy(spec('b'));
    await cluster.advance(15_000);
    await cluster.command('rollback');
    await cluster.advance(15_000);
    await expectServing('1');
  });

  test('releases the third version that arrives in the middle', async () => {
    await cluster.deploy(spec('broken'));
    await cluster.advance(1_000);
    await cluster.deploy(spec('c'));
    await cluster.advance(30_000);
    expect(await phase('2')).toBe('Superseded');
    await expectServing('3');
  });

  test('does not stand still between two versions while the Application is paused', async () => {
    await cluster.deploy(spec('b', { paused: true }));
    await cluster.advance(10_000);
    await expectServing('1');
    await cluster.deploy(spec('broken', { paused: false }));
    await cluster.advance(1_000);
    await cluster.deploy(spec('broken', { paused: true }));
    await cluster.advance(30_000);
    await expectServing('1');
  });

  test('follows replicas in the middle, to nothing and back', async () => {
    await cluster.deploy(spec('b', { replicas: 0 }));
    await cluster.advance(10_000);
    expect(await serving()).toEqual({});
    await cluster.deploy(spec('b', { replicas: 2 }));
    await cluster.advance(30_000);
    await expectServing('2', 2);
    await cluster.deploy(spec('broken', { replicas: 2 }));
    await cluster.advance(1_000);
    await cluster.deploy(spec('broken', { replicas: 4 }));
    await cluster.advance(30_000);
    await expectServing('2', 4);
  });

  test('keeps no version beside the one that serves, and waits until the last of its pods has ended', async () => {
    await cluster.deploy(spec('b', { history: { keepRunningSeconds: 600 } }));
    await cluster.advance(15_000);
    await expectServing('2');
    await cluster.deploy(spec('c', { history: { keepRunningSeconds: 600 } }));
    await cluster.advance(15_000);
    await expectServing('3');
  });

  test('gives the traffic back where the record of the release is deleted in the middle', async () => {
    await cluster.deploy(spec('broken'));
    await cluster.advance(4_000);
    expect((await rule())?.hold).toBeDefined();
    await cluster.deploy(spec('a'));
    await cluster.client.delete(releases, { namespace: 'default', name: 'shop-2' });
    await cluster.advance(5_000);
    expect((await rule())?.hold).toBeUndefined();
    await cluster.advance(90_000);
    await expectServing('1');
    // Who had written down that they must not meet is gone.
    expect([...seen.together]).toEqual(['shop-1 shop-2']);
    seen.together.clear();
  });

  test('drains where only the Service leads to it, whose clients nobody can count', async () => {
    const { route: _, ...inside } = spec('b', { strategy: { type: 'recreate' }, drainSeconds: 10 });
    await cluster.deploy({ ...inside });
    await cluster.advance(9_000);
    expect(await serving()).toEqual({ 'shop-1 undefined': 3 });
    await cluster.advance(15_000);
    expect((await cluster.application()).status?.serving?.version).toBe('2');
    expect(await serving()).toEqual({ 'shop-2 true': 3 });
  });
});

test('holdSeconds needs a gateway', () => {
  const strategy = { type: 'recreate', recreate: { holdSeconds: 5 } };
  const template = { spec: { containers: [{ name: 'web' }] } };
  expect(validateApplication({ metadata: { name: 'shop' }, spec: { strategy, template } })).toMatchObject([
    { field: 'spec.strategy.recreate.holdSeconds' },
  ]);
});
