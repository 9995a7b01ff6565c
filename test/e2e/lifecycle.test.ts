/** What a cluster leaves on the machine when it ends, however it ends, and what it finds when it starts again. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Pod } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { configMaps, pods } from '@slipway/kube/resources';
import { podWhen } from '../../packages/cluster/testing/node-cluster.ts';
import { slipwayEntry } from './support/execute.ts';
import { footprintOfFolder, listRemains, readState, takeFootprint, type Footprint } from './support/footprint.ts';
import { ordinaryUser, removeFolder, root, type Person } from './support/person.ts';
import { startCluster, upWords, type TestCluster } from './support/slipway.ts';
import { takePort } from './support/take-port.ts';
import { ask, askFrom, askGateway, createWebPods, exposeWebPods, requestWebPods } from './support/web-pods.ts';

const folders: { readonly folder: string; readonly person: Person }[] = [];

async function createFolder(person: Person): Promise<string> {
  const folder = await person.createFolder();
  folders.push({ folder, person });
  return folder;
}

afterEach(async () => {
  for (const { folder, person } of folders.splice(0)) {
    await person.slipway('down', '--data-dir', folder, '--grace', '0');
    await removeFolder(folder);
  }
});

/** The kernel ends what a killed process leaves in its own time. */
async function expectNothingLeft(footprint: Footprint): Promise<void> {
  await expect.poll(() => listRemains(footprint), { timeout: 20_000, interval: 20 }).toEqual([]);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** `slipway up` in the foreground of its own terminal, as it were: the process is the server. */
function startUp(person: Person, folder: string): ChildProcess {
  const [file, ...words] = person.commandOf(process.execPath, [slipwayEntry, ...upWords(folder)]);
  return spawn(file, words, { stdio: 'ignore' });
}

const moments = [
  { name: 'the node helper is being started', hasCome: (folder: string) => exists(join(folder, 'log', 'node.log')) },
  { name: 'the node helper is ready', hasCome: (folder: string) => exists(join(folder, 'run', 'helper.sock')) },
  { name: 'the server is about to say so', hasCome: (folder: string) => exists(join(folder, 'kubeconfig')) },
];

/** Says a number after the other. */
async function createCountingPod(client: KubeClient): Promise<void> {
  const count = 'i=0; while :; do echo $i; i=$((i+1)); sleep 0.05; done';
  const containers = [{ name: 'main', image: 'machine', command: ['sh', '-c', count] }];
  await client.create(pods, { metadata: { name: 'counting', namespace: 'default' }, spec: { containers } });
  await podWhen(client, 'counting', ({ status }) => status?.containerStatuses?.[0]?.state?.running !== undefined);
}

/** In what the counting pod has said, while there was a server and while there was none. */
async function expectNoGap(client: KubeClient): Promise<void> {
  const said = await vi.waitFor(
    async () => {
      const lines = await countedLines(client);
      expect(lines.length).toBeGreaterThan(20);
      return lines;
    },
    { timeout: 20_000 },
  );
  expect(said).toEqual(said.map((_, index) => String(index)));
}

async function countedLines(client: KubeClient): Promise<readonly string[]> {
  const path = '/api/v1/namespaces/default/pods/counting/log';
  const { body } = await client.request({ method: 'GET', path });
  return (await text(Readable.from(body))).trim().split('\n');
}

interface Side {
  readonly gateway: string;
  readonly host: string;
  readonly pods: readonly Pod[];
  /** Pods of the cluster beside it. */
  readonly strangers: readonly string[];
  /** Of its Service. */
  readonly url: string;
}

async function expose({ client, gateway }: TestCluster, side: Omit<Side, 'gateway' | 'url'>): Promise<Side> {
  return { ...side, gateway, url: await exposeWebPods(client, side.host) };
}

/** By its Service from each of its pods, and by its gateway: every pod gets some requests, and none of the other cluster any. */
async function expectOwnAnswers({ gateway, host, pods: own, strangers, url }: Side): Promise<void> {
  const ways = [...own.map((pod) => () => askFrom(pod, url, 20)), () => askGateway(gateway, host, 20)];
  const names = own.map(({ metadata }) => metadata.name).toSorted();
  const heard = new Set<string>();
  for (const way of ways) {
    const listen = async (): Promise<readonly string[]> => {
      const answers = new Set(await way());
      for (const answer of answers) heard.add(answer);
      return [...answers].toSorted();
    };
    // What was just created is served in a moment.
    await expect.poll(listen, { timeout: 20_000 }).toEqual(names);
  }
  expect(strangers.filter((name) => heard.has(name))).toEqual([]);
}

describe.each([root, ordinaryUser])('a cluster of $name', (person) => {
  describe.skipIf(person.reason !== undefined)(person.reason ?? 'on this machine', () => {
    it('leaves nothing when it is stopped', async () => {
      const cluster = await startCluster({ person, directory: await createFolder(person) });
      await createWebPods(cluster.client, ['one', 'two']);
      const footprint = await takeFootprint(cluster.directory);
      expect(footprint.processes.length).toBeGreaterThan(5);
      expect(footprint.namespaces.length > 0).toBe(person.level !== 'plain');
      expect(footprint.interfaces.length > 0).toBe(person.level === 'root');
      expect(await cluster.down()).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining('Stopped the cluster'),
      });
      expect(await listRemains(footprint)).toEqual([]);
    });

    it('leaves nothing when server and helper are killed', async () => {
      const { client, directory } = await startCluster({ person, directory: await createFolder(person) });
      await createWebPods(client, ['one', 'two']);
      const footprint = await takeFootprint(directory);
      const { server, node } = await readState(directory);
      for (const pid of [server, node ?? 0]) process.kill(pid, 'SIGKILL');
      await expectNothingLeft(footprint);
    });

    it('leaves nothing when both are killed while pods are created', async () => {
      const { client, directory } = await startCluster({ person, directory: await createFolder(person) });
      await requestWebPods(client, ['one', 'two', 'three', 'four', 'five', 'six']);
      await podWhen(client, 'one', ({ status }) => status?.containerStatuses?.[0]?.state?.running !== undefined);
      const footprint = await takeFootprint(directory);
      const { server, node } = await readState(directory);
      for (const pid of [server, node ?? 0]) process.kill(pid, 'SIGKILL');
      await expectNothingLeft(footprint);
    });

    it.each(moments)('leaves nothing when it is killed while $name', async ({ hasCome }) => {
      const folder = await createFolder(person);
      const server = startUp(person, folder);
      while (!(await hasCome(folder))) expect(server.exitCode).toBeNull();
      server.kill('SIGKILL');
      await once(server, 'exit');
      await person.slipway('down', '--data-dir', folder);
      await expectNothingLeft(await footprintOfFolder(folder));
      const next = await startCluster({ person, directory: folder });
      expect(await next.down()).toMatchObject({ exitCode: 0 });
    });

    it('ends with its helper, and starts again with its objects', async () => {
      const cluster = await startCluster({ person, directory: await createFolder(person) });
      await cluster.client.create(configMaps, { metadata: { name: 'kept', namespace: 'default' }, data: { a: 'b' } });
      await createWebPods(cluster.client, ['one']);
      const footprint = await takeFootprint(cluster.directory);
      process.kill((await readState(cluster.directory)).node ?? 0, 'SIGKILL');
      await expectNothingLeft(footprint);

      const { client } = await startCluster({ person, directory: cluster.directory });
      expect(await client.get(configMaps, { namespace: 'default', name: 'kept' })).toMatchObject({ data: { a: 'b' } });
      const again = await podWhen(client, 'one', ({ status }) => status?.containerStatuses?.[0]?.restartCount === 1);
      await expect.poll(() => ask(again)).toBe('one');
    });

    it('gives its pods to the next server when only the server is killed', async () => {
      const { client, directory } = await startCluster({ person, directory: await createFolder(person) });
      const [pod] = await createWebPods(client, ['one']);
      await createCountingPod(client);
      await exposeWebPods(client, 'kept.example');
      const before = await readState(directory);
      const footprint = await takeFootprint(directory);
      process.kill(before.server, 'SIGKILL');
      expect(pod === undefined ? '' : await ask(pod)).toBe('one');
      expect(await person.slipway('status', '--data-dir', directory)).toMatchObject({
        exitCode: 1,
        stdout: expect.stringContaining('stopped without slipway down'),
      });

      const taken = await takePort();
      const hindered = await person.slipway(...upWords(directory, ['--detach', '--gateway-port', taken.port]));
      taken.server.close();
      expect(hindered).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('is in use') });
      expect(pod === undefined ? '' : await ask(pod)).toBe('one');

      const next = await startCluster({ person, directory });
      expect((await readState(directory)).node).toBe(before.node);
      const kept = await next.client.get(pods, { namespace: 'default', name: 'one' });
      expect(kept.status).toMatchObject({ podIP: pod?.status?.podIP, containerStatuses: [{ restartCount: 0 }] });
      expect(kept.status?.containerStatuses?.[0]?.containerID).toBe(pod?.status?.containerStatuses?.[0]?.containerID);
      expect(await ask(kept)).toBe('one');
      expect(new Set(await askGateway(next.gateway, 'kept.example', 100))).toEqual(new Set(['one']));
      await expectNoGap(next.client);
      expect(await next.down()).toMatchObject({ exitCode: 0 });
      expect(await listRemains(footprint)).toEqual([]);
    });

    it('takes no helper over that ran the pods of objects which nobody kept', async () => {
      const folder = await createFolder(person);
      const { client } = await startCluster({ person, directory: folder, words: ['--ephemeral'] });
      await createWebPods(client, ['one']);
      const { server, node = 0 } = await readState(folder);
      process.kill(server, 'SIGKILL');
      const next = await startCluster({ person, directory: folder });
      await vi.waitFor(() => expect(() => process.kill(node, 0)).toThrow('ESRCH'), { timeout: 20_000 });
      expect((await next.client.list(pods, { namespace: 'default' })).items).toEqual([]);
    });

    it('lets nobody else read what it keeps', async () => {
      const folder = await createFolder(person);
      const { client } = await startCluster({ person, directory: folder });
      await createWebPods(client, ['one']);
      const open = (await readdir(folder, { recursive: true, withFileTypes: true }))
        .map((entry) => join(entry.parentPath, entry.name))
        // What pods and images use has modes for those who do; the directory before it lets nobody in.
        .filter((path) => !/^(pods|images|pipes|nodes\/[^/]+\/pods)\/./.test(relative(folder, path)))
        .flatMap((path) => {
          const found = lstatSync(path);
          const mode = (found.mode & 0o777).toString(8);
          const expected = found.isSymbolicLink() ? '777' : found.isDirectory() ? '700' : '600';
          return mode === expected ? [] : [`${mode} ${relative(folder, path)}`];
        });
      expect(open).toEqual([]);
    });

    it('is left alone by a second up, and by a cluster elsewhere', async () => {
      const one = await startCluster({ person, directory: await createFolder(person) });
      const other = await startCluster({ person, directory: await createFolder(person) });
      const [first, second] = await Promise.all([
        createWebPods(one.client, ['one', 'uno']),
        createWebPods(other.client, ['two', 'due']),
      ]);
      expect(await person.slipway(...upWords(one.directory, ['--detach']))).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining(`A cluster runs in ${one.directory} already`),
      });
      const all = [...first, ...second];
      expect(await Promise.all(all.map(ask))).toEqual(['one', 'uno', 'two', 'due']);
      const blocks = all.map(({ status }) => status?.podIP?.split('.').slice(0, 2).join('.'));
      expect(new Set(blocks).size).toBe(2);

      const sides = await Promise.all([
        expose(one, { host: 'one.example', pods: first, strangers: ['two', 'due'] }),
        expose(other, { host: 'two.example', pods: second, strangers: ['one', 'uno'] }),
      ]);
      expect(new Set(sides.map(({ url }) => url)).size).toBe(2);
      await Promise.all(sides.map(expectOwnAnswers));
      expect((await askGateway(one.gateway, 'two.example', 1))[0]).toMatch(/^no route for two\.example/);
      expect((await askGateway(other.gateway, 'one.example', 1))[0]).toMatch(/^no route for one\.example/);

      const living = await takeFootprint(one.directory);
      const gone = await takeFootprint(other.directory);
      expect(await other.down()).toMatchObject({ exitCode: 0 });
      // What the kernel gave the numbers of namespaces that are gone is not left of them.
      const renumbered = { ...gone, namespaces: living.namespaces };
      expect(await listRemains(renumbered)).toEqual([]);
      expect(await Promise.all(first.map(ask))).toEqual(['one', 'uno']);
      await Promise.all(sides.slice(0, 1).map(expectOwnAnswers));
    });
  });
});
