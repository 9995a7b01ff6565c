import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mergeKubeconfigs, readKubeconfig, resolveContext, writeKubeconfig, type Kubeconfig } from './kubeconfig.ts';

let directory: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-kubeconfig-'));
  file = join(directory, 'config');
});

afterEach(() => rm(directory, { recursive: true, force: true }));

function kubeconfig(name: string, server = 'https://127.0.0.1:6443'): Kubeconfig {
  return {
    clusters: [{ name, cluster: { server } }],
    users: [{ name, user: { token: `token of ${name}` } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
}

describe('readKubeconfig', () => {
  it('finds nothing where there is no file, and an empty one in an empty file', async () => {
    expect(await readKubeconfig(file)).toBeUndefined();
    await writeFile(file, '');
    expect(await readKubeconfig(file)).toEqual({});
  });

  it.each([
    { name: 'text', text: 'just text', message: 'must be a mapping with clusters, users and contexts' },
    { name: 'no YAML, without showing what stands there', text: 'token: [secret', message: /is not YAML: [^\n]+$/ },
    { name: 'a list that is none', text: 'clusters: 5', message: 'is wrong: clusters must be a list' },
    {
      name: 'an entry that is text',
      text: 'users: [me]',
      message: 'users[0] must be a mapping with a name and a user',
    },
    {
      name: 'an entry without a name',
      text: 'contexts: [{context: {cluster: a, user: b}}]',
      message: 'contexts[0] must be a mapping with a name and a context',
    },
  ])('refuses $name', async ({ text, message }) => {
    await writeFile(file, text);
    await expect(readKubeconfig(file)).rejects.toThrow(message);
  });

  it('takes paths as relative to the file, and null lists as empty', async () => {
    await writeFile(file, 'clusters: null\nusers: [{name: a, user: {client-key: keys/a}}]\n');
    expect(await readKubeconfig(file)).toEqual({
      clusters: [],
      users: [{ name: 'a', user: { 'client-key': join(directory, 'keys/a') } }],
    });
  });

  it('reads what was written', async () => {
    await writeKubeconfig(file, kubeconfig('a'));
    expect(await readKubeconfig(file)).toEqual(kubeconfig('a'));
  });
});

describe('resolveContext', () => {
  it('takes the current context, or the one that is named', async () => {
    const both = mergeKubeconfigs([kubeconfig('a'), kubeconfig('b', 'https://b')]);
    expect((await resolveContext(both, { source: 'x' })).transport.server).toBe('https://127.0.0.1:6443');
    expect((await resolveContext(both, { source: 'x', context: 'b' })).transport.server).toBe('https://b');
  });

  it.each([
    { name: 'no current context', config: {}, message: 'x has no current context' },
    {
      name: 'a context that is not there',
      config: { ...kubeconfig('a'), 'current-context': 'c' },
      message: 'x has no context named "c"; it has: a',
    },
    { name: 'a server that is no URL', config: kubeconfig('a', 'nowhere'), message: 'has the server "nowhere"' },
    {
      name: 'a cluster that is not there',
      config: { ...kubeconfig('a'), clusters: [] },
      message: 'names the cluster "a", which is not in it; it has: (none)',
    },
  ])('names $name', async ({ config, message }) => {
    await expect(resolveContext(config, { source: 'x' })).rejects.toThrow(message);
  });
});
