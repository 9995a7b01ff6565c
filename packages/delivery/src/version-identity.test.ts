import { pods, replicaSets, services } from '@slipway/kube/resources';
import { splits } from '@slipway/kube/split';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../testing/delivery-cluster.ts';
import type { ApplicationSpec } from './api/application.ts';
import { releases } from './api/release.ts';

let cluster: DeliveryCluster;

beforeEach(async () => {
  cluster = await createDeliveryCluster();
});
afterEach(() => cluster.stop());

function spec(image: string, more: Partial<ApplicationSpec> = {}): Partial<ApplicationSpec> {
  return {
    replicas: 2,
    template: { spec: { containers: [{ name: 'web', image, ports: [{ name: 'http', containerPort: 80 }] }] } },
    service: { ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
    healthCheck: { path: '/health', type: 'probe', timeoutSeconds: 3 },
    strategy: { type: 'blueGreen' },
    guardSeconds: 0,
    drainSeconds: 0,
    keepFailedSeconds: 0,
    ...more,
  };
}

async function deploy(image: string, more: Partial<ApplicationSpec> = {}): Promise<void> {
  await cluster.deploy(spec(image, more));
  await cluster.advance(15_000);
}

async function serving(): Promise<string | undefined> {
  return (await cluster.application()).status?.serving?.version;
}

async function attempts(version: string): Promise<readonly string[]> {
  const { status } = await cluster.release(version);
  return (status?.attempts ?? []).map(({ cause, by, outcome }) => `${cause} by ${by ?? '-'}: ${outcome}`);
}

async function versions(): Promise<readonly string[]> {
  const { items } = await cluster.client.list(releases, { namespace: 'default' });
  return items.map((release) => release.spec.version).toSorted();
}

describe('a version', () => {
  test('keeps its content: other content under it is refused, and what serves goes on', async () => {
    await deploy('a', { version: '1.0' });
    await deploy('b', { version: '1.0' });
    expect(await serving()).toBe('1.0');
    expect(await cluster.condition('Synced')).toMatchObject({
      status: 'False',
      reason: 'VersionExists',
      message: expect.stringMatching(
        /^version 1\.0 exists with other content since .*: give the new content a version/,
      ),
    });
    expect(await cluster.condition('Available')).toMatchObject({ status: 'True' });
  });

  test('whose Release would have the name of another one is refused, and what serves goes on', async () => {
    await deploy('a', { version: 'v1' });
    await deploy('b', { version: 'V1' });
    expect(await serving()).toBe('v1');
    expect(await cluster.condition('Synced')).toMatchObject({
      status: 'False',
      reason: 'VersionExists',
      message: expect.stringMatching(/^version V1 would have the Release shop-v1, which is that of version v1: give/),
    });
    expect(await cluster.condition('Promoted')).toMatchObject({ status: 'False' });
    await deploy('b', { version: 'v2' });
    expect(await serving()).toBe('v2');
  });

  test('that is kept is gone back to by its name, without gates inside the window', async () => {
    await deploy('a', { version: '1.0' });
    await deploy('b', { version: '2.0' });
    await deploy('a', { version: '1.0' });
    expect(await serving()).toBe('1.0');
    expect(await attempts('1.0')).toEqual(['deploy by -: Succeeded', 'deploy by spec: Succeeded']);
    expect((await cluster.release('1.0')).status?.promotedBy).toBe('the rollback window');
    expect((await cluster.release('2.0')).status?.servedUntil).toBeDefined();
  });

  test('that is kept goes through its gates once the window has passed', async () => {
    const history = { rollbackWindowSeconds: 1 };
    await deploy('a', { version: '1.0', history });
    await deploy('b', { version: '2.0', history });
    await deploy('a', { version: '1.0', history });
    expect(await serving()).toBe('1.0');
    expect((await cluster.release('1.0')).status?.promotedBy).toBeUndefined();
  });
});

describe('a version that was rolled back', () => {
  test('is not tried again by scaling, and is by a changed spec', async () => {
    await deploy('a');
    await deploy('broken');
    expect(await attempts('2')).toEqual(['deploy by -: RolledBack']);
    expect(await cluster.condition('Synced')).toMatchObject({ status: 'False', reason: 'VersionRefused' });
    expect(await cluster.condition('Failed')).toMatchObject({ status: 'True', reason: 'RolledBack' });
    await deploy('broken', { replicas: 3 });
    expect(await versions()).toEqual(['1', '2']);
    expect(await serving()).toBe('1');
    await deploy('broken', { replicas: 3, healthCheck: undefined });
    expect(await serving()).toBe('3');
    expect(await cluster.condition('Synced')).toMatchObject({ status: 'True' });
  });

  test('is tried again when a person says so, and stays refused when it fails again', async () => {
    await deploy('a');
    await deploy('broken');
    await cluster.command('retry');
    await cluster.advance(15_000);
    expect(await attempts('2')).toEqual(['deploy by -: RolledBack', 'retry by a person: RolledBack']);
    expect(await cluster.condition('Synced')).toMatchObject({ status: 'False', reason: 'VersionRefused' });
    expect((await cluster.application()).status?.refused).toHaveLength(1);
  });

  test('by a person after it had become stable is not brought back by spec', async () => {
    await deploy('a');
    await deploy('b');
    await cluster.command('rollback');
    await cluster.advance(15_000);
    expect(await serving()).toBe('1');
    expect((await cluster.application()).status?.refused).toMatchObject([{ version: '2', by: 'a person' }]);
    expect(await cluster.condition('Promoted')).toMatchObject({ status: 'False', reason: 'VersionRefused' });
    await cluster.advance(60_000);
    expect(await serving()).toBe('1');
    await cluster.command('rollback', '2');
    await cluster.advance(15_000);
    expect(await serving()).toBe('2');
    expect(await cluster.condition('Synced')).toMatchObject({ status: 'True' });
  });

  test('by a person after it had become stable is tried again by a retry, though another one has failed since', async () => {
    await deploy('a');
    await deploy('b');
    await deploy('broken');
    await deploy('b');
    await cluster.command('rollback', '1');
    await cluster.advance(15_000);
    expect(await serving()).toBe('1');
    const { waitingFor } = (await cluster.application()).status ?? {};
    expect(waitingFor).toMatch(/^version 2 was refused .*: rolled back by a person; change spec or retry$/);
    await cluster.command('retry');
    await cluster.advance(15_000);
    expect(await attempts('2')).toEqual(['deploy by -: Succeeded', 'retry by a person: Succeeded']);
    expect(await attempts('3')).toEqual(['deploy by -: RolledBack']);
    expect(await serving()).toBe('2');
    expect(await cluster.condition('Synced')).toMatchObject({ status: 'True' });
  });
});

describe('a Release whose record is deleted', () => {
  test.each(['#', '1.0'])(
    'goes on serving, and is written down again as the same version (spec says %s)',
    async (version) => {
      await deploy('a', { version });
      const before = (await cluster.client.list(pods, { namespace: 'default' })).items.map(
        ({ metadata }) => metadata.uid,
      );
      const name = `shop-${version === '#' ? '1' : version}`;
      await cluster.client.delete(releases, { namespace: 'default', name });
      await cluster.advance(15_000);
      expect(await versions()).toEqual([name.slice('shop-'.length)]);
      const after = (await cluster.client.list(pods, { namespace: 'default' })).items.map(
        ({ metadata }) => metadata.uid,
      );
      expect(after).toEqual(before);
      expect(await cluster.condition('Available')).toMatchObject({ status: 'True' });
    },
  );
});

describe('what is kept', () => {
  test('is the number of releases that history.limit says, and what the window needs', async () => {
    const history = { limit: 2, rollbackWindowSeconds: 30 };
    for (const image of ['a', 'b', 'c', 'd']) await deploy(image, { history });
    expect(await versions()).toEqual(['2', '3', '4']);
    await cluster.advance(60_000);
    await deploy('e', { history });
    await cluster.advance(60_000);
    await cluster.deploy(spec('e', { history, replicas: 3 }));
    await cluster.advance(5_000);
    expect(await versions()).toEqual(['4', '5']);
    const names = (await cluster.client.list(replicaSets, { namespace: 'default' })).items.map(
      ({ metadata }) => metadata.name,
    );
    expect(names).toHaveLength(2);
  });

  test('is the version before with its pods for history.keepRunningSeconds', async () => {
    const history = { keepRunningSeconds: 60 };
    await deploy('a', { history });
    await deploy('b', { history });
    expect(await serving()).toBe('2');
    expect((await cluster.client.list(pods, { namespace: 'default' })).items).toHaveLength(4);
    await cluster.advance(60_000);
    expect((await cluster.client.list(pods, { namespace: 'default' })).items).toHaveLength(2);
  });
});

describe('in force at once', () => {
  test('are hosts of the route and ports of the Service', async () => {
    await deploy('a', { route: { hosts: ['shop.localhost'] } });
    await deploy('a', {
      route: { hosts: ['other.localhost'] },
      service: { ports: [{ name: 'http', port: 8080, targetPort: 'http' }] },
    });
    const split = await cluster.client.get(splits, { namespace: 'default', name: 'shop' });
    expect(split.spec.rules[0]?.hosts).toEqual(['other.localhost']);
    const all = (
      await cluster.client.list(services, { namespace: 'default', labelSelector: 'slipway.dev/application=shop' })
    ).items;
    expect(all.map((service) => service.spec?.ports?.[0]?.port)).toEqual([8080, 8080]);
    expect(await versions()).toEqual(['1']);
    await deploy('a', {});
    await cluster.deploy({ ...spec('a') });
    await cluster.advance(5_000);
    await expect(cluster.client.get(splits, { namespace: 'default', name: 'shop' })).rejects.toThrow('not found');
  });

  test('cannot be a number for a port that the version that serves has under another', async () => {
    await deploy('a', { service: { ports: [{ port: 80, targetPort: 80 }] } });
    await deploy('b', { service: { ports: [{ port: 80, targetPort: 8080 }] } });
    const condition = await cluster.condition('Valid');
    expect(condition?.message).toContain('spec.service.ports[0].targetPort: 8080 is not the port 80 of version 1');
    expect(await serving()).toBe('1');
  });
});
