import { endpointSlices, podDisruptionBudgets, pods, replicaSets } from '@slipway/kube/resources';
import { splits } from '@slipway/kube/split';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runHistory } from '../../testing/histories.ts';
import type { Happening } from '../../testing/history.ts';
import type { World } from '../../testing/simulation/world.ts';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import type { ApplicationSpec, CanaryStep } from '../api/application.ts';
import { calculateServing, calculateSize, calculateWeight } from './canary-steps.ts';

let cluster: DeliveryCluster;

beforeEach(async () => {
  cluster = await createDeliveryCluster();
});
afterEach(() => cluster.stop());

function spec(
  image: string,
  steps: readonly CanaryStep[],
  more: Partial<ApplicationSpec> = {},
): Partial<ApplicationSpec> {
  return {
    replicas: 5,
    template: { spec: { containers: [{ name: 'web', image }] } },
    service: { ports: [{ port: 80 }] },
    route: { hosts: ['shop.localhost'] },
    healthCheck: { path: '/health', type: 'probe', timeoutSeconds: 5 },
    strategy: { type: 'canary', canary: { steps } },
    progressDeadlineSeconds: 30,
    guardSeconds: 0,
    drainSeconds: 0,
    keepFailedSeconds: 0,
    ...more,
  };
}

/** Version 1 serves, and version 2 is on its way. */
async function releaseTwo(steps: readonly CanaryStep[], more: Partial<ApplicationSpec> = {}): Promise<void> {
  await cluster.deploy(spec('a', steps, more));
  await cluster.advance(10_000);
  expect((await cluster.application()).status?.serving?.version).toBe('1');
  await cluster.deploy(spec('b', steps, more));
  await cluster.advance(5_000);
}

async function two(): Promise<{ readonly phase?: string; readonly step?: string; readonly waitingFor?: string }> {
  const { phase, step = '', waitingFor = '' } = (await cluster.release('2')).status ?? {};
  return { ...(phase === undefined ? {} : { phase }), step, waitingFor };
}

/** Weights above 0 by version, as the gateways are told. */
async function weights(): Promise<Readonly<Record<string, number>>> {
  const { rules } = (await cluster.client.get(splits, { namespace: 'default', name: 'shop' })).spec;
  const backends = (rules[0]?.backends ?? []).filter(({ weight }) => weight > 0);
  return Object.fromEntries(backends.map(({ version, weight }) => [version, weight]));
}

async function podsOf(version: string): Promise<number> {
  const labelSelector = `slipway.dev/release=shop-${version}`;
  return (await cluster.client.list(pods, { namespace: 'default', labelSelector })).items.length;
}

/** Pods of each version behind the Service of the Application. */
async function inside(): Promise<Readonly<Record<string, number>>> {
  const labelSelector = 'kubernetes.io/service-name=shop';
  const { items } = await cluster.client.list(endpointSlices, { namespace: 'default', labelSelector });
  const counts: Record<string, number> = {};
  for (const { targetRef } of items.flatMap(({ endpoints }) => endpoints ?? [])) {
    const version = /^shop-v?(\d+)/.exec(targetRef?.name ?? '')?.[1] ?? '';
    counts[version] = (counts[version] ?? 0) + 1;
  }
  return counts;
}

