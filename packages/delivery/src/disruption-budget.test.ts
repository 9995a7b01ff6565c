import type { PodDisruptionBudget } from '@slipway/kube/api.generated';
import { podDisruptionBudgets } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../testing/delivery-cluster.ts';
import { applications, type ApplicationSpec } from './api/application.ts';
import { calculateMinAvailable } from './disruption-budget.ts';
import { backendName } from './names.ts';

test.each([
  { name: 'one may go', spec: { replicas: 4 }, least: 3 },
  { name: 'a single one may go too, or its node could not be drained', spec: {}, least: 0 },
  { name: 'nothing is kept where nothing runs', spec: { replicas: 0 }, least: 0 },
  {
    name: 'as many may go as a rolling release may leave missing',
    spec: { replicas: 10, strategy: { type: 'rolling', rolling: { maxUnavailable: '40%' } } },
    least: 6,
  },
])('$name', ({ spec, least }) => {
  expect(calculateMinAvailable(spec)).toBe(least);
});

describe('the PodDisruptionBudget of an Application', () => {
  let cluster: DeliveryCluster;
  const key = { namespace: 'default', name: 'shop' };

  beforeEach(async () => {
    cluster = await createDeliveryCluster();
  });
  afterEach(() => cluster.stop());

  async function deploy(more: Partial<ApplicationSpec> = {}): Promise<void> {
    const spec: Partial<ApplicationSpec> = {
      replicas: 4,
      template: { metadata: { labels: { app: 'shop' } }, spec: { containers: [{ name: 'web', image: 'a' }] } },
      service: { ports: [{ port: 80 }] },
      guardSeconds: 0,
      drainSeconds: 0,
      ...more,
    };
    await cluster.deploy(spec);
    await cluster.advance(10_000);
  }

  async function budgets(): Promise<readonly PodDisruptionBudget[]> {
    return (await cluster.client.list(podDisruptionBudgets, { namespace: 'default' })).items;
  }

  function limitOfUser(name: string, app: string): PodDisruptionBudget {
    return { metadata: { namespace: 'default', name }, spec: { minAvailable: 1, selector: { matchLabels: { app } } } };
  }

  test('covers the pods that serve, whoever owns them, and has no owner that takes it along', async () => {
    await deploy();
    const [budget] = await budgets();
    expect(budget).toMatchObject({
      metadata: { name: 'shop', labels: { 'slipway.dev/application': 'shop' } },
      spec: {
        minAvailable: 3,
        selector: { matchLabels: { 'slipway.dev/application': 'shop', 'slipway.dev/serves': 'true' } },
      },
      status: { currentHealthy: 4, disruptionsAllowed: 1 },
    });
    expect(budget?.metadata.ownerReferences).toBeUndefined();
  });

  test('follows replicas at once', async () => {
    await deploy();
    await deploy({ replicas: 2 });
    expect((await budgets()).map(({ spec }) => spec?.minAvailable)).toEqual([1]);
  });

  test('gives way to one of somebody else that covers the same pods, and is there again when that has gone', async () => {
    await deploy();
    await cluster.client.create(podDisruptionBudgets, limitOfUser('mine', 'shop'));
    await cluster.advance(2_000);
    expect((await budgets()).map(({ metadata }) => metadata.name)).toEqual(['mine']);
    await cluster.client.delete(podDisruptionBudgets, { namespace: 'default', name: 'mine' });
    await cluster.advance(2_000);
    expect((await budgets()).map(({ metadata }) => metadata.name)).toEqual(['shop']);
  });

  test('does not give way to one that covers only a version without pods', async () => {
    await deploy();
    await deploy({
      template: { metadata: { labels: { app: 'next' } }, spec: { containers: [{ name: 'web', image: 'b' }] } },
    });
    await cluster.advance(60_000);
    await cluster.client.create(podDisruptionBudgets, limitOfUser('old', 'shop'));
    await cluster.advance(2_000);
    expect((await budgets()).map(({ metadata }) => metadata.name)).toEqual(['old', 'shop']);
  });

  test('is kept where spec is not valid', async () => {
    await deploy();
    await cluster.client.delete(podDisruptionBudgets, key);
    await deploy({ service: { ports: [{ port: 80, targetPort: 'nowhere' }] } });
    expect(await cluster.condition('Valid')).toMatchObject({ status: 'False' });
    expect((await budgets()).map(({ metadata }) => metadata.name)).toEqual(['shop']);
  });

  test('leaves one of somebody else alone that has its name and covers other pods', async () => {
    await cluster.client.create(podDisruptionBudgets, limitOfUser('shop', 'other'));
    await deploy();
    expect((await cluster.application()).status?.serving?.version).toBe('1');
    expect((await budgets()).map(({ spec }) => spec?.selector)).toEqual([{ matchLabels: { app: 'other' } }]);
  });

  describe('over a canary behind a route', () => {
    const steps = [{ setWeight: 50 }, { pause: {} }];
    const canary: Partial<ApplicationSpec> = {
      route: { hosts: ['shop.localhost'] },
      strategy: { type: 'canary', canary: { steps } },
    };
    const next = { metadata: { labels: { app: 'next' } }, spec: { containers: [{ name: 'web', image: 'b' }] } };

    async function deployNext(): Promise<void> {
      await deploy(canary);
      await deploy({ ...canary, template: next });
      expect((await cluster.release('2')).status?.phase).toBe('Paused');
    }

    test('there is one of its own, and no pod is under two', async () => {
      await deployNext();
      const all = await budgets();
      expect(all.map(({ metadata }) => metadata.name)).toEqual([
        'shop',
        backendName({ application: 'shop', version: '2' }),
      ]);
      expect(all.map(({ status }) => [status?.currentHealthy, status?.disruptionsAllowed])).toEqual([
        [4, 1],
        [2, 1],
      ]);
      expect(all[1]?.spec?.maxUnavailable).toBe(1);
      await cluster.command('promote');
      await cluster.advance(10_000);
      expect((await budgets()).map(({ metadata }) => metadata.name)).toEqual(['shop']);
    });

    test('it goes with the share that an abort takes', async () => {
      await deployNext();
      await cluster.command('abort');
      await cluster.advance(10_000);
      expect((await budgets()).map(({ metadata }) => metadata.name)).toEqual(['shop']);
    });

    test('it gives way to one of somebody else over the same pods, and goes with the Application', async () => {
      await deployNext();
      await cluster.client.create(podDisruptionBudgets, limitOfUser('mine', 'next'));
      await cluster.advance(2_000);
      expect((await budgets()).map(({ metadata }) => metadata.name)).toEqual(['mine']);
      await cluster.client.delete(podDisruptionBudgets, { namespace: 'default', name: 'mine' });
      await cluster.advance(2_000);
      expect(await budgets()).toHaveLength(2);
      await cluster.client.delete(applications, key);
      await cluster.advance(20_000);
      expect(await budgets()).toEqual([]);
    });
  });

  test('goes with the Application', async () => {
    await deploy();
    await cluster.client.delete(applications, key);
    await cluster.advance(20_000);
    expect(await budgets()).toEqual([]);
  });

  test('stays where the Application leaves its pods behind', async () => {
    await deploy({ deletionPolicy: 'Orphan' });
    await cluster.client.delete(applications, key);
    await cluster.advance(20_000);
    expect(await budgets()).toHaveLength(1);
  });
});
