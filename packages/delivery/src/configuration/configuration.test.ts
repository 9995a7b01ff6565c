import { configMaps, replicaSets, secrets } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import type { ApplicationSpec } from '../api/application.ts';
import { releases } from '../api/release.ts';
import { contentHash, frozenName } from './content.ts';

let cluster: DeliveryCluster;

beforeEach(async () => {
  cluster = await createDeliveryCluster();
});
afterEach(() => cluster.stop());

const key = (name: string) => ({ namespace: 'default', name });

function spec(more: Partial<ApplicationSpec> = {}): ApplicationSpec {
  const envFrom = [{ configMapRef: { name: 'settings' } }];
  const volumes = [{ name: 'keys', secret: { secretName: 'keys' } }];
  return {
    version: '1.4.0',
    template: { spec: { containers: [{ name: 'web', image: 'a', envFrom }], volumes } },
    service: { ports: [{ port: 80 }] },
    guardSeconds: 0,
    drainSeconds: 0,
    ...more,
  };
}

async function configure(colour: string, metadata: object = {}): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...key('settings'), ...metadata }, data: { colour } };
  await cluster.client.patch(
    configMaps,
    key('settings'),
    { type: 'apply', body, force: true },
    { fieldManager: 'test' },
  );
}

async function start(more: Partial<ApplicationSpec> = {}): Promise<void> {
  await configure('blue');
  await cluster.client.create(secrets, { metadata: key('keys'), data: { key: 'c2VjcmV0' }, type: 'Opaque' });
  await cluster.deploy(spec(more));
  await cluster.advance(10_000);
}

async function serving(): Promise<string | undefined> {
  return (await cluster.application()).status?.serving?.version;
}

async function frozen(version: string): Promise<Readonly<Record<string, string>>> {
  return (await cluster.release(version)).spec.frozen ?? {};
}

