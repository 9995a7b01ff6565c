/** What commands say of an embedded cluster that runs: in its place, by its context, and to another user. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ordinaryUser, removeFolder, root, self } from './support/person.ts';
import { startCluster, upWords, type TestCluster } from './support/slipway.ts';

const { slipway } = self;
let directory: string;
let cluster: TestCluster;

beforeAll(async () => {
  directory = await self.createFolder();
  cluster = await startCluster();
});

afterAll(async () => {
  await cluster?.stop();
  await removeFolder(directory);
});

const file = (name: string): string => join(directory, name);

it('does not start a second one in the same place', async () => {
  const outcome = await slipway(...upWords(cluster.directory, ['--detach']));
  expect(outcome).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('A cluster runs in') });
});

it('is found by the context that it has in a kubeconfig', async () => {
  const words = ['--kubeconfig', cluster.kubeconfig];
  expect(await slipway('status', ...words)).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('running'),
  });
  await writeFile(file('Dockerfile'), 'FROM scratch\n');
  const built = await slipway('build', '-t', 'empty:1', ...words, '-o', 'json', directory);
  expect(JSON.parse(built.stdout)).toMatchObject({ tag: 'empty:1' });
});

it('keeps its context when another one would be called the same', async () => {
  const merged = join(cluster.directory, 'merged.kubeconfig');
  const text = await readFile(merged, 'utf8');
  const context = /current-context: (\S+)/.exec(text)?.[1] ?? '';
  const data = file('other');
  const words = ['--data-dir', data, '--kubeconfig', merged, '--context', context];
  expect(await slipway('up', '--detach', ...words)).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining(`has a context "${context}" of the cluster in ${cluster.directory} already`),
  });
  expect(await readFile(merged, 'utf8')).toBe(text);
  expect(await readdir(directory)).not.toContain('other');
});

it('is asked what runs in it where it is not our own', async () => {
  const foreign = file('foreign.kubeconfig');
  const text = await readFile(cluster.kubeconfig, 'utf8');
  await writeFile(foreign, text.replace('slipway.dev/embedded-cluster', 'example.com/other'));
  const asked = await slipway('status', '--kubeconfig', foreign, '-o', 'json');
  expect(JSON.parse(asked.stdout)).toMatchObject({
    running: true,
    nodes: { total: 1, ready: 1 },
    controller: { name: 'slipway-server', isSilent: false },
  });
  const refusal = { exitCode: 2, stderr: expect.stringContaining('is of no embedded cluster') };
  expect(await slipway('down', '--kubeconfig', foreign)).toMatchObject(refusal);
  expect(await slipway('build', '-t', 'x:1', '--kubeconfig', foreign, directory)).toMatchObject(refusal);
  const context = /current-context: (\S+)/.exec(text)?.[1] ?? '';
  const words = ['--data-dir', file('beside'), '--kubeconfig', foreign, '--context', context];
  expect(await slipway('up', '--detach', ...words)).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('has a context'),
  });
  expect(await slipway('status', '--data-dir', cluster.directory)).toMatchObject({ exitCode: 0 });
});

it.skipIf(root.reason !== undefined)('is closed to another user', async () => {
  for (const command of ['status', 'down'])
    expect(await ordinaryUser.slipway(command, '--data-dir', cluster.directory)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('permission denied'),
    });
});
