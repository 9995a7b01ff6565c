import type { Deployment, Pod, Service } from '@slipway/kube/api.generated';
import { deployments, pods, services } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import { applications, type Application } from '../api/application.ts';
import { carryOut } from './carry-out.ts';
import { observeAdoption } from './observe-adoption.ts';
import { planAdoption } from './plan-adoption.ts';

const namespace = 'default';
const key = { namespace, name: 'shop' };
const selector = { app: 'shop' };
const template = {
  metadata: { labels: { ...selector, tier: 'web' } },
  spec: { containers: [{ name: 'web', image: '1' }] },
};
const deployment: Deployment = { metadata: key, spec: { replicas: 2, selector: { matchLabels: selector }, template } };
const service: Service = { metadata: key, spec: { selector, ports: [{ port: 80 }] } };
const workloadRef = { kind: 'Deployment', name: 'shop' };

describe('an Application that refers to a Deployment', () => {
  let cluster: DeliveryCluster;

  beforeEach(async () => {
    cluster = await createDeliveryCluster();
    await cluster.client.create(deployments, deployment);
    await cluster.client.create(services, service);
    await cluster.advance(30_000);
  });
  afterEach(() => cluster.stop());

  async function adopt(): Promise<void> {
    const { client, clock } = cluster;
    const { signal } = new AbortController();
    const request = { namespace, deployment: 'shop', application: 'shop', movesAutoscaler: false };
    const state = { isOver: false };
    const done = carryOut({
      client,
      clock,
      signal,
      observe: () => observeAdoption({ client, namespace, deployment: 'shop', signal }),
      plan: (world) => planAdoption(world, request),
      onStep: () => undefined,
    }).finally(() => {
      state.isOver = true;
    });
    done.catch(() => undefined);
    while (!state.isOver) await cluster.advance(100);
    expect(await done).toEqual({ isDone: true });
  }

  async function livePods(): Promise<readonly Pod[]> {
    return (await cluster.client.list(pods, { namespace })).items;
  }

  test('does nothing by itself, and says how it is adopted', async () => {
    const before = await livePods();
    await cluster.deploy({ workloadRef, replicas: 2 });
    await cluster.advance(120_000);
    expect(await livePods()).toEqual(before);
    expect(await cluster.condition('Synced')).toMatchObject({ status: 'False', reason: 'Invalid' });
    expect((await cluster.condition('Valid'))?.message).toBe(
      'spec.workloadRef: the Deployment "shop" is not adopted, or not to the end: run `slipway adopt shop`, which shows first what it will change',
    );
    expect((await cluster.client.get(deployments, key)).spec?.paused).toBeUndefined();
  });

  test('is adopted as it was given', async () => {
    await cluster.deploy({ version: '1.4.0', workloadRef, replicas: 2, strategy: { type: 'blueGreen' } });
    await adopt();
    await cluster.advance(10_000);
    expect((await cluster.application()).status).toMatchObject({ phase: 'Stable', serving: { version: '1.4.0' } });
    expect(await cluster.condition('Valid')).toMatchObject({ status: 'True' });
    expect((await cluster.release('1.4.0')).spec.strategy).toEqual({ type: 'blueGreen' });
  });

  test('is invalid beside another one that has the Deployment', async () => {
    await adopt();
    const second: Application = { metadata: { namespace, name: 'second' }, spec: { workloadRef } };
    await cluster.client.create(applications, second);
    await cluster.advance(10_000);
    const { status } = await cluster.client.get(applications, { namespace, name: 'second' });
    expect(status?.conditions?.find(({ type }) => type === 'Valid')?.message).toContain(
      'the Deployment "shop" belongs to the Application "shop", and can have one only',
    );
    expect(status?.serving).toBeUndefined();
    expect(await livePods()).toHaveLength(2);
  });

  test('says that somebody has resumed the Deployment, and keeps what that makes out of the Service', async () => {
    await adopt();
    await cluster.client.patch(deployments, key, { type: 'merge', body: { spec: { paused: false } } });
    await cluster.advance(30_000);
    expect((await cluster.condition('Valid'))?.message).toContain(
      'the Deployment "shop" was resumed and makes pods of its own',
    );
    const serving = (await livePods()).filter(({ metadata }) => metadata.labels?.['slipway.dev/serves'] === 'true');
    expect(serving).toHaveLength(2);
  });

  test('keeps serving when it is deleted', async () => {
    await adopt();
    const before = (await livePods()).map(({ metadata }) => metadata.uid);
    await cluster.client.delete(applications, key);
    await cluster.advance(120_000);
    expect((await livePods()).map(({ metadata }) => metadata.uid)).toEqual(before);
    expect((await cluster.client.list(applications, { namespace })).items).toEqual([]);
  });

  test('names a Service that selects pods of others too, before anything is released', async () => {
    const both: Service = {
      metadata: { namespace, name: 'both' },
      spec: { selector: { tier: 'web' }, ports: [{ port: 80 }] },
    };
    await cluster.client.create(services, both);
    const other: Pod = { metadata: { namespace, name: 'other', labels: { tier: 'web' } }, spec: template.spec };
    await cluster.client.create(pods, other);
    await cluster.advance(10_000);
    await adopt();
    await cluster.advance(1_000);
    expect(await cluster.condition('SelectorConflict')).toMatchObject({
      status: 'True',
      message: expect.stringContaining('the Service both selects pods of every version by tier=web'),
    });
    expect((await cluster.client.get(services, { namespace, name: 'both' })).spec?.selector).toEqual({ tier: 'web' });
    await cluster.client.delete(services, { namespace, name: 'both' });
    await cluster.advance(1_000);
    expect((await cluster.condition('SelectorConflict'))?.status).toBe('False');
  });
});
