/** What gets a message and the right exit code before there is a cluster: words, files, and places where none can start. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { slipwayEntry } from './support/execute.ts';
import { footprintOfFolder, listRemains } from './support/footprint.ts';
import { writeKubeconfigTo } from './support/kubeconfig-to.ts';
import { ordinaryUser, removeFolder, self } from './support/person.ts';
import { startCluster, upWords } from './support/slipway.ts';
import { takePort, type TakenPort } from './support/take-port.ts';

const { slipway } = self;
let directory: string;

beforeAll(async () => {
  directory = await self.createFolder();
});

afterAll(() => removeFolder(directory));

/** `slipway up` in a folder of its own that should not come to anything. */
async function expectNoStart(data: string, ...words: readonly string[]): Promise<string> {
  const outcome = await slipway(...upWords(data, ['--detach', '--runtime', 'simulated', ...words]));
  expect(await slipway('status', '--data-dir', data)).toMatchObject({ exitCode: 1 });
  expect(await listRemains(await footprintOfFolder(data))).toEqual([]);
  return `${outcome.exitCode} ${outcome.stderr}`;
}

describe('without a cluster', () => {
  it('refuses an unknown option with exit code 2', async () => {
    expect(await slipway('up', '--no-such')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("unknown option '--no-such'"),
    });
  });

  it('ends quietly when nobody reads on', async () => {
    const script = '{ "$0" "$1" install -o yaml; echo "exit $?" >&2; } | head -n 1';
    expect(await self.run('sh', '-c', script, process.execPath, slipwayEntry)).toMatchObject({
      stdout: 'apiVersion: apiextensions.k8s.io/v1\n',
      stderr: 'exit 141\n',
    });
  });

  it('says that nothing runs', async () => {
    expect(await slipway('status', '--data-dir', directory)).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('No cluster runs in'),
    });
    expect(await slipway('down', '--data-dir', directory)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('No cluster runs in'),
    });
  });

  it.each([
    { name: 'that points nowhere', text: undefined, message: 'there is no kubeconfig at' },
    { name: 'that is no YAML', text: 'clusters: [', message: 'is not YAML' },
    { name: 'of another form', text: 'clusters: 5', message: 'clusters must be a list' },
    { name: 'without a context', text: 'apiVersion: v1', message: 'has no current context' },
  ])('says what is wrong with a kubeconfig $name', async ({ text, message }) => {
    const file = join(directory, text === undefined ? 'nowhere' : 'wrong.kubeconfig');
    if (text !== undefined) await writeFile(file, text);
    const outcome = await slipway('releases', 'shop', '--kubeconfig', file);
    expect(outcome).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(message) });
    expect(outcome.stderr).toContain('Name a kubeconfig with --kubeconfig FILE');
  });

  it('says that nothing answers where a kubeconfig points', async () => {
    const dead = await writeKubeconfigTo('https://127.0.0.1:1', join(directory, 'dead.kubeconfig'));
    const outcome = await slipway('releases', 'shop', '--kubeconfig', dead);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: '' });
    expect(outcome.stderr).toContain('the API server at https://127.0.0.1:1 cannot be reached');
    expect(outcome.stderr).toContain('Does the cluster run? (slipway status, slipway up)');
  });
});