describe('canary', () => {
  test('moves traffic in steps, with as many pods as each needs, and goes on when a person says so', async () => {
    await releaseTwo([{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: {} }]);
    expect(await two()).toMatchObject({ phase: 'Paused', step: '2 of 4: pause' });
    expect(await weights()).toEqual({ 1: 80, 2: 20 });
    expect(await podsOf('2')).toBe(1);
    expect(await inside()).toEqual({ 1: 5 });
    expect(await cluster.condition('Paused')).toEqual({
      status: 'True',
      reason: 'AwaitsResumption',
      message: 'version 2 waits for a person to resume it (step 2 of 4: pause)',
    });
    await cluster.advance(600_000);
    await cluster.command('resume');
    await cluster.advance(5_000);
    expect(await two()).toMatchObject({ phase: 'Paused', step: '4 of 4: pause' });
    expect(await weights()).toEqual({ 1: 40, 2: 60 });
    expect(await podsOf('2')).toBe(3);
    await cluster.command('resume');
    await cluster.advance(5_000);
    expect(await two()).toMatchObject({ phase: 'Succeeded' });
    expect(await weights()).toEqual({ 2: 100 });
    expect(await inside()).toEqual({ 2: 5 });
    expect(await podsOf('1')).toBe(0);
  });

  test('a pause lasts its time, longer than the deadline for progress', async () => {
    await releaseTwo([{ setWeight: 20 }, { pause: { seconds: 60 } }]);
    expect((await two()).waitingFor).toMatch(/^the pause to end at /);
    await cluster.advance(50_000);
    expect(await two()).toMatchObject({ phase: 'Progressing', step: '2 of 2: pause 60 s' });
    await cluster.advance(10_000);
    expect(await two()).toMatchObject({ phase: 'Succeeded' });
  });

  test('a person ends a pause before its time, and takes that back', async () => {
    await releaseTwo([{ setWeight: 20 }, { pause: { seconds: 60 } }, { setWeight: 60 }, { pause: { seconds: 60 } }]);
    await cluster.command('resume');
    await cluster.advance(5_000);
    expect(await two()).toMatchObject({ phase: 'Progressing', step: '4 of 4: pause 60 s' });
    expect(await weights()).toEqual({ 1: 40, 2: 60 });
    await cluster.command('undo');
    await cluster.advance(50_000);
    expect(await two()).toMatchObject({ phase: 'Progressing', step: '2 of 4: pause 60 s' });
    expect(await weights()).toEqual({ 1: 80, 2: 20 });
    await cluster.command('resume');
    await cluster.advance(5_000);
    await cluster.command('resume');
    await cluster.advance(5_000);
    expect(await two()).toMatchObject({ phase: 'Succeeded' });
  });

  test('brings up one healthy pod before a first pause, and gives it no traffic', async () => {
    await releaseTwo([{ pause: {} }, { setWeight: 20 }]);
    expect(await two()).toMatchObject({ phase: 'Paused', step: '1 of 2: pause' });
    expect(await podsOf('2')).toBe(1);
    expect(await weights()).toEqual({ 1: 100 });
  });

  test('setReplicas asks for more pods than the weight does', async () => {
    await releaseTwo([{ setReplicas: '60%' }, { setWeight: 20 }, { pause: {} }]);
    expect(await podsOf('2')).toBe(3);
    expect(await weights()).toEqual({ 1: 80, 2: 20 });
  });

  test('promote leaves the remaining steps out', async () => {
    await releaseTwo([{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: {} }]);
    await cluster.command('promote');
    await cluster.advance(5_000);
    expect(await two()).toMatchObject({ phase: 'Succeeded' });
  });

  test('a first version has nobody to share with', async () => {
    await cluster.deploy(spec('a', [{ setWeight: 20 }, { pause: {} }]));
    await cluster.advance(5_000);
    expect((await cluster.application()).status?.serving?.version).toBe('1');
    expect(await weights()).toEqual({ 1: 100 });
  });

  test('an abort gives stable everything, and a retry begins with the first step', async () => {
    await releaseTwo([{ setWeight: 20 }, { setWeight: 60 }, { pause: {} }]);
    expect(await weights()).toEqual({ 1: 40, 2: 60 });
    await cluster.command('abort');
    await cluster.advance(5_000);
    expect(await two()).toMatchObject({ phase: 'RolledBack' });
    expect(await weights()).toEqual({ 1: 100 });
    await cluster.command('retry');
    await cluster.advance(5_000);
    expect(await two()).toMatchObject({ phase: 'Paused', step: '3 of 3: pause' });
    expect(await weights()).toEqual({ 1: 40, 2: 60 });
  });

  test('an undone abort takes up the step where it was', async () => {
    const steps = [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }];
    await releaseTwo(steps, { keepFailedSeconds: 60 });
    await cluster.command('abort');
    await cluster.advance(2_000);
    expect(await weights()).toEqual({ 1: 100 });
    await cluster.command('undo');
    await cluster.advance(5_000);
    expect(await two()).toMatchObject({ phase: 'Paused', step: '2 of 3: pause' });
    expect(await weights()).toEqual({ 1: 80, 2: 20 });
  });

  test('an undone resumption is the pause again, with its weight', async () => {
    await releaseTwo([{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: { seconds: 600 } }]);
    await cluster.command('resume');
    await cluster.advance(5_000);
    expect(await weights()).toEqual({ 1: 40, 2: 60 });
    await cluster.command('undo');
    await cluster.advance(5_000);
    expect(await two()).toMatchObject({ phase: 'Paused', step: '2 of 4: pause' });
    expect(await weights()).toEqual({ 1: 80, 2: 20 });
    await cluster.command('resume');
    await cluster.advance(5_000);
    expect(await weights()).toEqual({ 1: 40, 2: 60 });
  });

  test('grows by weight when replicas does, in a pause too', async () => {
    const steps = [{ setWeight: 40 }, { pause: {} }];
    await releaseTwo(steps);
    expect(await podsOf('2')).toBe(2);
    await cluster.deploy(spec('b', steps, { replicas: 10 }));
    await cluster.advance(5_000);
    expect([await podsOf('1'), await podsOf('2')]).toEqual([10, 4]);
    expect(await weights()).toEqual({ 1: 60, 2: 40 });
  });

  test('a lost pod costs the candidate its traffic, and the step goes on when it is back', async () => {
    await releaseTwo([{ setWeight: 20 }, { pause: {} }]);
    const labelSelector = 'slipway.dev/release=shop-2';
    await cluster.client.deleteCollection(pods, { namespace: 'default', labelSelector }, { gracePeriodSeconds: 0 });
    await cluster.advance(20);
    expect(await weights()).toEqual({ 1: 100 });
    await cluster.advance(5_000);
    expect(await two()).toMatchObject({ phase: 'Paused', step: '2 of 2: pause' });
    expect(await weights()).toEqual({ 1: 80, 2: 20 });
  });

  test('a version that is not healthy gets no traffic at all', async () => {
    const steps = [{ setWeight: 20 }, { pause: {} }];
    await cluster.deploy(spec('a', steps));
    await cluster.advance(10_000);
    await cluster.deploy(spec('broken', steps));
    await cluster.advance(4_000);
    expect(await weights()).toEqual({ 1: 100 });
    await cluster.advance(10_000);
    expect(await two()).toMatchObject({ phase: 'RolledBack' });
  });

  test('inside the cluster the share is that of the pods in the Service', async () => {
    const steps = [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: {} }];
    await releaseTwo(steps, { route: undefined });
    expect(await inside()).toEqual({ 1: 4, 2: 1 });
    await cluster.command('resume');
    await cluster.advance(5_000);
    expect(await inside()).toEqual({ 1: 2, 2: 3 });
    await cluster.command('abort');
    await cluster.advance(5_000);
    expect(await inside()).toEqual({ 1: 5 });
    const labelSelector = 'slipway.dev/release=shop-1';
    const [set] = (await cluster.client.list(replicaSets, { namespace: 'default', labelSelector })).items;
    expect(set?.spec?.replicas).toBe(5);
  });
});

