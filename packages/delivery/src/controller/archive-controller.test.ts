import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import { applications } from '../api/application.ts';
import { archiveFinalizer, releases } from '../api/release.ts';

const minute = 60_000;
const shop = { namespace: 'default', name: 'shop-1' };

describe('a deleted release that a server holds', () => {
  let cluster: DeliveryCluster;

  beforeEach(async () => {
    cluster = await createDeliveryCluster();
    await cluster.deploy({
      version: '1',
      template: { spec: { containers: [{ name: 'web', image: 'web:1' }] } },
      guardSeconds: 0,
    });
    await cluster.advance(5_000);
    const { uid } = (await cluster.release('1')).metadata;
    const body = { metadata: { uid, finalizers: [archiveFinalizer, 'example.com/other'] } };
    await cluster.client.patch(releases, shop, { type: 'merge', body });
    await cluster.client.delete(releases, shop);
  });
  afterEach(() => cluster.stop());

  test('stays for an hour, that a server may come back and write it down', async () => {
    await cluster.advance(59 * minute);
    expect((await cluster.release('1')).metadata.finalizers).toContain(archiveFinalizer);
  });

  test('is let go after that, with what others hold it by', async () => {
    await cluster.advance(61 * minute);
    expect((await cluster.release('1')).metadata.finalizers).toEqual(['example.com/other']);
  });
});

test('an Application of a name whose records are still held is released once they have gone', async () => {
  const cluster = await createDeliveryCluster();
  const spec = { version: '1', template: { spec: { containers: [{ name: 'web', image: 'web:1' }] } }, guardSeconds: 0 };
  await cluster.deploy(spec);
  await cluster.advance(5_000);
  const { uid } = (await cluster.release('1')).metadata;
  const hold = (finalizers: readonly string[]): Promise<unknown> =>
    cluster.client.patch(releases, shop, { type: 'merge', body: { metadata: { uid, finalizers } } });
  await hold([archiveFinalizer]);
  await cluster.client.delete(applications, { namespace: 'default', name: 'shop' });
  await cluster.advance(60_000);
  await cluster.deploy(spec);
  await cluster.advance(5_000);
  expect((await cluster.release('1')).metadata.uid).toBe(uid);
  expect(await cluster.condition('NameConflict')).not.toMatchObject({ status: 'True' });
  await hold([]);
  await cluster.advance(10_000);
  expect(await cluster.release('1')).toMatchObject({ status: { phase: 'Succeeded' } });
  expect((await cluster.release('1')).metadata.uid).not.toBe(uid);
  await cluster.stop();
});
