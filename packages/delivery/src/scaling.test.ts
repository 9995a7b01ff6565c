import { pods } from '@slipway/kube/resources';
import { splits } from '@slipway/kube/split';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../testing/delivery-cluster.ts';
import type { ApplicationSpec, Strategy } from './api/application.ts';
import { calculateRollingGoals } from './strategies/rolling.ts';

let cluster: DeliveryCluster;

beforeEach(async () => {
  cluster = await createDeliveryCluster();
});
afterEach(() => cluster.stop());

const waiting: Strategy = { type: 'blueGreen', blueGreen: { autoPromote: false } };
const canary: Strategy = {
  type: 'canary',
  canary: { steps: [{ setWeight: 60 }, { pause: {} }], approximate: true },
};
const rolling: Strategy = { type: 'rolling', rolling: { maxSurge: 1 } };

async function deploy(image: string, strategy: Strategy, more: Partial<ApplicationSpec> = {}): Promise<void> {
  await cluster.deploy({
    replicas: 4,
    template: { spec: { containers: [{ name: 'web', image }] } },
    service: { ports: [{ port: 80 }] },
    route: { hosts: ['shop.localhost'] },
    healthCheck: { path: '/health', type: 'probe', timeoutSeconds: 5 },
    strategy,
    guardSeconds: 300,
    drainSeconds: 2,
    keepFailedSeconds: 5,
    ...more,
  });
}

/** A second version, so far as its strategy lets it go. */
async function releaseTwo(strategy: Strategy): Promise<void> {
  await deploy('a', strategy);
  await cluster.advance(10_000);
  await deploy('b', strategy);
  await cluster.advance(30_000);
}

async function podsOf(version: string): Promise<number> {
  const labelSelector = `slipway.dev/release=shop-${version}`;
  return (await cluster.client.list(pods, { namespace: 'default', labelSelector })).items.length;
}

async function sizes(): Promise<readonly number[]> {
  return [await podsOf('1'), await podsOf('2')];
}

async function servingOf(version: string): Promise<number> {
  const labelSelector = `slipway.dev/release=shop-${version},slipway.dev/serves=true`;
  return (await cluster.client.list(pods, { namespace: 'default', labelSelector })).items.length;
}

async function weights(): Promise<readonly string[]> {
  const { spec } = await cluster.client.get(splits, { namespace: 'default', name: 'shop' });
  return (spec.rules[0]?.backends ?? [])
    .filter(({ weight }) => weight > 0)
    .map((each) => `${each.version}:${each.weight}`);
}

async function phase(): Promise<string | undefined> {
  return (await cluster.release('2')).status?.phase;
}

describe('a smaller replicas', () => {
  test('makes stable and candidate smaller while a release waits for a person', async () => {
    await releaseTwo(waiting);
    expect(await sizes()).toEqual([4, 4]);
    await deploy('b', waiting, { replicas: 2 });
    await cluster.advance(10_000);
    expect(await phase()).toBe('Paused');
    expect(await sizes()).toEqual([2, 2]);
    expect(await servingOf('1')).toBe(2);
    await cluster.command('promote');
    await cluster.advance(10_000);
    expect(await phase()).toBe('Guarding');
    expect(await weights()).toEqual(['2:100']);
  });

  test('takes a pod that serves only when it has left the traffic and drained', async () => {
    await releaseTwo(waiting);
    await deploy('b', waiting, { replicas: 2 });
    await cluster.advance(1_500);
    expect(await servingOf('1')).toBe(2);
    expect(await podsOf('1')).toBe(4);
  });

  test('makes the version that serves and the one that it replaced smaller during the guard', async () => {
    await releaseTwo({ type: 'blueGreen' });
    expect(await phase()).toBe('Guarding');
    await deploy('b', { type: 'blueGreen' }, { replicas: 1 });
    await cluster.advance(10_000);
    expect(await phase()).toBe('Guarding');
    expect(await sizes()).toEqual([1, 1]);
    expect([await servingOf('1'), await servingOf('2')]).toEqual([0, 1]);
  });

  test('is followed by both versions of a rolling release that stands', async () => {
    await deploy('a', rolling);
    await cluster.advance(10_000);
    await deploy('b', rolling);
    await cluster.advance(2_500);
    await deploy('b', rolling, { paused: true });
    await cluster.advance(10_000);
    expect(await phase()).toBe('Progressing');
    await deploy('b', rolling, { paused: true, replicas: 1 });
    await cluster.advance(10_000);
    const [old = 0, next = 0] = await sizes();
    expect(old + next).toBeLessThanOrEqual(2);
    expect(await phase()).toBe('Progressing');
    await deploy('b', rolling, { replicas: 1 });
    await cluster.advance(20_000);
    expect(await phase()).toBe('Guarding');
  });
});