test.each([
  { name: 'a canary without a share', strategy: { type: 'canary', canary: { steps: [{ pause: {} }] } } },
  { name: 'a blue-green release', strategy: { type: 'blueGreen', blueGreen: { autoPromote: false } } },
] as const)('a route that comes during $name leads to stable at once', async ({ strategy }) => {
  const { route: _, ...inside } = spec('a', [], { strategy });
  await cluster.deploy(inside);
  await cluster.advance(10_000);
  await cluster.deploy({ ...inside, template: { spec: { containers: [{ name: 'web', image: 'b' }] } } });
  await cluster.advance(5_000);
  await cluster.deploy(spec('b', [], { strategy }));
  await cluster.advance(2_000);
  expect(await two()).toMatchObject({ phase: 'Paused' });
  expect(await weights()).toEqual({ 1: 100 });
  await cluster.command('promote');
  await cluster.advance(10_000);
  expect(await weights()).toEqual({ 2: 100 });
});

test('a route that comes while pods of both versions serve leads to each by its pods', async () => {
  const { route: _, ...inside } = spec('a', [{ setWeight: 40 }, { pause: {} }]);
  await cluster.deploy(inside);
  await cluster.advance(10_000);
  await cluster.deploy({ ...inside, template: { spec: { containers: [{ name: 'web', image: 'b' }] } } });
  await cluster.advance(5_000);
  const { strategy } = inside;
  await cluster.deploy(spec('b', [], { strategy, paused: true }));
  await cluster.advance(2_000);
  expect(await weights()).toEqual({ 1: 60, 2: 40 });
  await cluster.command('abort');
  await cluster.advance(10_000);
  expect(await weights()).toEqual({ 1: 100 });
});

