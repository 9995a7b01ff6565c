/** Steps of a canary that tell users apart: by headers and cookies, by copies of their requests, and by a cookie of ours. */
import { pods } from '@slipway/kube/resources';
import { splits, type SplitRule } from '@slipway/kube/split';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import type { ApplicationSpec, CanaryParameters } from '../api/application.ts';
import { backendName } from '../names.ts';
import { validateApplication } from '../validate-application.ts';

let cluster: DeliveryCluster;

beforeEach(async () => {
  cluster = await createDeliveryCluster();
});
afterEach(() => cluster.stop());

const testers = { headers: [{ name: 'x-tester', exact: 'yes' }], cookies: [{ name: 'group', prefix: 'b' }] };
const candidate = backendName({ application: 'shop', version: '2' });

function spec(image: string, canary: CanaryParameters, more: Partial<ApplicationSpec> = {}): Partial<ApplicationSpec> {
  return {
    replicas: 4,
    template: { spec: { containers: [{ name: 'web', image }] } },
    service: { ports: [{ port: 80 }] },
    route: { hosts: ['shop.localhost'] },
    healthCheck: { path: '/health', type: 'probe', timeoutSeconds: 5 },
    strategy: { type: 'canary', canary },
    progressDeadlineSeconds: 30,
    guardSeconds: 0,
    drainSeconds: 10,
    keepFailedSeconds: 0,
    ...more,
  };
}

async function releaseTwo(canary: CanaryParameters, image = 'b'): Promise<void> {
  await cluster.deploy(spec('a', canary));
  await cluster.advance(10_000);
  await cluster.deploy(spec(image, canary));
  await cluster.advance(3_000);
}

async function goOn(): Promise<void> {
  await cluster.command('resume');
  await cluster.advance(3_000);
}

/** What the gateways are told; weights above 0 by version. */
async function rule(): Promise<Omit<SplitRule, 'backends'> & { readonly weights: object }> {
  const { rules } = (await cluster.client.get(splits, { namespace: 'default', name: 'shop' })).spec;
  const { backends = [], ...rest } = rules[0] ?? { hosts: [], paths: [] };
  const weights = backends.filter(({ weight }) => weight > 0).map(({ version, weight }) => [version, weight]);
  return { ...rest, weights: Object.fromEntries(weights) };
}

async function podsOfTwo(): Promise<number> {
  const labelSelector = 'slipway.dev/release=shop-2';
  return (await cluster.client.list(pods, { namespace: 'default', labelSelector })).items.length;
}

async function two(): Promise<unknown> {
  const { phase, step } = (await cluster.release('2')).status ?? {};
  return { phase, step };
}

const untold = { weights: { 2: 100 }, hosts: ['shop.localhost'], paths: ['/'] };

describe('a match', () => {
  const steps = [{ match: testers }, { pause: {} }, { match: {} }, { pause: {} }];

  test('leads those who fit to the candidate, whatever its weight, until a later step ends it', async () => {
    await releaseTwo({ steps });
    expect(await two()).toEqual({ phase: 'Paused', step: '2 of 4: pause' });
    expect(await rule()).toMatchObject({ weights: { 1: 100 }, matches: [{ ...testers, service: candidate }] });
    expect((await cluster.release('2')).status?.firstTrafficAt).toBeDefined();
    await goOn();
    expect(await two()).toEqual({ phase: 'Paused', step: '4 of 4: pause' });
    expect((await rule()).matches).toBeUndefined();
    await goOn();
    expect(await rule()).toEqual(untold);
  });

  test('is told by what it asks for', async () => {
    await releaseTwo({ steps: [{ match: testers }] });
    const { transitions = [], attempts } = (await cluster.release('2')).status ?? {};
    expect(attempts).toHaveLength(1);
    expect(transitions.length).toBeGreaterThan(0);
    await cluster.deploy(spec('broken', { steps: [{ match: testers }] }));
    await cluster.advance(2_000);
    expect((await cluster.release('3')).status?.step).toBe(
      '1 of 1: match header x-tester = yes and cookie group begins with b',
    );
  });

  test('ends with an abort, and who came by it may end what was begun', async () => {
    await releaseTwo({ steps });
    await cluster.command('abort');
    await cluster.advance(8_000);
    expect((await rule()).matches).toBeUndefined();
    expect(await podsOfTwo()).toBe(1);
    await cluster.advance(5_000);
    expect(await podsOfTwo()).toBe(0);
    expect(await two()).toMatchObject({ phase: 'RolledBack' });
  });

  test('stays where the route changes, and comes again with the pods', async () => {
    await releaseTwo({ steps });
    await cluster.deploy(spec('b', { steps }, { route: { hosts: ['shop.localhost', 'other.localhost'] } }));
    await cluster.advance(1_000);
    const told = { hosts: ['shop.localhost', 'other.localhost'], matches: [{ service: candidate }] };
    expect(await rule()).toMatchObject(told);
    const { items } = await cluster.client.list(pods, {
      namespace: 'default',
      labelSelector: 'slipway.dev/release=shop-2',
    });
    for (const { metadata } of items)
      await cluster.client.delete(pods, { namespace: 'default', name: metadata.name ?? '' });
    await cluster.advance(5_000);
    expect(await rule()).toMatchObject(told);
  });

  test('leads nobody to what has not said that it is healthy', async () => {
    await releaseTwo({ steps }, 'broken');
    expect((await rule()).matches).toBeUndefined();
    await cluster.advance(20_000);
    expect((await rule()).matches).toBeUndefined();
    expect(await two()).toMatchObject({ phase: 'RolledBack' });
  });
});

test('a mirror gives the candidate copies, until a later step ends it', async () => {
  await releaseTwo({ steps: [{ mirror: { percent: 30 } }, { pause: {} }, { mirror: { percent: 0 } }, { pause: {} }] });
  expect(await rule()).toMatchObject({
    weights: { 1: 100 },
    mirror: { service: candidate, port: 80, version: '2', percent: 30 },
  });
  await goOn();
  expect((await rule()).mirror).toBeUndefined();
  await goOn();
  expect(await rule()).toEqual(untold);
});

test('users stay where they are while both versions have a share, the new version last in the order of places', async () => {
  await releaseTwo({
    steps: [{ setWeight: 25 }, { pause: {} }, { setWeight: 75 }, { pause: {} }],
    stickySeconds: 3_600,
  });
  const sticky = { cookie: 'slipway-shop', seconds: 3_600 };
  expect(await rule()).toMatchObject({ weights: { 1: 75, 2: 25 }, sticky });
  await goOn();
  expect(await rule()).toMatchObject({ weights: { 1: 25, 2: 75 }, sticky });
  const { rules } = (await cluster.client.get(splits, { namespace: 'default', name: 'shop' })).spec;
  expect(rules[0]?.backends.map(({ version }) => version)).toEqual(['1', '2']);
  await goOn();
  expect(await rule()).toEqual(untold);
});

test('users are told apart by the gateway only', () => {
  const steps = [{ match: testers }, { setWeight: 50 }, { mirror: { percent: 10 } }];
  const application = {
    metadata: { name: 'shop' },
    spec: {
      replicas: 2,
      template: { spec: { containers: [{ name: 'web' }] } },
      strategy: { type: 'canary', canary: { steps, stickySeconds: 60 } },
    },
  };
  expect(validateApplication(application).map(({ field }) => field)).toEqual([
    'spec.strategy.canary.steps[0].match',
    'spec.strategy.canary.steps[2].mirror',
    'spec.strategy.canary.stickySeconds',
  ]);
});
