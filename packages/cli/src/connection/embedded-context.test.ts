import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readKubeconfig, writeKubeconfig, type Kubeconfig } from '@slipway/kube/kubeconfig';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findEmbedded, locateEmbedded } from './embedded-context.ts';
import { embeddedDirectory } from './embedded-extension.ts';
import { addKubeconfigEntry, clusterKubeconfig, removeKubeconfigEntry } from './kubeconfig-entry.ts';

const pair = { certificate: 'certificate', key: 'key' };
const certificates = { authority: 'authority', admin: pair, server: pair, adminToken: 'token' };
const foreign: Kubeconfig = {
  clusters: [{ name: 'production', cluster: { server: 'https://production' } }],
  users: [{ name: 'production', user: {} }],
  contexts: [{ name: 'production', context: { cluster: 'production', user: 'production' } }],
};

let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-context-'));
  file = join(folder, 'config');
  const source = join(folder, 'own');
  await writeKubeconfig(file, foreign);
  await writeKubeconfig(
    source,
    clusterKubeconfig({ path: '/data/second', server: 'https://127.0.0.1:1' }, certificates),
  );
  await addKubeconfigEntry({ file, context: 'mine', namespace: 'team' }, source);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the entry of an embedded cluster', () => {
  it('has the name and the namespace that were asked for, and is the current one', async () => {
    const config = await readKubeconfig(file);
    expect(config?.['current-context']).toBe('mine');
    expect(config?.clusters?.map(({ name }) => name)).toEqual(['mine', 'production']);
    expect(config?.contexts?.[0]).toMatchObject({
      name: 'mine',
      context: { cluster: 'mine', user: 'mine', namespace: 'team' },
    });
  });

  it('goes without the others, and only for the cluster that it is of', async () => {
    const copy = join(folder, 'copy');
    await writeKubeconfig(copy, (await readKubeconfig(file)) ?? {});
    await removeKubeconfigEntry(copy, 'mine', '/data/other');
    expect((await readKubeconfig(copy))?.contexts).toHaveLength(2);
    await removeKubeconfigEntry(copy, 'mine', '/data/second');
    expect((await readKubeconfig(copy))?.contexts).toEqual(foreign.contexts);
  });
});

describe('the embedded cluster that options name', () => {
  it('is the one whose data directory the context holds', async () => {
    expect(await locateEmbedded({ kubeconfig: file }, 'down')).toMatchObject({ path: '/data/second' });
    const options = { kubeconfig: file, context: 'mine', dataDir: '/data/second' };
    expect(await locateEmbedded(options, 'down')).toMatchObject({ path: '/data/second' });
  });

  it.each([
    {
      name: 'of another cluster',
      options: { context: 'production' },
      message: /"production" .* is of no embedded cluster/,
    },
    {
      name: 'that is not there',
      options: { context: 'staging' },
      message: /no context named "staging"; it has: mine, prod/,
    },
    {
      name: 'beside another directory',
      options: { dataDir: '/data/first' },
      message: /--data-dir names \/data\/first/,
    },
  ])('is not one $name', async ({ options, message }) => {
    const located = locateEmbedded({ kubeconfig: file, ...options }, 'down');
    await expect(located).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(message) });
  });

  it('is none of a file that is not there', async () => {
    const found = findEmbedded({ kubeconfig: join(folder, 'missing') });
    await expect(found).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('there is no kubeconfig'),
    });
  });

  it.each([
    {
      name: 'a relative path',
      extensions: [{ name: 'slipway.dev/embedded-cluster', extension: { dataDirectory: 'x' } }],
    },
    { name: 'no mapping', extensions: [{ name: 'slipway.dev/embedded-cluster', extension: 'x' }] },
    { name: 'of another program', extensions: [{ name: 'cluster_info', extension: { dataDirectory: '/x' } }] },
  ])('takes no data directory from an extension that is $name', ({ extensions }) => {
    expect(embeddedDirectory({ cluster: '', user: '', extensions })).toBeUndefined();
  });
});
