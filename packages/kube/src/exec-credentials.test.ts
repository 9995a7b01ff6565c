import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { ExecCredentialSource, type ExecPlugin } from './exec-credentials.ts';

const apiVersion = 'client.authentication.k8s.io/v1';
let directory: string;
let clock: FakeClock;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-exec-'));
  clock = new FakeClock();
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** A program that counts its runs in a file, and then does what the script says. */
async function program(script: string): Promise<string> {
  const file = join(directory, 'plugin');
  await writeFile(file, `#!/bin/sh\necho run >> "${directory}/runs"\n${script}\n`);
  await chmod(file, 0o755);
  return file;
}

async function runs(): Promise<number> {
  return (await readFile(join(directory, 'runs'), 'utf8').catch(() => '')).split('\n').length - 1;
}

function prints(status: object, more: object = {}): string {
  return `cat <<'END'\n${JSON.stringify({ kind: 'ExecCredential', apiVersion, status, ...more })}\nEND`;
}

function sourceOf(plugin: ExecPlugin): ExecCredentialSource {
  return new ExecCredentialSource({
    plugin,
    cluster: { server: 'https://127.0.0.1:6443' },
    clock,
    environment: { PATH: process.env['PATH'], OURS: 'inherited' },
  });
}

describe('credentials', () => {
  test('without a time are asked for once', async () => {
    const source = sourceOf({ command: await program(prints({ token: 'secret' })) });
    for (let request = 0; request < 3; request++) expect((await source.get()).token).toBe('secret');
    expect(await runs()).toBe(1);
  });

  test('are asked for once by requests that come together', async () => {
    const source = sourceOf({ command: await program(prints({ token: 'secret' })) });
    await Promise.all([source.get(), source.get(), source.get()]);
    expect(await runs()).toBe(1);
  });

  test('are asked for again when they have expired, once for all who find that', async () => {
    const expirationTimestamp = new Date(clock.now() + 60_000).toISOString();
    const source = sourceOf({ command: await program(prints({ token: 'secret', expirationTimestamp })) });
    await source.get();
    await clock.advance(59_999);
    await source.get();
    expect(await runs()).toBe(1);
    await clock.advance(1);
    await program(prints({ token: 'newer' }));
    const all = await Promise.all([source.get(), source.get(), source.get()]);
    expect(all.map(({ token }) => token)).toEqual(['newer', 'newer', 'newer']);
    expect(await runs()).toBe(2);
  });

  test('that were refused are replaced with the next request', async () => {
    const source = sourceOf({ command: await program(prints({ token: 'revoked' })) });
    await source.get();
    source.drop();
    await program(prints({ token: 'fresh' }));
    expect((await source.get()).token).toBe('fresh');
  });

  test('may be a certificate', async () => {
    const status = { clientCertificateData: 'a certificate', clientKeyData: 'its key' };
    const source = sourceOf({ command: await program(prints(status)) });
    expect(await source.get()).toEqual({
      token: undefined,
      certificate: { cert: 'a certificate', key: 'its key' },
      expires: undefined,
    });
  });

  test('come again after a failure', async () => {
    const source = sourceOf({ command: await program('exit 1') });
    await expect(source.get()).rejects.toThrow('exit code 1');
    await program(prints({ token: 'secret' }));
    expect((await source.get()).token).toBe('secret');
  });
});

describe('the plugin', () => {
  const reveal = 'printf \'%s\' "$KUBERNETES_EXEC_INFO" > "$0.info"; echo "$OURS $OWN $*" > "$0.seen"';

  test('gets our environment, its own variables and arguments, and is told that nobody is there to ask', async () => {
    const command = await program(`${reveal}\n${prints({ token: 'secret' })}`);
    await sourceOf({ command, args: ['get', 'token'], env: [{ name: 'OWN', value: 'given' }] }).get();
    expect(await readFile(`${command}.seen`, 'utf8')).toBe('inherited given get token\n');
    expect(JSON.parse(await readFile(`${command}.info`, 'utf8'))).toEqual({
      apiVersion,
      kind: 'ExecCredential',
      spec: { interactive: false },
    });
  });

  test('is told of the cluster where it wants to know', async () => {
    const command = await program(`${reveal}\n${prints({ token: 'secret' })}`);
    await sourceOf({ command, provideClusterInfo: true }).get();
    expect(JSON.parse(await readFile(`${command}.info`, 'utf8'))).toMatchObject({
      spec: { cluster: { server: 'https://127.0.0.1:6443' } },
    });
  });

  test('may speak the older version that the kubeconfig names', async () => {
    const beta = 'client.authentication.k8s.io/v1beta1';
    const command = await program(prints({ token: 'secret' }, { apiVersion: beta }));
    expect((await sourceOf({ command, apiVersion: beta }).get()).token).toBe('secret');
    await expect(sourceOf({ command }).get()).rejects.toThrow(`of ${beta} where ${apiVersion} was asked for`);
  });

  test('that is not installed is named, with the hint of the kubeconfig', async () => {
    const missing = sourceOf({ command: 'no-such-plugin', installHint: 'Get it from example.org.\n' });
    await expect(missing.get()).rejects.toThrow(
      'the credential plugin no-such-plugin of the kubeconfig failed: there is no such program. Get it from example.org.',
    );
  });

  test('that must ask a person is not run', async () => {
    const command = await program(prints({ token: 'secret' }));
    await expect(sourceOf({ command, interactiveMode: 'Always' }).get()).rejects.toThrow('interactiveMode: Always');
    expect(await runs()).toBe(0);
  });

  test('that reads what nobody types finds the end', async () => {
    const command = await program(`read answer || ${prints({ token: 'secret' })}`);
    expect((await sourceOf({ command }).get()).token).toBe('secret');
  });

  test('that fails is quoted from where it writes errors, and never from where it writes secrets', async () => {
    const command = await program('echo secret; echo "sign in first" >&2; exit 3');
    const error: unknown = await sourceOf({ command })
      .get()
      .catch((reason: unknown) => reason);
    expect(String(error)).toContain('it ended with exit code 3: sign in first');
    expect(String(error)).not.toContain('secret');
  });

  test.each([
    { name: 'what is not JSON', script: 'echo secret', message: 'what it printed is not JSON' },
    { name: 'something else', script: `echo '{"kind":"Status"}'`, message: 'it printed a Status' },
    { name: 'nothing to sign in with', script: prints({}), message: 'neither a token nor a certificate' },
    {
      name: 'a certificate without its key',
      script: prints({ clientCertificateData: 'a certificate' }),
      message: 'only one of clientCertificateData and clientKeyData',
    },
    {
      name: 'a time that is none',
      script: prints({ token: 'secret', expirationTimestamp: 'soon' }),
      message: 'its expirationTimestamp is no time',
    },
  ])('that prints $name is refused without quoting it', async ({ script, message }) => {
    const error: unknown = await sourceOf({ command: await program(script) })
      .get()
      .catch((reason: unknown) => reason);
    expect(String(error)).toContain(message);
    expect(String(error)).not.toContain('secret');
  });
});
