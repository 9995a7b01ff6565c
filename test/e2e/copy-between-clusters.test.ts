/**
 * A version that is carried from one cluster to another one: two contexts of one kubeconfig. Neither is a cluster that is there
 * already: the records of both are compared down to the imageIDs, and an embedded cluster, which pulls nothing, gives others.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { applications } from '@slipway/delivery/api/application';
import { releases } from '@slipway/delivery/api/release';
import { configMaps, secrets } from '@slipway/kube/resources';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Outcome } from './support/execute.ts';
import { removeFolder, self } from './support/person.ts';
import { startCluster, type TestCluster } from './support/slipway.ts';

const shop = { namespace: 'default', name: 'shop' };
const settings = { namespace: 'default', name: 'settings' };
const keys = { namespace: 'default', name: 'keys' };
const token = Buffer.from('for-nobody-to-see').toString('base64');

let folder: string;
let kubeconfig: string;
let staging: TestCluster;
let production: TestCluster;

beforeAll(async () => {
  folder = await self.createFolder();
  kubeconfig = join(folder, 'both.kubeconfig');
  const start = (context: string) =>
    startCluster({ words: ['--runtime', 'simulated', '--kubeconfig', kubeconfig, '--context', context] });
  staging = await start('staging');
  production = await start('production');
  await staging.client.create(configMaps, { metadata: settings, data: { greeting: 'hello' } });
  await staging.client.create(secrets, { metadata: keys, data: { token } });
  const deployed = await deploy('staging', '1.4.0', 'shop:1');
  if (deployed.exitCode !== 0) throw new Error(`nothing was released: ${deployed.stderr}`);
});

afterAll(async () => {
  await Promise.all([staging.stop(), production.stop()]);
  await removeFolder(folder);
});

function slipway(context: string, ...words: readonly string[]): Promise<Outcome> {
  return self.slipway(...words, '--kubeconfig', kubeconfig, '--context', context);
}

function copy(...words: readonly string[]): Promise<Outcome> {
  return slipway('staging', 'copy', 'shop', '--to', 'production/default', ...words);
}

async function deploy(context: string, version: string, image: string): Promise<Outcome> {
  const file = join(folder, `${context}-${version}.json`);
  const envFrom = [{ configMapRef: { name: 'settings' } }, { secretRef: { name: 'keys' } }];
  const containers = [{ name: 'web', image, envFrom, ports: [{ containerPort: 8080 }] }];
  const service = { ports: [{ port: 80, targetPort: 8080 }] };
  const times = { guardSeconds: 0, drainSeconds: 0, keepFailedSeconds: 0 };
  const spec = { version, template: { spec: { containers } }, service, strategy: { type: 'blueGreen' }, ...times };
  const application = { apiVersion: 'slipway.dev/v1alpha1', kind: 'Application', metadata: { name: 'shop' }, spec };
  await writeFile(file, JSON.stringify(application));
  return slipway(context, 'deploy', file, '--wait');
}

async function recordOf({ client }: TestCluster, version: string) {
  const { spec, status } = await client.get(releases, { namespace: 'default', name: `shop-${version}` });
  return { identity: spec.identity, frozen: spec.frozen, template: spec.template, images: status?.images };
}

it('names what is missing there, and shows what it would write, without writing anything', async () => {
  expect(await copy()).toMatchObject({
    exitCode: 1,
    stdout: '',
    stderr: expect.stringMatching(
      /does not exist in namespace default of production:\n {2}ConfigMap\/settings\n {2}Secret\/keys\n/,
    ),
  });
  const shown = await copy('--with-configuration', '--dry-run', '-o', 'json');
  expect(shown).toMatchObject({ exitCode: 0 });
  expect(JSON.parse(shown.stdout)).toMatchObject({
    items: [
      { name: 'Application shop', after: { spec: { version: '1.4.0' } } },
      { name: 'ConfigMap settings', after: { data: { greeting: 'hello' } } },
      { name: 'Secret keys', after: { data: { token: '***' } } },
    ],
  });
  expect(shown.stdout + shown.stderr).not.toContain(token);
  expect((await production.client.list(applications, { namespace: 'default' })).items).toEqual([]);
  const made = await production.client.list(secrets, { namespace: 'default' });
  expect(made.items.map(({ metadata }) => metadata.name)).not.toContain('keys');
});

it('carries version, images and frozen configuration, which are the same there', async () => {
  // What has changed since the version was released is no part of it.
  await staging.client.patch(configMaps, settings, { type: 'merge', body: { data: { greeting: 'good morning' } } });
  const copied = await copy('--version', '1.4.0', '--with-configuration', '--wait', '-o', 'json');
  expect(copied).toMatchObject({ exitCode: 0 });
  const record = await recordOf(production, '1.4.0');
  expect(record).toEqual(await recordOf(staging, '1.4.0'));
  expect(record.images?.[0]?.imageIDs).toHaveLength(1);
  expect((await production.client.get(configMaps, settings)).data).toEqual({ greeting: 'hello' });
  expect((await production.client.get(secrets, keys)).data).toEqual({ token });
  expect(await copy('--version', '1.4.0', '--dry-run')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('No difference.'),
  });
});

it('replaces no configuration that is there, and says so', async () => {
  await production.client.patch(configMaps, settings, { type: 'merge', body: { data: { greeting: 'of its own' } } });
  const shown = await copy('--version', '1.4.0', '--with-configuration', '--dry-run');
  expect({ ...shown, stdout: '' }).toEqual({
    exitCode: 0,
    stdout: '',
    stderr: expect.stringContaining(
      'ConfigMap/settings has other content in namespace default of production, and stays as it is there',
    ),
  });
});

it('refuses a version that exists there with other content', async () => {
  expect(await deploy('staging', '2.0.0', 'shop:2')).toMatchObject({ exitCode: 0 });
  expect(await deploy('production', '2.0.0', 'shop:other')).toMatchObject({ exitCode: 0 });
  const before = await production.client.get(applications, shop);
  const refused = await copy('--with-configuration');
  expect(refused.exitCode).not.toBe(0);
  expect(refused.stderr).toMatch(/version 2\.0\.0 .*other content/s);
  expect((await production.client.get(applications, shop)).metadata.generation).toBe(before.metadata.generation);
});
