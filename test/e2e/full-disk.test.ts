/** A cluster whose disk fills up: what is refused, what stays, and how it goes on when there is space again. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConfigMap } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { configMaps, pods } from '@slipway/kube/resources';
import { StatusError } from '@slipway/kube/status-error';
import { execute } from './support/execute.ts';
import { removeFolder, root } from './support/person.ts';
import { shell, soon } from './support/pod-lives.ts';
import { findCluster, startCluster, type TestCluster } from './support/slipway.ts';

const namespace = 'default';
const text = 'x'.repeat(200_000);

async function mount(...words: readonly string[]): Promise<void> {
  const outcome = await execute('mount', words);
  if (outcome.exitCode !== 0) throw new Error(`mount ${words.join(' ')}: ${outcome.stderr}`);
}

function create(client: KubeClient, name: string): Promise<ConfigMap> {
  return client.create(configMaps, { metadata: { name, namespace }, data: { text } });
}

/** Creates objects until the server refuses one; returns the names that it acknowledged, and how it refused. */
async function fill(
  client: KubeClient,
): Promise<{ readonly acknowledged: readonly string[]; readonly refusal: StatusError }> {
  const acknowledged: string[] = [];
  for (;;) {
    const name = `filler-${acknowledged.length}`;
    try {
      await create(client, name);
      acknowledged.push(name);
    } catch (error) {
      if (error instanceof StatusError) return { acknowledged, refusal: error };
      throw error;
    }
  }
}

/** Takes every byte of the disk, as a program would that has nothing to do with the cluster. */
async function takeLastByte(ballast: string): Promise<void> {
  const { stderr } = await execute('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=4k']);
  expect(stderr).toContain('No space left on device');
}

/** The processes of the cluster, as it named them when it started. */
async function processesOf(directory: string): Promise<unknown> {
  const { server, node }: Readonly<Record<string, unknown>> = JSON.parse(
    await readFile(join(directory, 'run/cluster.json'), 'utf8'),
  );
  return { server, node };
}

async function startPod(client: KubeClient, name: string): Promise<void> {
  const container = shell('while true; do echo alive; sleep 0.2; done');
  await client.create(pods, {
    metadata: { name, namespace },
    spec: { containers: [container], terminationGracePeriodSeconds: 0 },
  });
}

async function phasesOf(client: KubeClient): Promise<Readonly<Record<string, string | undefined>>> {
  const { items } = await client.list(pods, { namespace });
  return Object.fromEntries(items.map(({ metadata, status }) => [metadata.name, status?.phase]));
}

async function fillers(client: KubeClient): Promise<readonly string[]> {
  const { items } = await client.list(configMaps, { namespace });
  const whole = items.filter(({ data }) => data?.['text'] === text);
  return whole.map(({ metadata }) => metadata.name ?? '').toSorted();
}

describe.skipIf(root.reason !== undefined)(`a full disk${root.reason === undefined ? '' : ` (${root.reason})`}`, () => {
  let folder: string;
  let cluster: TestCluster;
  let acknowledged: readonly string[];

  beforeAll(async () => {
    folder = await root.createFolder();
    await mount('-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', folder);
    cluster = await startCluster({ person: root, directory: folder });
  });

  afterAll(async () => {
    await root.slipway('down', '--data-dir', folder, '--grace', '0');
    await execute('umount', [folder]);
    await removeFolder(folder);
  });

  it('keeps its pods and itself when somebody else takes the last byte', async () => {
    const { client } = cluster;
    const ballast = join(folder, 'ballast');
    const before = await processesOf(folder);
    await startPod(client, 'early');
    await soon(() => phasesOf(client)).toEqual({ early: 'Running' });
    await takeLastByte(ballast);
    for (let round = 0; round < 20; round++) {
      await client.create(configMaps, { metadata: { name: `small-${round}`, namespace } });
      await client.delete(configMaps, { namespace, name: `small-${round}` });
    }
    await client.delete(pods, { namespace, name: 'early' });
    await startPod(client, 'late');
    await soon(() => phasesOf(client)).toEqual({ late: 'Pending' });
    await rm(ballast);
    await soon(() => phasesOf(client)).toEqual({ late: 'Running' });
    expect(await root.slipway('status', '--data-dir', folder)).toMatchObject({ exitCode: 0 });
    expect(await processesOf(folder)).toEqual(before);
    await client.delete(pods, { namespace, name: 'late' });
  });

  it('is stopped where nothing can be written, and starts again', async () => {
    const ballast = join(folder, 'ballast');
    await takeLastByte(ballast);
    // The kubeconfig that it was added to is on this disk, too.
    expect(await root.slipway('down', '--data-dir', folder, '--grace', '0')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/has ended, but the kubeconfig .* still has its context .*: the disk is full/),
    });
    await expect(startCluster({ person: root, directory: folder })).rejects.toThrow('the disk is full');
    await rm(ballast);
    expect(await root.slipway('down', '--data-dir', folder)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('had ended before'),
    });
    expect(await readFile(join(folder, 'merged.kubeconfig'), 'utf8')).not.toContain('slipway');
    cluster = await startCluster({ person: root, directory: folder });
  });

  it('refuses writes and says why, and goes on reading', async () => {
    const filled = await fill(cluster.client);
    acknowledged = filled.acknowledged.toSorted();
    expect(acknowledged.length).toBeGreaterThan(10);
    expect(filled.refusal).toMatchObject({ code: 503, reason: 'ServiceUnavailable' });
    expect(filled.refusal.message).toMatch(/the disk is full \(\d+ bytes free\)/);
    expect(await fillers(cluster.client)).toEqual(acknowledged);
    expect(await root.slipway('status', '--data-dir', folder)).toMatchObject({ exitCode: 0 });
  });

  it('takes writes again when there is space, without being started again', async () => {
    await mount('-o', 'remount,size=96m', folder);
    await create(cluster.client, 'afterwards');
    expect(await fillers(cluster.client)).toEqual(['afterwards', ...acknowledged]);
  });

  it('has lost nothing that it acknowledged', async () => {
    expect(await cluster.down()).toMatchObject({ exitCode: 0 });
    await startCluster({ person: root, directory: folder });
    const { client } = await findCluster(folder, root);
    expect(await fillers(client)).toEqual(['afterwards', ...acknowledged]);
  });

  it('says so when there is too little space to start', async () => {
    await root.slipway('down', '--data-dir', folder);
    const { stdout } = await execute('df', ['--output=used', '--block-size=1K', folder]);
    await mount('-o', `remount,size=${stdout.split('\n')[1]?.trim() ?? ''}k`, folder);
    await expect(startCluster({ person: root, directory: folder })).rejects.toThrow('the disk is full');
    await mount('-o', 'remount,size=96m', folder);
    const { client } = await startCluster({ person: root, directory: folder });
    expect(await fillers(client)).toEqual(['afterwards', ...acknowledged]);
  });
});
