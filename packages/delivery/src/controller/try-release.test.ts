import type { KubeClient } from '@slipway/kube/client';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { replicaSets, services } from '@slipway/kube/resources';
import { splits } from '@slipway/kube/split';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import type { ApplicationSpec } from '../api/application.ts';
import { releases } from '../api/release.ts';
import { backendName } from '../names.ts';

let cluster: DeliveryCluster;

beforeEach(async () => {
  cluster = await createDeliveryCluster();
});
afterEach(() => cluster.stop());

function spec(image: string, more: object = {}): ApplicationSpec {
  return {
    template: { spec: { containers: [{ name: 'web', image, ...more }] } },
    service: { ports: [{ port: 80 }] },
    route: { hosts: ['shop.localhost'] },
    guardSeconds: 0,
    drainSeconds: 0,
  };
}

async function count(): Promise<{ readonly releases: number; readonly sets: number; readonly services: number }> {
  const namespace = 'default';
  return {
    releases: (await cluster.client.list(releases, { namespace })).items.length,
    sets: (await cluster.client.list(replicaSets, { namespace })).items.length,
    services: (await cluster.client.list(services, { namespace })).items.filter(
      ({ metadata }) => metadata.name !== 'kubernetes',
    ).length,
  };
}

describe('what the API server would not take', () => {
  const bad = { ports: [{ containerPort: 80 }], volumeMounts: [{ name: 'nowhere', mountPath: '/data' }] };

  test('leaves nothing half begun, and its message says why', async () => {
    await cluster.deploy(spec('a', bad));
    await cluster.advance(5_000);
    expect(await count()).toEqual({ releases: 0, sets: 0, services: 0 });
    const condition = await cluster.condition('Valid');
    expect(condition).toMatchObject({ status: 'False', reason: 'Invalid' });
    expect(condition?.message).toContain('volumeMounts[0].name');
    expect(await cluster.condition('Synced')).toMatchObject({ status: 'False', reason: 'TemplateRefused' });
  });

  test('is told together with everything else that is against it', async () => {
    const metadata = { namespace: 'default', name: 'shop' };
    await cluster.client.create(services, { metadata, spec: { ports: [{ port: 1 }] } });
    const hook = { name: 'migrate', job: { template: { spec: { containers: [{ name: 'A_b', image: 'a' }] } } } };
    await cluster.deploy({
      ...spec('a', bad),
      hooks: { beforeRelease: [hook] },
    });
    await cluster.advance(1_000);
    const valid = await cluster.condition('Valid');
    expect(valid).toMatchObject({ status: 'False', reason: 'Invalid' });
    for (const said of ['volumeMounts[0].name', 'containers[0].name']) expect(valid?.message).toContain(said);
    expect(valid?.message).not.toContain('Service default/shop');
    expect(await cluster.condition('NameConflict')).toMatchObject({
      status: 'True',
      message: expect.stringContaining('the Service default/shop exists'),
    });
    expect(await cluster.condition('Synced')).toMatchObject({ status: 'False', reason: 'TemplateRefused' });
  });

  test('is told together with what the controller has against the spec, and with what is missing', async () => {
    const checks = [
      { name: 'a', provider: { web: { url: 'https://a.test/', jsonPath: 'rate' } }, successWhen: 'value < 0.1' },
      { name: 'b', provider: { web: { url: 'https://a.test/', jsonPath: '$.b' } }, successWhen: 'value <' },
    ];
    const healthCheck = { port: 'nowhere' };
    const environmentFrom = [{ configMapRef: { name: 'nothing' } }];
    await cluster.deploy({ ...spec('a', bad), checks, healthCheck, environmentFrom });
    await cluster.advance(1_000);
    const valid = await cluster.condition('Valid');
    for (const said of ['healthCheck.port', 'checks[0]', 'checks[1].successWhen', 'volumeMounts[0].name'])
      expect(valid?.message).toContain(said);
    expect(await cluster.condition('Synced')).toMatchObject({
      status: 'False',
      message: expect.stringContaining('ConfigMap/nothing'),
    });
    const { resourceVersion } = (await cluster.application()).metadata;
    await cluster.advance(20_000);
    expect((await cluster.application()).metadata.resourceVersion).toBe(resourceVersion);
    expect(await count()).toEqual({ releases: 0, sets: 0, services: 0 });
    await cluster.deploy(spec('a'));
    await cluster.advance(5_000);
    expect((await cluster.application()).status?.serving?.version).toBe('1');
  });

  test('is told of a faulty spec beside a version that serves, which is left alone', async () => {
    await cluster.deploy(spec('a'));
    await cluster.advance(5_000);
    const before = await count();
    await cluster.deploy({ ...spec('b', bad), healthCheck: { port: 'nowhere' } });
    await cluster.advance(1_000);
    const valid = await cluster.condition('Valid');
    for (const said of ['healthCheck.port', 'volumeMounts[0].name']) expect(valid?.message).toContain(said);
    await cluster.advance(30_000);
    expect(await count()).toEqual(before);
    expect((await cluster.application()).status?.serving?.version).toBe('1');
  });

  test('of a Service is tried anew as soon as that is corrected', async () => {
    await cluster.deploy({ ...spec('a'), service: { clusterIP: '1.2.3', ports: [{ port: 80 }] } });
    await cluster.advance(1_000);
    expect((await cluster.condition('Valid'))?.message).toContain('spec.clusterIP');
    await cluster.deploy(spec('a'));
    await cluster.advance(1_000);
    expect(await cluster.condition('Valid')).toMatchObject({ status: 'True' });
  });

  test('leaves the version that serves alone, and is forgotten with the next template', async () => {
    await cluster.deploy(spec('a'));
    await cluster.advance(5_000);
    const before = await count();
    await cluster.deploy(spec('b', bad));
    await cluster.advance(5_000);
    expect(await count()).toEqual(before);
    expect((await cluster.application()).status?.serving?.version).toBe('1');
    await cluster.deploy(spec('b'));
    await cluster.advance(5_000);
    expect((await cluster.application()).status?.serving?.version).toBe('2');
    expect(await cluster.condition('Valid')).toMatchObject({ status: 'True' });
  });
});

