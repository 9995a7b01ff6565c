import type { Application, ApplicationSpec } from '@slipway/delivery/api/application';
import type { Release } from '@slipway/delivery/api/release';
import { contentHash, freezeConfigMap, freezeSecret } from '@slipway/delivery/configuration/content';
import { newRelease } from '@slipway/delivery/new-release';
import type { ConfigMap, Secret } from '@slipway/kube/api.generated';
import { configMaps, namespaces, secrets } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../../cluster/testing/memory-cluster.ts';
import { createNeeded, findNeeded, readNeeded, type Place } from './carry-configuration.ts';

let cluster: MemoryCluster;
let staging: Place;
let production: Place;

const settings: ConfigMap = { metadata: { name: 'settings', namespace: 'default' }, data: { greeting: 'hello' } };
const keys: Secret = { metadata: { name: 'keys', namespace: 'default' }, type: 'Opaque', data: { token: 'aGlkZGVu' } };

const spec: ApplicationSpec = {
  version: '1',
  configuration: { live: ['flags'] },
  template: {
    spec: {
      containers: [
        {
          name: 'web',
          image: 'shop:1',
          envFrom: [
            { configMapRef: { name: 'settings' } },
            { secretRef: { name: 'keys' } },
            { configMapRef: { name: 'flags' } },
            { configMapRef: { name: 'extras', optional: true } },
          ],
        },
      ],
    },
  },
};

/** With its configuration frozen beside it, as the controller leaves it. */
async function release(): Promise<Release> {
  const application: Application = { metadata: { name: 'shop', namespace: 'default', uid: 'u' }, spec };
  const of = { application: 'shop', applicationUid: 'u' };
  const settingsCopy = freezeConfigMap(settings, { ...of, source: 'settings' });
  const keysCopy = freezeSecret(keys, { ...of, source: 'keys' });
  await cluster.client.create(configMaps, settingsCopy);
  await cluster.client.create(secrets, keysCopy);
  const frozen = {
    'ConfigMap/settings': settingsCopy.metadata.name ?? '',
    'Secret/keys': keysCopy.metadata.name ?? '',
  };
  const identity = { template: 'h1:0', configuration: 'h1:0' };
  return newRelease(application, { version: '1', asked: { identity, frozen }, name: 'shop-1' });
}

beforeEach(async () => {
  cluster = await createMemoryCluster();
  await cluster.client.create(namespaces, { metadata: { name: 'production' } });
  staging = { client: cluster.client, namespace: 'default' };
  production = { client: cluster.client, namespace: 'production' };
});
afterEach(() => cluster.close());

describe('the configuration of a version at another place', () => {
  test('is copied as it was frozen, whatever became of what it was made of', async () => {
    const { copyable } = await findNeeded(spec, await release(), production);
    expect(copyable.map(({ reference: { kind, name } }) => `${kind}/${name}`)).toEqual([
      'ConfigMap/settings',
      'Secret/keys',
    ]);
    for (const needed of copyable) {
      const object = await readNeeded(needed, staging, 'production');
      expect(object).toBeDefined();
      if (object !== undefined) await createNeeded(production, object, { dryRun: false });
    }
    const there = await cluster.client.get(configMaps, { namespace: 'production', name: 'settings' });
    expect([there.data, there.immutable, there.metadata.labels]).toEqual([settings.data, undefined, undefined]);
    const secret = await cluster.client.get(secrets, { namespace: 'production', name: 'keys' });
    expect(contentHash(secret)).toBe(contentHash(keys));
  });

  test('that is read live is named and not copied, and what is optional is not missed', async () => {
    expect((await findNeeded(spec, await release(), production)).live).toEqual(['ConfigMap/flags']);
  });

  test('that is there with other content is named and stays', async () => {
    const own: ConfigMap = { metadata: { name: 'settings', namespace: 'production' }, data: { greeting: 'servus' } };
    await cluster.client.create(configMaps, own);
    const needed = await findNeeded(spec, await release(), production);
    expect(needed.different).toEqual(['ConfigMap/settings']);
    expect(needed.copyable.map(({ reference }) => reference.name)).toEqual(['keys']);
  });

  test('is not put in the place of one that somebody made meanwhile', async () => {
    const { copyable } = await findNeeded(spec, await release(), production);
    const [first] = copyable;
    const object = first && (await readNeeded(first, staging, 'production'));
    expect(object).toBeDefined();
    if (object === undefined) return;
    await createNeeded(production, object, { dryRun: false });
    const again: unknown = await createNeeded(production, object, { dryRun: false }).catch((error: unknown) => error);
    expect(isStatusReason(again, 'AlreadyExists')).toBe(true);
  });

  test('is told to be gone where its frozen copy is', async () => {
    const { copyable } = await findNeeded(spec, await release(), production);
    const [first] = copyable;
    expect(first && (await readNeeded({ ...first, frozen: 'gone' }, staging, 'production'))).toBeUndefined();
  });
});