test('an autoscaler that changes replicas stops no release, nor what is kept of it', async () => {
  const steps = [{ setWeight: 20 }, { pause: {} }];
  const { route: _, ...inside } = spec('a', steps);
  await cluster.deploy(inside);
  await cluster.advance(10_000);
  const next = { ...inside, template: { spec: { containers: [{ name: 'web', image: 'b' }] } } };
  await cluster.deploy(next);
  await cluster.advance(5_000);
  expect(await two()).toMatchObject({ phase: 'Paused' });
  await cluster.deploy({ ...next, replicas: 3 });
  await cluster.advance(5_000);
  expect(await cluster.condition('Valid')).toMatchObject({ status: 'True' });
  const { items } = await cluster.client.list(podDisruptionBudgets, { namespace: 'default' });
  expect(items.map((budget) => budget.spec?.minAvailable)).toEqual([2]);
  await cluster.deploy({ ...inside, replicas: 3, template: { spec: { containers: [{ name: 'web', image: 'c' }] } } });
  await cluster.advance(1_000);
  expect(await cluster.condition('Valid')).toMatchObject({ status: 'False' });
});

describe('inside the cluster, where pods are not ready any more', () => {
  const happenings: readonly Happening[] = [
    ...Array.from({ length: 20 }, () => ({ type: 'round' }) as const),
    { type: 'deploy', image: 'b' },
    ...Array.from({ length: 20 }, () => ({ type: 'round' }) as const),
  ];
  const canary = { steps: [{ setWeight: 60 }, { pause: {} }], approximate: true };

  function run(more: readonly Happening[]): World {
    const all = [...happenings, ...more];
    const strategy = { type: 'canary', canary } as const;
    return runHistory({ strategy, routed: false, replicas: 4, happenings: all }, { atRest: false });
  }

  /** Pods of version 2, those that stand in the Service first. */
  function candidates({ pods: all }: World): readonly number[] {
    const serves = (index: number): number => (all[index]?.metadata.labels?.['slipway.dev/serves'] === 'true' ? 0 : 1);
    return all
      .flatMap(({ metadata }, index) => (metadata.labels?.['slipway.dev/release'] === 'shop-2' ? [index] : []))
      .toSorted((a, b) => serves(a) - serves(b));
  }

  test.each([
    { name: 'a pod of the candidate that stood beside takes its place', lost: [0], expected: { 1: 2, 2: 2 } },
    { name: 'stable takes the places that the candidate cannot', lost: [0, 2], expected: { 1: 3, 2: 1 } },
  ])('$name', ({ lost, expected }) => {
    const before = candidates(run([]));
    expect(before).toHaveLength(3);
    const again: readonly Happening[] = [{ type: 'endpoints' }, { type: 'look', stopAfter: 1_000, lag: 0 }];
    const world = run([
      ...lost.map((each) => ({ type: 'unready', pod: before[each] ?? 0 }) as const),
      ...again,
      ...again,
      ...again,
      { type: 'endpoints' },
    ]);
    const counts: Record<string, number> = {};
    for (const { targetRef, conditions } of world.slice.endpoints ?? []) {
      const pod = world.pods.find(({ metadata }) => metadata.name === targetRef?.name);
      const release = pod?.metadata.labels?.['slipway.dev/release']?.replace('shop-', '') ?? '';
      if (conditions?.ready !== false) counts[release] = (counts[release] ?? 0) + 1;
    }
    expect(counts).toEqual(expected);
  });
});

describe('what a step needs', () => {
  const steps = [{ setReplicas: 2 }, { setWeight: 30 }, { pause: {} }, { setWeight: 80 }, { setReplicas: '100%' }];

  test.each([
    [0, 0, 2],
    [1, 30, 3],
    [2, 30, 3],
    [3, 80, 8],
    [4, 80, 10],
  ])('step %i has a weight of %i on %i of 10 pods', (index, weight, size) => {
    expect(calculateWeight(steps, index)).toBe(weight);
    expect(calculateSize(steps, index, 10)).toBe(size);
  });

  test.each([
    [0, 4, { candidate: 0, stable: 4 }],
    [1, 4, { candidate: 1, stable: 3 }],
    [50, 4, { candidate: 2, stable: 2 }],
    [99, 4, { candidate: 3, stable: 1 }],
    [100, 4, { candidate: 4, stable: 0 }],
    [10, 1, { candidate: 1, stable: 1 }],
  ])('%i %% of %i pods inside the cluster is %o', (weight, replicas, serving) => {
    expect(calculateServing(weight, replicas)).toEqual(serving);
  });
});
