/** Variables of the platform reach every version that begins after they were written. */
import { configMaps, replicaSets, secrets } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import { environmentName } from '../api/environment.ts';
import type { ApplicationSpec } from '../api/application.ts';
import { releases } from '../api/release.ts';
import { environmentGiven } from './environment.ts';

let cluster: DeliveryCluster;

beforeEach(async () => {
  cluster = await createDeliveryCluster();
});
afterEach(() => cluster.stop());

const namespace = 'default';
const key = { namespace, name: environmentName };
const own = [{ configMapRef: { name: 'settings', optional: true } }];

function spec(version: string, more: Partial<ApplicationSpec> = {}): ApplicationSpec {
  const initContainers = [{ name: 'prepare', image: 'a' }];
  const containers = [{ name: 'web', image: 'a', envFrom: own }];
  return { version, template: { spec: { initContainers, containers } }, guardSeconds: 0, drainSeconds: 0, ...more };
}

async function set(colour: string): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: key, data: { colour } };
  await cluster.client.patch(configMaps, key, { type: 'apply', body, force: true }, { fieldManager: 'test' });
}

async function setSecret(word: string, metadata: object = {}): Promise<void> {
  const data = { word: Buffer.from(word).toString('base64') };
  const body = { apiVersion: 'v1', kind: 'Secret', metadata: { ...key, ...metadata }, data };
  await cluster.client.patch(secrets, key, { type: 'apply', body, force: true }, { fieldManager: 'test' });
}

async function release(version: string, more: Partial<ApplicationSpec> = {}): Promise<void> {
  await cluster.deploy(spec(version, more));
  await cluster.advance(10_000);
  expect((await cluster.application()).status?.serving?.version).toBe(version);
}

async function frozen(version: string): Promise<Readonly<Record<string, string>>> {
  return (await cluster.release(version)).spec.frozen ?? {};
}

async function templateOf(version: string) {
  const { items } = await cluster.client.list(replicaSets, { namespace });
  return items.find(({ metadata }) => metadata.labels?.['slipway.dev/release'] === `shop-${version}`)?.spec?.template;
}

/** What pods of a version read, by what it was copied from. */
async function contentOf(version: string): Promise<readonly unknown[]> {
  const names = await frozen(version);
  const [settings, secret] = [names[`ConfigMap/${environmentName}`], names[`Secret/${environmentName}`]];
  return [
    settings && (await cluster.client.get(configMaps, { namespace, name: settings })).data,
    secret && (await cluster.client.get(secrets, { namespace, name: secret })).data,
  ];
}

describe('the variables of the platform', () => {
  test('come before what a template has, as copies, in every container', async () => {
    await set('blue');
    await setSecret('sesame');
    await release('1');
    const names = await frozen('1');
    const given = [
      { configMapRef: { name: names[`ConfigMap/${environmentName}`] } },
      { secretRef: { name: names[`Secret/${environmentName}`] } },
    ];
    const podSpec = (await templateOf('1'))?.spec;
    expect(podSpec?.containers[0]?.envFrom).toEqual([...given, ...own]);
    expect(podSpec?.initContainers?.[0]?.envFrom).toEqual(given);
    expect(await contentOf('1')).toEqual([{ colour: 'blue' }, { word: 'c2VzYW1l' }]);
  });

  test('are absent where there are none', async () => {
    await release('1');
    expect((await cluster.release('1')).spec.frozen).toBeUndefined();
    expect((await templateOf('1'))?.spec?.containers[0]?.envFrom).toEqual(own);
  });

  test('make no release when they change, and the next one has the new ones', async () => {
    await set('blue');
    await release('1');
    await set('green');
    await setSecret('sesame');
    await cluster.advance(60_000);
    expect((await cluster.client.list(releases, { namespace })).items).toHaveLength(1);
    expect(await cluster.condition('Synced')).toMatchObject({ status: 'True' });
    await release('2');
    expect(await contentOf('1')).toEqual([{ colour: 'blue' }, undefined]);
    expect(await contentOf('2')).toEqual([{ colour: 'green' }, { word: 'c2VzYW1l' }]);
  });

  test('are given to no version that begins after they were deleted', async () => {
    await set('blue');
    await release('1');
    await cluster.client.delete(configMaps, key);
    await release('2');
    expect(await contentOf('2')).toEqual([undefined, undefined]);
    expect(await contentOf('1')).toEqual([{ colour: 'blue' }, undefined]);
  });

  test('go back with the version that had them', async () => {
    await set('blue');
    await release('1');
    await set('green');
    await release('2');
    await release('1');
    expect(await contentOf('1')).toEqual([{ colour: 'blue' }, undefined]);
  });

  test('are copied although they say that they are live', async () => {
    await setSecret('sesame', { labels: { 'slipway.dev/config': 'live' } });
    await release('1', { configuration: { live: [environmentName] } });
    expect(await contentOf('1')).toEqual([undefined, { word: 'c2VzYW1l' }]);
  });

  test('hold back what is new while they cannot be read, and nothing else', async () => {
    await setSecret('sesame');
    await release('1');
    cluster.unreadable.add('Secret');
    await setSecret('open');
    await cluster.advance(10_000);
    expect(await cluster.condition('Synced')).toMatchObject({ status: 'True' });
    await cluster.deploy(spec('2'));
    await cluster.advance(10_000);
    expect(await cluster.condition('Synced')).toMatchObject({
      status: 'False',
      reason: 'ConfigurationUnread',
      message: `pods are given what cannot be read now: Secret/${environmentName}`,
    });
    cluster.unreadable.clear();
    await cluster.advance(20_000);
    expect(await contentOf('2')).toEqual([undefined, { word: 'b3Blbg==' }]);
  });

  test('stay those of the pods where the record of the version was lost', async () => {
    await set('blue');
    await release('1');
    const before = await frozen('1');
    await set('green');
    await cluster.client.delete(releases, { namespace, name: 'shop-1' });
    await cluster.advance(600_000);
    expect(await frozen('1')).toEqual(before);
    expect(await contentOf('1')).toEqual([{ colour: 'blue' }, undefined]);
  });

  test('are told from other copies by their whole name', () => {
    const containers = [
      {
        name: 'web',
        envFrom: [
          { configMapRef: { name: `shop-${environmentName}-0123456789` } },
          { configMapRef: { name: `other-${environmentName}-0123456789` } },
          { secretRef: { name: 'keys' } },
        ],
      },
    ];
    expect(environmentGiven({ spec: { containers } }, 'shop')).toEqual({
      [`ConfigMap/${environmentName}`]: `shop-${environmentName}-0123456789`,
    });
  });
});
