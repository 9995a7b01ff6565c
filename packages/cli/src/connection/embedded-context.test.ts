import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readKubeconfig, writeKubeconfig, type Kubeconfig } from '@slipway/kube/kubeconfig';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataDirectory } from '../embedded/data-directory.ts';
import { findEmbedded, locateEmbedded } from './embedded-context.ts';
import { embeddedDirectory } from './embedded-extension.ts';
import {
  addKubeconfigEntry,
  clusterKubeconfig,
  contextName,
  findForeign,
  removeKubeconfigEntry,
} from './kubeconfig-entry.ts';

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
  await writeKubeconfig(file, foreign);
  const own = clusterKubeconfig({ path: '/data/second', server: 'https://127.0.0.1:1' }, certificates);
  await addKubeconfigEntry({ file, context: 'mine', namespace: 'team' }, own);
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

  it.each([
    { name: 'keeps the namespace that somebody has given it', path: '/data/second', namespace: 'team' },
    { name: 'takes over none of another cluster', path: '/data/third', namespace: undefined },
  ])('$name', async ({ path, namespace }) => {
    const copy = join(folder, 'again');
    await writeKubeconfig(copy, (await readKubeconfig(file)) ?? {});
    const again = clusterKubeconfig({ path, server: 'https://127.0.0.1:2' }, certificates);
    await addKubeconfigEntry({ file: copy, context: 'mine' }, again);
    const config = await readKubeconfig(copy);
    expect(config?.clusters?.[0]?.cluster.server).toBe('https://127.0.0.1:2');
    expect(config?.contexts?.[0]?.context.namespace).toBe(namespace);
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

describe('the name of an embedded cluster', () => {
  it('is another one for every data directory, and the same for one', () => {
    const one = contextName('/one/second');
    expect(one).toMatch(/^slipway-second-[0-9a-f]{6}$/);
    expect(contextName('/one/second')).toBe(one);
    expect(contextName('/other/second')).not.toBe(one);
    expect(contextName('/other/default')).not.toBe(contextName(dataDirectory(undefined).path));
    expect(contextName(dataDirectory(undefined).path)).toBe('slipway');
  });

  it.each([
    { name: 'nothing of a new one', config: foreign, context: 'mine', found: [] },
    {
      name: 'what is of another cluster',
      config: foreign,
      context: 'production',
      found: [{ kind: 'context', directory: undefined }, { kind: 'cluster' }, { kind: 'user' }],
    },
    {
      name: 'what other contexts use',
      config: { ...foreign, contexts: null },
      context: 'production',
      found: [{ kind: 'cluster' }, { kind: 'user' }],
    },
  ])('would replace $name', ({ config, context, found }) => {
    expect(findForeign(config, context, '/data/second')).toEqual(found);
  });

  it('would replace what is of its own directory, and of no other', async () => {
    const config = (await readKubeconfig(file)) ?? {};
    expect(findForeign(config, 'mine', '/data/second')).toEqual([]);
    expect(findForeign(config, 'mine', '/else/second')[0]).toEqual({ kind: 'context', directory: '/data/second' });
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
