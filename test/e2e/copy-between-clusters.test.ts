/** A version that is carried from one cluster to another one: two contexts of one kubeconfig. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { applications } from '@slipway/delivery/api/application';
import { releases } from '@slipway/delivery/api/release';
import { configMaps, secrets } from '@slipway/kube/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusterTitle, startPair, type Pair } from './support/delivery-cluster.ts';
import type { Outcome } from './support/execute.ts';
import { self } from './support/person.ts';

type Side = 'staging' | 'production';

const token = Buffer.from('for-nobody-to-see').toString('base64');
const program = "process.on('SIGTERM', () => process.exit()); setInterval(() => {}, 1e6)";

describe(`a version from one cluster to another, ${clusterTitle}`, () => {
  let pair: Pair;

  beforeAll(async () => {
    pair = await startPair();
    const { client } = pair.staging;
    await client.create(configMaps, { metadata: named('staging', 'settings'), data: { greeting: 'hello' } });
    await client.create(secrets, { metadata: named('staging', 'keys'), data: { token } });
    const deployed = await deploy('staging', '1.4.0', 'first');
    if (deployed.exitCode !== 0) throw new Error(`nothing was released: ${deployed.stderr}`);
  });

  afterAll(() => pair?.stop());

  const named = (side: Side, name: string) => ({ namespace: pair[side].namespace, name });

  function slipway(context: Side, ...words: readonly string[]): Promise<Outcome> {
    return self.slipway(...words, '--kubeconfig', pair.kubeconfig, '--context', context);
  }

  function copy(...words: readonly string[]): Promise<Outcome> {
    return slipway('staging', 'copy', 'shop', '--to', `production/${pair.production.namespace}`, ...words);
  }

  async function deploy(context: Side, version: string, content: string): Promise<Outcome> {
    const file = join(pair.staging.folder, `${context}-${version}.json`);
    const container = {
      name: 'web',
      image: 'node:24',
      command: ['node', '-e', program],
      env: [{ name: 'CONTENT', value: content }],
      envFrom: [{ configMapRef: { name: 'settings' } }, { secretRef: { name: 'keys' } }],
      ports: [{ containerPort: 8080 }],
    };
    const service = { ports: [{ port: 80, targetPort: 8080 }] };
    const times = { guardSeconds: 0, drainSeconds: 0, keepFailedSeconds: 0 };
    const template = { spec: { containers: [container] } };
    const spec = { version, template, service, strategy: { type: 'blueGreen' }, ...times };
    const application = { apiVersion: 'slipway.dev/v1alpha1', kind: 'Application', metadata: { name: 'shop' }, spec };
    await writeFile(file, JSON.stringify(application));
    return slipway(context, 'deploy', file, '--wait');
  }

  async function recordOf(side: Side, version: string) {
    const { spec, status } = await pair[side].client.get(releases, named(side, `shop-${version}`));
    return { identity: spec.identity, frozen: spec.frozen, template: spec.template, images: status?.images };
  }

  it('names what is missing there, and shows what it would write, without writing anything', async () => {
    expect(await copy()).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /does not exist in namespace \S+ of production:\n {2}ConfigMap\/settings\n {2}Secret\/keys\n/,
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
    const { client, namespace } = pair.production;
    expect((await client.list(applications, { namespace })).items).toEqual([]);
    const made = await client.list(secrets, { namespace });
    expect(made.items.map(({ metadata }) => metadata.name)).not.toContain('keys');
  });

  it('carries version, images and frozen configuration, which are the same there', async () => {
    // What has changed since the version was released is no part of it.
    const changed = { type: 'merge', body: { data: { greeting: 'good morning' } } } as const;
    await pair.staging.client.patch(configMaps, named('staging', 'settings'), changed);
    const copied = await copy('--version', '1.4.0', '--with-configuration', '--wait', '-o', 'json');
    expect(copied).toMatchObject({ exitCode: 0 });
    const record = await recordOf('production', '1.4.0');
    expect(record).toEqual(await recordOf('staging', '1.4.0'));
    expect(record.images?.[0]?.imageIDs).toHaveLength(1);
    expect((await pair.production.client.get(configMaps, named('production', 'settings'))).data).toEqual({
      greeting: 'hello',
    });
    expect((await pair.production.client.get(secrets, named('production', 'keys'))).data).toEqual({ token });
    expect(await copy('--version', '1.4.0', '--dry-run')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('No difference.'),
    });
  });

  it('replaces no configuration that is there, and says so', async () => {
    const changed = { type: 'merge', body: { data: { greeting: 'of its own' } } } as const;
    await pair.production.client.patch(configMaps, named('production', 'settings'), changed);
    const shown = await copy('--version', '1.4.0', '--with-configuration', '--dry-run');
    expect({ ...shown, stdout: '' }).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: expect.stringContaining(
        `ConfigMap/settings has other content in namespace ${pair.production.namespace} of production, and stays as it is there`,
      ),
    });
  });

  it('refuses a version that exists there with other content', async () => {
    expect(await deploy('staging', '2.0.0', 'second')).toMatchObject({ exitCode: 0 });
    expect(await deploy('production', '2.0.0', 'another')).toMatchObject({ exitCode: 0 });
    const before = await pair.production.client.get(applications, named('production', 'shop'));
    const refused = await copy('--with-configuration');
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stderr).toMatch(/version 2\.0\.0 .*other content/s);
    expect((await pair.production.client.get(applications, named('production', 'shop'))).metadata.generation).toBe(
      before.metadata.generation,
    );
  });
});