describe('a larger replicas', () => {
  test('gives both versions of the guard their pods, and a pod that was about to go serves again', async () => {
    await releaseTwo({ type: 'blueGreen' });
    await deploy('b', { type: 'blueGreen' }, { replicas: 2 });
    await cluster.advance(1_000);
    await deploy('b', { type: 'blueGreen' }, { replicas: 5 });
    await cluster.advance(10_000);
    expect(await sizes()).toEqual([5, 5]);
    expect([await servingOf('1'), await servingOf('2')]).toEqual([0, 5]);
    expect(await phase()).toBe('Guarding');
  });

  test.each([
    { name: 'the Application', paused: true },
    { name: 'a person', paused: false },
  ])('is followed by both sides of a canary that $name has paused', async ({ paused }) => {
    await deploy('a', canary, { replicas: 2 });
    await cluster.advance(10_000);
    await deploy('b', canary, { replicas: 2 });
    await cluster.advance(30_000);
    expect(await weights()).toEqual(['1:40', '2:60']);
    expect(await sizes()).toEqual([2, 2]);
    if (!paused) await cluster.command('pause');
    await deploy('b', canary, { replicas: 2, paused });
    await cluster.advance(2_000);
    await deploy('b', canary, { replicas: 4, paused });
    await cluster.advance(10_000);
    expect(await sizes()).toEqual([4, 3]);
    expect(await weights()).toEqual(['1:40', '2:60']);
  });

  test('is followed by a rolling release that stands', async () => {
    await deploy('a', rolling);
    await cluster.advance(10_000);
    await deploy('b', rolling);
    await cluster.advance(2_500);
    await deploy('b', rolling, { paused: true, replicas: 10 });
    await cluster.advance(10_000);
    const [old = 0, next = 0] = await sizes();
    expect(old + next).toBeGreaterThanOrEqual(10);
    expect(await servingOf('1')).toBe(old);
  });
});

describe('to nothing and back', () => {
  async function thereAndBack(strategy: Strategy): Promise<void> {
    await deploy('b', strategy, { replicas: 0 });
    await cluster.advance(15_000);
    expect(await sizes()).toEqual([0, 0]);
    expect(await cluster.condition('ScaledToZero')).toMatchObject({ status: 'True' });
    await deploy('b', strategy);
    await cluster.advance(30_000);
  }

  test('while a release waits for a person, who then promotes it', async () => {
    await releaseTwo(waiting);
    await thereAndBack(waiting);
    expect(await phase()).toBe('Paused');
    expect(await servingOf('1')).toBe(4);
    expect(await weights()).toEqual(['1:100']);
    await cluster.command('promote');
    await cluster.advance(20_000);
    expect(await weights()).toEqual(['2:100']);
    expect(await servingOf('2')).toBe(4);
  });

  test('before the pods of a canary have drained, which stand behind its share again', async () => {
    await releaseTwo(canary);
    expect(await weights()).toEqual(['1:40', '2:60']);
    await deploy('b', canary, { replicas: 0 });
    await cluster.advance(1_500);
    expect([await servingOf('1'), ...(await sizes())]).toEqual([0, 4, 3]);
    await deploy('b', canary);
    await cluster.advance(10_000);
    expect(await phase()).toBe('Paused');
    expect(await servingOf('1')).toBe(4);
    expect(await weights()).toEqual(['1:40', '2:60']);
    const behind = { namespace: 'default', labelSelector: 'slipway.dev/backend=true' };
    expect((await cluster.client.list(pods, behind)).items).toHaveLength(7);
  });

  test('while a release waits for the time of its promotion', async () => {
    const timed: Strategy = { type: 'blueGreen', blueGreen: { promoteAfterSeconds: 40 } };
    await releaseTwo(timed);
    expect(await phase()).toBe('Progressing');
    await thereAndBack(timed);
    expect(await phase()).toBe('Guarding');
    expect(await weights()).toEqual(['2:100']);
  });

  test('during the guard, which goes on with the new version', async () => {
    await releaseTwo({ type: 'blueGreen' });
    await thereAndBack({ type: 'blueGreen' });
    expect(await phase()).toBe('Guarding');
    expect(await weights()).toEqual(['2:100']);
    expect([await servingOf('1'), await servingOf('2')]).toEqual([0, 4]);
    await cluster.advance(300_000);
    expect(await phase()).toBe('Succeeded');
  });

  test('in the middle of a rolling release', async () => {
    await deploy('a', rolling);
    await cluster.advance(10_000);
    await deploy('b', rolling);
    await cluster.advance(2_500);
    expect(await phase()).toBe('Progressing');
    await thereAndBack(rolling);
    expect(await phase()).toBe('Guarding');
    expect(await weights()).toEqual(['2:100']);
  });

  test('while a release goes back', async () => {
    await releaseTwo(waiting);
    await cluster.command('promote');
    await cluster.advance(5_000);
    await cluster.command('abort');
    await cluster.advance(200);
    expect(await phase()).toBe('RollingBack');
    await thereAndBack(waiting);
    expect(await phase()).toBe('RolledBack');
    expect(await weights()).toEqual(['1:100']);
    expect(await servingOf('1')).toBe(4);
  });
});

describe('the guard of a rolling release', () => {
  test('keeps the version before out of traffic at a size that can carry all of it, and goes back at once', async () => {
    await releaseTwo(rolling);
    expect(await phase()).toBe('Guarding');
    expect(await sizes()).toEqual([4, 4]);
    expect(await servingOf('1')).toBe(0);
    await cluster.command('abort');
    await cluster.advance(1_000);
    expect(await weights()).toEqual(['1:100']);
    expect(await servingOf('1')).toBe(4);
  });

  test('ends with the pods of the new version alone', async () => {
    await releaseTwo(rolling);
    await cluster.advance(310_000);
    expect(await sizes()).toEqual([0, 4]);
  });
});

test.each([
  { name: 'each version has its share', replicas: 4, share: 0.25, goals: { stable: 3, candidate: 1 } },
  { name: 'a part of a pod is a pod', replicas: 2, share: 0.25, goals: { stable: 2, candidate: 1 } },
  { name: 'a version without traffic needs none', replicas: 3, share: 0, goals: { stable: 3, candidate: 0 } },
])('$name: $share of $replicas', ({ replicas, share, goals }) => {
  expect(calculateRollingGoals(replicas, share)).toEqual(goals);
});