describe('the configuration of a version', () => {
  test('is a copy of its own, immutable, that its pods refer to', async () => {
    await start();
    expect(await serving()).toBe('1.4.0');
    const names = await frozen('1.4.0');
    expect(Object.keys(names)).toEqual(['ConfigMap/settings', 'Secret/keys']);
    const copy = await cluster.client.get(configMaps, key(names['ConfigMap/settings'] ?? ''));
    expect(copy).toMatchObject({ immutable: true, data: { colour: 'blue' } });
    const secret = await cluster.client.get(secrets, key(names['Secret/keys'] ?? ''));
    expect(secret).toMatchObject({ immutable: true, data: { key: 'c2VjcmV0' }, type: 'Opaque' });
    const [set] = (await cluster.client.list(replicaSets, { namespace: 'default' })).items;
    const podSpec = set?.spec?.template?.spec;
    expect(podSpec?.containers[0]?.envFrom).toEqual([{ configMapRef: { name: names['ConfigMap/settings'] } }]);
    expect(podSpec?.volumes?.[0]?.secret?.secretName).toBe(names['Secret/keys']);
  });

  test('is a version of its own when it changes, two seconds after the last change', async () => {
    await start();
    await configure('red');
    await cluster.advance(1_500);
    await configure('green');
    await cluster.advance(1_500);
    expect((await cluster.application()).status?.candidate).toBeUndefined();
    await cluster.advance(10_000);
    expect(await serving()).toBe('1.4.0-c2');
    const copy = await cluster.client.get(configMaps, key((await frozen('1.4.0-c2'))['ConfigMap/settings'] ?? ''));
    expect(copy.data).toEqual({ colour: 'green' });
    expect((await frozen('1.4.0-c2'))['Secret/keys']).toBe((await frozen('1.4.0'))['Secret/keys']);
  });

  test('goes along with a template that changes meanwhile, in one release', async () => {
    await start({ version: '#' });
    await configure('red');
    await cluster.deploy(
      spec({
        version: '#',
        template: {
          spec: { containers: [{ name: 'web', image: 'b', envFrom: [{ configMapRef: { name: 'settings' } }] }] },
        },
      }),
    );
    await cluster.advance(10_000);
    expect(await serving()).toBe('2');
    expect((await cluster.application()).status?.lastNumber).toBe(2);
  });

  test('that returns to what it was returns to the version that has it', async () => {
    await start();
    await configure('red');
    await cluster.advance(10_000);
    await configure('blue');
    await cluster.advance(10_000);
    expect(await serving()).toBe('1.4.0');
  });

  test('is not missed when it is deleted', async () => {
    await start();
    await cluster.client.delete(configMaps, key('settings'));
    await cluster.advance(10_000);
    expect(await serving()).toBe('1.4.0');
    expect(await cluster.condition('Synced')).toMatchObject({ status: 'True' });
  });

  test.each([
    ['says so on the object', () => configure('blue', { labels: { 'slipway.dev/config': 'live' } })],
    ['is named in spec', () => cluster.deploy(spec({ configuration: { live: ['settings'] } }))],
  ])('that is live starts nothing: it %s', async (_, makeLive) => {
    await start();
    await makeLive();
    await cluster.advance(10_000);
    const before = await serving();
    expect(Object.keys(await frozen(before ?? ''))).toEqual(['Secret/keys']);
    await configure('red', { labels: { 'slipway.dev/config': 'live' } });
    await cluster.advance(10_000);
    expect(await serving()).toBe(before);
  });

  test('that does not exist is waited for, and named', async () => {
    await cluster.deploy(spec());
    await cluster.advance(5_000);
    expect(await cluster.condition('Synced')).toEqual({
      status: 'False',
      reason: 'ConfigurationMissing',
      message:
        'the pod template refers to what does not exist: ConfigMap/settings, Secret/keys; create it, or mark the reference optional',
    });
    await start();
    expect(await serving()).toBe('1.4.0');
  });

  describe('that lacks a key which a pod cannot start without', () => {
    const needing: ApplicationSpec = {
      version: '1.4.0',
      template: {
        spec: {
          containers: [
            {
              name: 'web',
              image: 'a',
              env: [
                { name: 'URL', valueFrom: { secretKeyRef: { name: 'keys', key: 'url' } } },
                { name: 'MODE', valueFrom: { secretKeyRef: { name: 'keys', key: 'mode', optional: true } } },
              ],
            },
          ],
          volumes: [
            { name: 'files', configMap: { name: 'settings', items: [{ key: 'logging', path: 'logging.xml' }] } },
          ],
        },
      },
      guardSeconds: 0,
      drainSeconds: 0,
    };
    const lacking = {
      status: 'False',
      reason: 'ConfigurationMissing',
      message:
        'the pod template names keys that are missing: "logging" of ConfigMap/settings; "url" of Secret/keys; add them, or mark the reference optional',
    };

    async function hold(name: string, data: Readonly<Record<string, string>>): Promise<void> {
      const type = name === 'keys' ? secrets : configMaps;
      await cluster.client.patch(type, key(name), { type: 'merge', body: { data } });
      await cluster.advance(10_000);
    }

    beforeEach(async () => {
      await configure('blue');
      await cluster.client.create(secrets, { metadata: key('keys'), data: { key: 'c2VjcmV0' }, type: 'Opaque' });
    });

    test('is told at the first look, and waited for with nothing begun', async () => {
      await cluster.deploy(needing);
      await cluster.advance(100);
      expect(await cluster.condition('Synced')).toEqual(lacking);
      await hold('settings', { logging: 'info' });
      expect((await cluster.condition('Synced'))?.message).toContain('missing: "url" of Secret/keys; add');
      expect((await cluster.client.list(releases, { namespace: 'default' })).items).toEqual([]);
      await hold('keys', { url: '' });
      expect(await serving()).toBe('1.4.0');
    });

    test('is no release of what serves, and stands in the way of none of what is optional or live', async () => {
      await hold('settings', { logging: 'info' });
      await hold('keys', { url: 'aHR0cDovL2E=' });
      await cluster.deploy(needing);
      await cluster.advance(10_000);
      await cluster.client.patch(secrets, key('keys'), { type: 'merge', body: { data: { url: null } } });
      await cluster.advance(10_000);
      expect(await cluster.condition('Synced')).toMatchObject({ status: 'False', reason: 'ConfigurationMissing' });
      expect(await serving()).toBe('1.4.0');
      await cluster.deploy({ ...needing, version: '1.5.0', configuration: { live: ['keys'] } });
      await cluster.advance(10_000);
      expect(await serving()).toBe('1.5.0');
    });
  });

  test('goes with the last version that used it', async () => {
    await start({ version: '#', history: { limit: 1, rollbackWindowSeconds: 0 } });
    const [old = ''] = Object.values(await frozen('1'));
    await configure('red');
    await cluster.advance(120_000);
    expect(await serving()).toBe('2');
    await expect(cluster.release('1')).rejects.toThrow('not found');
    await configure('green');
    await cluster.advance(120_000);
    await expect(cluster.client.get(configMaps, key(old))).rejects.toThrow('not found');
  });
});

describe('a copy whose name somebody else has', () => {
  test('is told of before anything is begun, and what serves goes on', async () => {
    await start();
    const source = { metadata: key('settings'), data: { colour: 'green' } };
    const taken = frozenName('shop', 'settings', contentHash(source));
    await cluster.client.create(configMaps, { metadata: key(taken), data: { colour: 'of somebody else' } });
    await configure('green');
    await cluster.advance(10_000);
    expect(await cluster.condition('NameConflict')).toMatchObject({
      status: 'True',
      message: expect.stringContaining(`the ConfigMap default/${taken} exists and does not belong`),
    });
    expect((await cluster.client.list(releases, { namespace: 'default' })).items).toHaveLength(1);
    expect(await serving()).toBe('1.4.0');
    await cluster.client.delete(configMaps, key(taken));
    await cluster.advance(40_000);
    expect(await serving()).toBe('1.4.0-c2');
  });
});
