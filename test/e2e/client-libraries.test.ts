/** Programs that other people wrote against Kubernetes: the official clients in two languages, and a script around kubectl. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CoreV1Api, KubeConfig, makeInformer, type V1ConfigMap } from '@kubernetes/client-node';
import { configMaps, namespaces, pods } from '@slipway/kube/resources';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { execute, missing } from './support/execute.ts';
import { until } from './support/server-site.ts';
import { startCluster, type TestCluster } from './support/slipway.ts';

/** Debian's, whichever other Python comes first in the path. */
const python = '/usr/bin/python3';
const hasPython = (await execute('sh', ['-c', `${python} -c 'import kubernetes'`])).exitCode === 0;
const withoutKubetail = (await missing('kubetail')) ?? (await missing('kubectl'));
/** How long an informer is followed: a few seconds, or minutes where somebody wants to know. */
const seconds = Number(process.env['SLIPWAY_TEST_INFORMER_SECONDS'] ?? 5);

/** Of a program that ends only when it is told to, and starts others. */
async function readUntil(
  [program = '', ...words]: readonly string[],
  isEnough: (text: string) => boolean,
): Promise<void> {
  const child = spawn(program, words, {
    env: { ...process.env, KUBECONFIG: join(cluster.directory, 'kubeconfig') },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const closed = once(child, 'close');
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid ?? 0), 'SIGKILL');
  });
  let text = '';
  const enough = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      if (isEnough(text)) enough.resolve();
    });
  void closed.then(() => enough.reject(new Error(`${program} ended by itself: ${text}`)));
  await enough.promise;
  process.kill(-(child.pid ?? 0), 'SIGTERM');
  await closed;
}

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

describe('client libraries', () => {
  it.skipIf(!hasPython)(`the client for Python${hasPython ? '' : ' (not installed)'}`, async () => {
    const story = fileURLToPath(new URL('support/clients/story.py', import.meta.url));
    const { exitCode, stdout, stderr } = await execute(python, [story, join(cluster.directory, 'kubeconfig')]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      ready: 2,
      exec: { stdout: 'out\n', stderr: 'err\n', code: 7 },
      log: 'started\n',
      scale: 1,
      pages: [['c0', 'c1'], ['c2', 'c3'], ['c4']],
      conflict: [409, 'Conflict'],
      missing: [404, 'NotFound'],
      version: ['1', '32'],
      deleted: true,
    });
  });

  it(
    `an informer of the client for JavaScript misses nothing in ${seconds} s of writes`,
    { timeout: (seconds + 60) * 1_000 },
    async () => {
      const namespace = 'informed';
      await cluster.client.create(namespaces, { metadata: { name: namespace } });
      const config = new KubeConfig();
      config.loadFromFile(join(cluster.directory, 'kubeconfig'));
      const api = config.makeApiClient(CoreV1Api);
      const path = `/api/v1/namespaces/${namespace}/configmaps`;
      const informer = makeInformer(config, path, () => api.listNamespacedConfigMap({ namespace }));
      const versions = new Set<string>();
      const present = new Map<string, string>();
      const faults: unknown[] = [];
      const see = ({ metadata }: V1ConfigMap): void => {
        versions.add(metadata?.resourceVersion ?? '');
        present.set(metadata?.name ?? '', metadata?.resourceVersion ?? '');
      };
      informer.on('add', see);
      informer.on('update', see);
      informer.on('delete', ({ metadata }) => present.delete(metadata?.name ?? ''));
      informer.on('error', (error: unknown) => faults.push(error));
      await informer.start();
      try {
        const written: string[] = [];
        const end = performance.now() + seconds * 1_000;
        for (let count = 0; performance.now() < end; count++) {
          const key = { namespace, name: `c${count % 20}` };
          const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: key, data: { count: String(count) } };
          const options = { fieldManager: 'test' };
          const { metadata } = await cluster.client.patch(
            configMaps,
            key,
            { type: 'apply', body, force: true },
            options,
          );
          written.push(metadata.resourceVersion ?? '');
          if (count % 50 === 49) await cluster.client.delete(configMaps, key);
        }
        const { items } = await cluster.client.list(configMaps, { namespace });
        const listed = items.map(({ metadata }) => [metadata.name, metadata.resourceVersion]).toSorted();
        await until(async () => JSON.stringify([...present].toSorted()) === JSON.stringify(listed));
        expect(faults).toEqual([]);
        expect(written.filter((version) => !versions.has(version))).toEqual([]);
        console.log(`${written.length} writes in ${seconds} s, each of them seen`);
      } finally {
        await informer.stop();
      }
    },
  );

  it.skipIf(withoutKubetail !== undefined)(`kubetail follows several pods${withoutKubetail ?? ''}`, async () => {
    const namespace = 'tailed';
    await cluster.client.create(namespaces, { metadata: { name: namespace } });
    for (const name of ['tail-a', 'tail-b']) {
      const command = ['sh', '-c', `while :; do echo I am ${name}; sleep 0.2; done`];
      const containers = [{ name: 'main', image: 'machine', command }];
      await cluster.client.create(pods, {
        metadata: { namespace, name },
        spec: { containers, terminationGracePeriodSeconds: 0 },
      });
    }
    await cluster.ask('wait', '-n', namespace, '--for=condition=Ready', 'pod', '--all', '--timeout=60s');
    // The one of Debian 12 was written for a bash before 5.2, where & in a replacement was no more than itself.
    const script = 'shopt -u patsub_replacement 2>/dev/null; . "$(command -v kubetail)"';
    await readUntil(['bash', '-c', script, 'kubetail', 'tail-', '-n', namespace, '-k', 'false'], (text) =>
      ['tail-a', 'tail-b'].every((name) => text.includes(`[${name}] I am ${name}`)),
    );
  });
});
