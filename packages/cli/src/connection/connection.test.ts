import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pods } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect } from './connection.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-connection-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** Nobody is asked at port 1: who we are fails before. */
async function writeKubeconfig(user: object): Promise<string> {
  const file = join(directory, 'kubeconfig');
  const config = {
    'current-context': 'a',
    clusters: [{ name: 'a', cluster: { server: 'https://127.0.0.1:1' } }],
    contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
    users: [{ name: 'a', user }],
  };
  await writeFile(file, JSON.stringify(config));
  return file;
}

const expired = {
  kind: 'ExecCredential',
  apiVersion: 'client.authentication.k8s.io/v1',
  status: { token: 'old', expirationTimestamp: '2020-01-01T00:00:00Z' },
};

describe('who we are, asked with each request', () => {
  it('is missed in a sentence where the file of the token is gone', async () => {
    const kubeconfig = await writeKubeconfig({ tokenFile: 'gone' });
    const { client } = await connect({ kubeconfig });
    await expect(client.list(pods)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/^the token in .*gone cannot be read: .*\nName a kubeconfig with --kubeconfig/),
    });
  });

  it('is missed in a sentence where the plugin has signed in once and does no more', async () => {
    const credential = join(directory, 'credential');
    await writeFile(credential, JSON.stringify(expired));
    const exec = { apiVersion: expired.apiVersion, command: 'cat', args: [credential], interactiveMode: 'Never' };
    const { client } = await connect({ kubeconfig: await writeKubeconfig({ exec }) });
    await rm(credential);
    await expect(client.list(pods)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/^the credential plugin cat of the kubeconfig failed: it ended with exit code 1/),
    });
  });
});
