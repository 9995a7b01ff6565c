import { pods, replicaSets } from '@slipway/kube/resources';
import { splits, type SplitRule } from '@slipway/kube/split';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import type { ApplicationSpec, BlueGreenParameters } from '../api/application.ts';
import { backendName } from '../names.ts';

let cluster: DeliveryCluster;

beforeEach(async () => {
  cluster = await createDeliveryCluster();
});
afterEach(() => cluster.stop());

function spec(
  image: string,
  blueGreen: BlueGreenParameters,
  more: Partial<ApplicationSpec> = {},
): Partial<ApplicationSpec> {
  return {
    replicas: 3,
    template: { spec: { containers: [{ name: 'web', image }] } },
    service: { ports: [{ port: 80 }] },
    route: { hosts: ['shop.localhost'], paths: ['/shop'] },
    healthCheck: { path: '/health', type: 'probe', timeoutSeconds: 5 },
    strategy: { type: 'blueGreen', blueGreen },
    progressDeadlineSeconds: 30,
    guardSeconds: 0,
    drainSeconds: 0,
    ...more,
  };
}

async function releaseTwo(blueGreen: BlueGreenParameters): Promise<void> {
  await cluster.deploy(spec('a', blueGreen));
  await cluster.advance(10_000);
  expect((await cluster.application()).status?.serving?.version).toBe('1');
  await cluster.deploy(spec('b', blueGreen));
  await cluster.advance(5_000);
}

async function phase(): Promise<string | undefined> {
  return (await cluster.release('2')).status?.phase;
}

async function rules(): Promise<readonly SplitRule[]> {
  return (await cluster.client.get(splits, { namespace: 'default', name: 'shop' })).spec.rules;
}

async function podsOf(version: string): Promise<number> {
  const labelSelector = `slipway.dev/release=shop-${version}`;
  return (await cluster.client.list(pods, { namespace: 'default', labelSelector })).items.length;
}

