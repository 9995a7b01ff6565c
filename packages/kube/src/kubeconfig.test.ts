import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import {
  inClusterContext,
  mergeKubeconfigs,
  readKubeconfig,
  resolveContext,
  writeKubeconfig,
  type Kubeconfig,
} from './kubeconfig.ts';

const here = { clock: new FakeClock(), environment: {} };
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
    expect((await resolveContext(both, { ...here, source: 'x' })).transport.server).toBe('https://127.0.0.1:6443');
    expect((await resolveContext(both, { ...here, source: 'x', context: 'b' })).transport.server).toBe('https://b');
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
    await expect(resolveContext(config, { ...here, source: 'x' })).rejects.toThrow(message);
  });
});

describe('who we are', () => {
  const as = (user: object): Kubeconfig => ({ ...kubeconfig('a'), users: [{ name: 'a', user }] });
  const transportOf = async (user: object) => (await resolveContext(as(user), { ...here, source: 'x' })).transport;
  const encode = (text: string): string => Buffer.from(text).toString('base64');

  it('is said by a token', async () => {
    expect(await (await transportOf({ token: 'secret' })).token?.()).toBe('secret');
  });

  it('is said by a token in a file, as it is when a request is made', async () => {
    const tokenFile = join(directory, 'token');
    await writeFile(tokenFile, 'first\n');
    const { token } = await transportOf({ tokenFile, token: 'older' });
    expect(await token?.()).toBe('first');
    await writeFile(tokenFile, 'second\n');
    expect(await token?.()).toBe('second');
    await rm(tokenFile);
    await expect(token?.()).rejects.toThrow(`the token in ${tokenFile} cannot be read`);
  });

  it('is said by a certificate, in the kubeconfig or in files', async () => {
    await writeFile(join(directory, 'key'), 'the key');
    const user = { 'client-certificate-data': encode('the certificate'), 'client-key': join(directory, 'key') };
    expect(await transportOf(user)).toMatchObject({ cert: 'the certificate', key: 'the key' });
    await expect(transportOf({ 'client-certificate': join(directory, 'none') })).rejects.toThrow(
      `the file ${join(directory, 'none')}, which the kubeconfig names, cannot be read`,
    );
  });

  it('is said by a plugin, which is looked for beside the kubeconfig where its path is relative', async () => {
    const status = { token: 'by plugin', clientCertificateData: 'cert', clientKeyData: 'key' };
    const credential = { kind: 'ExecCredential', apiVersion: 'client.authentication.k8s.io/v1', status };
    await writeFile(join(directory, 'plugin'), `#!/bin/sh\necho '${JSON.stringify(credential)}'\n`, { mode: 0o755 });
    await writeKubeconfig(file, as({ exec: { command: './plugin' } }));
    const read = (await readKubeconfig(file)) ?? {};
    const { transport } = await resolveContext(read, { ...here, source: 'x' });
    expect(transport).toMatchObject({ cert: 'cert', key: 'key' });
    expect(await transport.token?.()).toBe('by plugin');
    expect(await transport.certificate?.()).toEqual({ cert: 'cert', key: 'key' });
  });

  it('is not guessed when the plugin fails', async () => {
    await expect(transportOf({ exec: { command: 'no-such-plugin' } })).rejects.toThrow(
      'the credential plugin no-such-plugin of the kubeconfig failed: there is no such program',
    );
  });

  it.each([
    { user: { 'auth-provider': { name: 'gcp' } }, message: 'the user "a" of x signs in by an auth-provider' },
    { user: { username: 'me', password: 'x' }, message: 'signs in by name and password' },
    { user: { token: 'x', as: 'somebody' }, message: 'acts as another user (as)' },
  ])('is refused where we would be somebody else: $message', async ({ user, message }) => {
    await expect(transportOf(user)).rejects.toThrow(message);
  });
});

describe('inClusterContext', () => {
  const environment = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };

  async function mountServiceAccount(): Promise<void> {
    for (const [name, text] of [
      ['ca.crt', 'the authority'],
      ['namespace', 'team\n'],
      ['token', 'first\n'],
    ] as const)
      await writeFile(join(directory, name), text);
  }

  it('is that of the service account, whose token is read anew for each request', async () => {
    await mountServiceAccount();
    const context = await inClusterContext(environment, directory);
    expect(context).toMatchObject({
      contextName: 'in-cluster',
      namespace: 'team',
      transport: { server: 'https://10.0.0.1:443', ca: 'the authority' },
    });
    expect(await context?.transport.token?.()).toBe('first');
    await writeFile(join(directory, 'token'), 'second\n');
    expect(await context?.transport.token?.()).toBe('second');
  });

  it('puts an address of IPv6 in brackets', async () => {
    await mountServiceAccount();
    const context = await inClusterContext({ ...environment, KUBERNETES_SERVICE_HOST: 'fd00::1' }, directory);
    expect(context?.transport.server).toBe('https://[fd00::1]:443');
  });

  it('is none outside of a pod, or without a service account', async () => {
    expect(await inClusterContext({}, directory)).toBeUndefined();
    expect(await inClusterContext(environment, directory)).toBeUndefined();
  });
});
