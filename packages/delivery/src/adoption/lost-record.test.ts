/** A person deletes the record of the version that was adopted, and gives the Deployment its pods back. */
import { configMaps, deployments } from '@slipway/kube/resources';
import { afterEach, expect, test } from 'vitest';
import {
  adopting,
  createAdoptionCluster,
  ejecting,
  key,
  namespace,
  type AdoptionCluster,
} from '../../testing/adoption.ts';
import { applications } from '../api/application.ts';
import { releases } from '../api/release.ts';

let cluster: AdoptionCluster;
afterEach(() => cluster.delivery.stop());

const envFrom = [{ configMapRef: { name: 'settings' } }];

/** It reads a ConfigMap, and is adopted. */
async function adopted(): Promise<void> {
  cluster = await createAdoptionCluster();
  await cluster.client.create(configMaps, { metadata: { namespace, name: 'settings' }, data: { colour: 'red' } });
  const body = { spec: { template: { spec: { containers: [{ name: 'web', image: 'shop:1', envFrom }] } } } };
  await cluster.client.patch(deployments, key, { type: 'strategic', body });
  await cluster.delivery.advance(60_000);
  await cluster.go(adopting);
  await cluster.delivery.advance(30_000);
}

/** So that nobody asks for the one that serves, and its record is not written again. */
async function refuseAnother(): Promise<void> {
  const strategy = { type: 'blueGreen', blueGreen: { autoPromote: false } };
  await cluster.client.patch(applications, key, { type: 'merge', body: { spec: { strategy, drainSeconds: 0 } } });
  await cluster.setImage('shop:2');
  await cluster.delivery.advance(20_000);
  await cluster.delivery.command('abort');
  await cluster.delivery.advance(120_000);
}

test.each([
  { name: 'and written again', isRefused: false, seconds: 120 },
  { name: 'just now', isRefused: true, seconds: 0 },
  { name: 'for good', isRefused: true, seconds: 120 },
])('it reads what it did before, where the record is deleted $name', async ({ isRefused, seconds }) => {
  await adopted();
  if (isRefused) await refuseAnother();
  const before = await cluster.uids();
  await cluster.client.delete(releases, { namespace, name: 'shop-1' });
  await cluster.delivery.advance(seconds * 1_000);
  expect(await cluster.go(ejecting)).toEqual({ isDone: true });
  await cluster.delivery.advance(60_000);
  const { spec } = await cluster.client.get(deployments, key);
  expect(spec?.template.spec?.containers[0]?.envFrom).toEqual(envFrom);
  expect(await cluster.uids()).toEqual(before);
});