describe('blueGreen', () => {
  test('waits for a person where autoPromote is off, however long that takes', async () => {
    await releaseTwo({ autoPromote: false });
    await cluster.advance(600_000);
    expect(await phase()).toBe('Paused');
    expect(await cluster.condition('Paused')).toEqual({
      status: 'True',
      reason: 'AwaitsPromotion',
      message: 'version 2 waits for a person to promote it',
    });
    await cluster.command('promote');
    await cluster.advance(5_000);
    expect(await phase()).toBe('Succeeded');
  });

  test('promotes a first version at once: there is nobody to take traffic from', async () => {
    await cluster.deploy(spec('a', { autoPromote: false, promoteAfterSeconds: 600, previewReplicas: 1 }));
    await cluster.advance(5_000);
    expect((await cluster.application()).status?.serving?.version).toBe('1');
    expect(await podsOf('1')).toBe(3);
  });

  test('waits for promoteAfterSeconds, longer than the deadline for progress', async () => {
    await releaseTwo({ promoteAfterSeconds: 60 });
    expect(await phase()).toBe('Progressing');
    expect((await cluster.release('2')).status?.waitingFor).toMatch(/^the time of promotion, /);
    await cluster.advance(50_000);
    expect(await phase()).toBe('Progressing');
    await cluster.advance(10_000);
    expect(await phase()).toBe('Succeeded');
  });

  test('leads the preview hosts to the candidate until it is promoted, and nobody else there', async () => {
    await releaseTwo({ autoPromote: false, previewHosts: ['next.shop.localhost'] });
    const [main, preview] = await rules();
    expect(main?.backends.map(({ version, weight }) => `${version} ${weight}`)).toEqual(['1 100']);
    expect(preview).toMatchObject({ hosts: ['next.shop.localhost'], paths: ['/shop'] });
    expect(preview?.backends).toMatchObject([
      { service: backendName({ application: 'shop', version: '2' }), weight: 100 },
    ]);
    await cluster.command('promote');
    await cluster.advance(5_000);
    expect(await rules()).toHaveLength(1);
  });

  test('leads a preview host to no production that its route covers: not before, between or after previews', async () => {
    const blueGreen = { autoPromote: false, previewHosts: ['next.shop.localhost'] };
    const route = { hosts: ['*.shop.localhost'] };
    const preview = async (): Promise<unknown> => (await rules())[1]?.backends.map(({ version }) => version);
    await cluster.deploy(spec('a', blueGreen, { route, paused: true }));
    await cluster.advance(10_000);
    await expect(rules()).rejects.toThrow('not found');
    await cluster.deploy(spec('a', blueGreen, { route }));
    await cluster.advance(10_000);
    expect(await preview()).toEqual([]);
    await cluster.deploy(spec('b', blueGreen, { route }));
    await cluster.advance(5_000);
    expect(await preview()).toEqual(['2']);
    await cluster.command('promote');
    await cluster.advance(5_000);
    expect((await rules())[1]).toEqual({ hosts: ['next.shop.localhost'], paths: ['/'], backends: [] });
    await cluster.deploy(spec('b', {}, { route }));
    await cluster.advance(5_000);
    expect(await rules()).toHaveLength(1);
  });

  test('takes the preview away when the release is aborted', async () => {
    await releaseTwo({ autoPromote: false, previewHosts: ['next.shop.localhost'] });
    expect(await rules()).toHaveLength(2);
    await cluster.command('abort');
    await cluster.advance(2_000);
    expect(await rules()).toHaveLength(1);
  });

  test('starts with previewReplicas, and asks the pods that come on top before it promotes', async () => {
    await releaseTwo({ autoPromote: false, previewReplicas: 1 });
    expect(await podsOf('2')).toBe(1);
    const before = (await cluster.release('2')).status?.health;
    expect(before).toHaveLength(1);
    await cluster.command('resume');
    await cluster.advance(1_000);
    expect(await phase()).toBe('Paused');
    await cluster.deploy(spec('b', { promoteAfterSeconds: 1, previewReplicas: 1 }));
    await cluster.command('promote');
    await cluster.advance(5_000);
    expect(await phase()).toBe('Succeeded');
    expect(await podsOf('2')).toBe(3);
  });

  test('asks all pods of a version that grows to its size by itself', async () => {
    await releaseTwo({ promoteAfterSeconds: 20, previewReplicas: 1 });
    expect(await podsOf('2')).toBe(1);
    await cluster.advance(20_000);
    expect(await phase()).toBe('Succeeded');
    expect((await cluster.release('2')).status?.health).toHaveLength(3);
  });

  test('gives stable the pods that a larger replicas asks for while it waits', async () => {
    await releaseTwo({ autoPromote: false });
    await cluster.deploy(spec('b', { autoPromote: false }, { replicas: 5 }));
    await cluster.advance(5_000);
    expect(await podsOf('1')).toBe(5);
    expect((await cluster.application()).status?.replicas).toBe(5);
  });

  test('stops at spec.paused without the deadline running out, and goes on', async () => {
    await cluster.deploy(spec('a', { promoteAfterSeconds: 5 }));
    await cluster.advance(10_000);
    await cluster.deploy(spec('b', { promoteAfterSeconds: 5 }));
    await cluster.advance(1_000);
    await cluster.deploy(spec('b', { promoteAfterSeconds: 5 }, { paused: true }));
    await cluster.advance(120_000);
    expect(await phase()).toBe('Progressing');
    expect(await cluster.condition('Paused')).toMatchObject({ status: 'True', reason: 'SpecPaused' });
    await cluster.deploy(spec('b', { promoteAfterSeconds: 5 }));
    await cluster.advance(20_000);
    expect(await phase()).toBe('Succeeded');
  });

  test('goes through without a Service: what nobody reaches is served by its label', async () => {
    await cluster.deploy(spec('a', {}, { service: undefined, route: undefined }));
    await cluster.advance(10_000);
    await cluster.deploy(spec('b', {}, { service: undefined, route: undefined }));
    await cluster.advance(10_000);
    expect((await cluster.application()).status?.serving?.version).toBe('2');
    expect(await cluster.condition('Available')).toMatchObject({ status: 'True' });
  });

  test('runs no pod and starts no release at replicas 0, and goes on from there', async () => {
    await cluster.deploy(spec('a', {}));
    await cluster.advance(10_000);
    await cluster.deploy(spec('a', {}, { replicas: 0 }));
    await cluster.advance(10_000);
    expect(await podsOf('1')).toBe(0);
    expect(await cluster.condition('ScaledToZero')).toMatchObject({ status: 'True' });
    await cluster.deploy(spec('b', {}, { replicas: 0 }));
    await cluster.advance(10_000);
    expect((await cluster.client.list(replicaSets, { namespace: 'default' })).items).toHaveLength(1);
    await cluster.deploy(spec('b', {}));
    await cluster.advance(20_000);
    expect((await cluster.application()).status?.serving?.version).toBe('2');
  });
});