describe('slipway demo', () => {
  it('ends when it is interrupted in the middle of a release', async () => {
    const demo = spawn(process.execPath, [slipwayEntry, 'demo', '--once'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => demo.once('exit', resolve));
    const lines: string[] = [];
    for await (const line of createInterface({ input: demo.stdout })) {
      lines.push(line);
      if (line === 'Releasing v1') demo.kill('SIGINT');
    }
    expect(await ended).toBe(130);
    expect(lines.at(-1)).toContain('its files are gone');
  });
});

describe('slipway build', () => {
  let context: string;

  beforeAll(async () => {
    context = join(directory, 'context');
    await mkdir(context);
  });

  it('says that a context has no Dockerfile', async () => {
    const outcome = await slipway('build', '-t', 'x:1', '--data-dir', join(directory, 'data'), context);
    expect(outcome).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('there is no Dockerfile') });
  });

  it.each([
    {
      name: 'an unsupported instruction',
      line: 'ONBUILD RUN true',
      message: 'Dockerfile:3: the instruction ONBUILD is not supported',
    },
    {
      name: 'a file that is not there',
      line: 'COPY missing /',
      message: 'Dockerfile:3: "missing" is not in the build context',
    },
  ])('names the line of $name', async ({ line, message }) => {
    await writeFile(join(context, 'Dockerfile'), `FROM scratch\n\n${line}\n`);
    const outcome = await slipway('build', '-t', 'x:1', '--data-dir', join(directory, 'data'), context);
    expect(outcome).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(message) });
  });
});

describe('slipway up', () => {
  let taken: TakenPort;

  beforeAll(async () => {
    taken = await takePort();
  });

  afterAll(() => {
    taken.server.close();
  });

  it.each(['--api-port', '--gateway-port'])('names a port that is in use, and what to do: %s', async (option) => {
    const said = await expectNoStart(join(directory, 'port'), option, taken.port);
    expect(said).toContain(`1 Port ${taken.port} on 127.0.0.1 is in use`);
    expect(said).toContain(`Choose another with ${option} N`);
    expect(existsSync(join(directory, 'port'))).toBe(false);
  });

  it('ends in the foreground too when a port is in use', async () => {
    const words = upWords(join(directory, 'port'), ['--runtime', 'simulated', '--api-port', taken.port]);
    expect(await slipway(...words)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('is in use') });
  });

  it('leaves a damaged data directory as it is', async () => {
    const data = join(directory, 'damaged');
    const cluster = await startCluster({ directory: data, words: ['--runtime', 'simulated'] });
    await cluster.down();
    const file = join(data, 'store', 'objects.snapshot');
    await truncate(file, 10_000);
    const before = await readFile(file, 'base64');
    expect(await expectNoStart(data)).toMatch(/^1 .*objects\.snapshot|^1 .*damaged/);
    expect(await readFile(file, 'base64')).toBe(before);
  });

  it('does not take a file for a data directory', async () => {
    const file = join(directory, 'file');
    await writeFile(file, 'mine');
    const outcome = await slipway('up', '--detach', '--data-dir', file, '--kubeconfig', join(directory, 'kc'));
    expect(outcome).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(`${file} cannot be used`) });
    expect(await readFile(file, 'utf8')).toBe('mine');
  });

  it('says whose a data directory is not', async () => {
    const folder = await ordinaryUser.createFolder();
    const data = join(folder, 'closed');
    await mkdir(data);
    await chmod(data, 0o500);
    const outcome = await ordinaryUser.slipway(...upWords(data, ['--detach', '--kubeconfig', join(folder, 'kc')]));
    expect(outcome).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('permission denied') });
    expect(outcome.stderr).toContain('with --data-dir DIR');
    expect(await readdir(data)).toEqual([]);
    await removeFolder(folder);
  });

  it('repairs nothing in a kubeconfig that it cannot read', async () => {
    const file = join(directory, 'kubeconfig-of-mine');
    await writeFile(file, 'users: [');
    expect(await expectNoStart(join(directory, 'unmerged'), '--kubeconfig', file)).toMatch(/^2 .* is not YAML/);
    expect(await readFile(file, 'utf8')).toBe('users: [');
  });

  it('goes on without the right to make network namespaces, and says what is missing', async () => {
    const folder = await ordinaryUser.createFolder();
    const words = upWords(folder, ['--detach']);
    const outcome = await ordinaryUser.slipway(...words);
    await ordinaryUser.slipway('down', '--data-dir', folder);
    await removeFolder(folder);
    expect(outcome).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`level ${ordinaryUser.level}`) });
    expect(outcome.stdout).toContain('network and mount namespaces need root, and this is an ordinary user');
  });
});