describe('how often the API server is asked', () => {
  const minutes = 60_000;
  const bad = { ports: [{ containerPort: 80 }], volumeMounts: [{ name: 'nowhere', mountPath: '/data' }] };
  let asked = 0;

  /** Dry runs of what a version needs, each of which is made of its ReplicaSet once. */
  function counting(client: KubeClient): KubeClient {
    return {
      ...client,
      create: (type, object, options) => {
        if (type.kind === replicaSets.kind && options?.dryRun === true) asked += 1;
        return client.create(type, object, options);
      },
    };
  }

  beforeEach(async () => {
    await cluster.stop();
    asked = 0;
    cluster = await createDeliveryCluster({ hand: counting });
  });

  test('once for each spec that has to change in any case', async () => {
    const faulty = { healthCheck: { port: 'nowhere' } };
    await cluster.deploy({ ...spec('a', bad), ...faulty });
    await cluster.advance(5 * minutes);
    expect(asked).toBe(1);
    await cluster.deploy({ ...spec('b', bad), ...faulty });
    await cluster.advance(5 * minutes);
    expect(asked).toBe(2);
    expect((await cluster.condition('Valid'))?.message).toContain('volumeMounts[0].name');
  });

  test('less and less often where something else may change', async () => {
    const theirs = { namespace: 'default', name: 'shop' };
    await cluster.client.create(services, { metadata: theirs, spec: { ports: [{ port: 1 }] } });
    await cluster.deploy({ ...spec('a', bad), healthCheck: { port: 'nowhere' } });
    // At once, and after 30, 90 and 210 seconds.
    await cluster.advance(5 * minutes);
    expect(asked).toBe(4);
    await cluster.client.delete(services, theirs);
    await cluster.advance(4 * minutes);
    expect(await cluster.condition('NameConflict')).toMatchObject({ status: 'False' });
    // Nothing but spec is left.
    expect(asked).toBe(5);
    await cluster.advance(10 * minutes);
    expect(asked).toBe(5);
  });

  test('at once where nothing else is against the spec any more', async () => {
    await cluster.deploy({ ...spec('a', bad), route: { hosts: ['shop.localhost'], through: 'gatewayApi' } });
    await cluster.advance(5 * minutes);
    expect(asked).toBe(1);
    await cluster.deploy(spec('a', bad));
    await cluster.advance(1_000);
    expect(asked).toBe(2);
  });
});

const types: readonly ResourceType[] = [services, replicaSets, splits];

function isUntouched({ metadata: now }: KubeObject, { metadata: before }: KubeObject): boolean {
  const isSame = now.uid === before.uid && now.generation === before.generation;
  return isSame && JSON.stringify(now.labels) === JSON.stringify(before.labels);
}

describe('what somebody else made is never taken over', () => {
  const name = backendName({ application: 'shop', version: '1' });
  const metadata = { namespace: 'default', name };
  const selector = { matchLabels: { a: 'b' } };
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'x', image: 'x' }] } };

  test.each([
    [
      'Service default/shop',
      () =>
        cluster.client.create(services, { metadata: { ...metadata, name: 'shop' }, spec: { ports: [{ port: 1 }] } }),
    ],
    [`Service default/${name}`, () => cluster.client.create(services, { metadata, spec: { ports: [{ port: 1 }] } })],
    [
      `ReplicaSet default/${name}`,
      () => cluster.client.create(replicaSets, { metadata, spec: { replicas: 0, selector, template } }),
    ],
    [
      'Split default/shop',
      () =>
        cluster.client.create(splits, {
          apiVersion: 'slipway.dev/v1alpha1',
          kind: 'Split',
          metadata: { ...metadata, name: 'shop' },
          spec: { application: 'x', rules: [] },
        }),
    ],
  ])('the %s', async (what, occupy) => {
    const theirs = await occupy();
    await cluster.deploy(spec('a'));
    await cluster.advance(5_000);
    expect(await cluster.condition('NameConflict')).toEqual({
      status: 'True',
      reason: 'NameConflict',
      message: `the ${what} exists and does not belong to this Application: rename one of the two, or remove it`,
    });
    expect((await count()).releases).toBe(0);
    const type = types.find(({ kind }) => what.startsWith(kind)) ?? services;
    const key = { namespace: 'default', name: theirs.metadata.name ?? '' };
    expect(await cluster.client.get(type, key)).toSatisfy((now: KubeObject) => isUntouched(now, theirs));
    await cluster.client.delete(type, key);
    await cluster.advance(60_000);
    expect((await cluster.application()).status?.serving?.version).toBe('1');
  });
});
