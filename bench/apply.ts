import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Deployment } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { isConditionTrue } from '@slipway/kube/conditions';
import { deployments } from '@slipway/kube/resources';
import { connect } from '../packages/cli/src/connection/connection.ts';
import { checkoutMount, checkoutVolume } from '../test/e2e/support/checkout-volume.ts';
import { startBenchCluster, type BenchCluster } from './cluster.ts';
import { median, rounded, type BenchRow } from './row.ts';

const runs = 9;
const namespace = 'default';
const program = fileURLToPath(new URL('./reference/ready-server.ts', import.meta.url));
const run = promisify(execFile);

/** From the start of `kubectl apply` to the Deployment's condition Available, less what the container's program itself takes. */
export async function benchApply(): Promise<readonly BenchRow[]> {
  const cluster = await startBenchCluster();
  try {
    const { client } = await connect({ kubeconfig: cluster.kubeconfig });
    const [whole, alone, asking]: [number[], number[], number[]] = [[], [], []];
    for (let index = 0; index < runs; index++) {
      alone.push(await timed(startAlone));
      asking.push(await timed(() => kubectl(cluster, 'get', '--raw', '/version')));
      whole.push(await timed(() => applied(cluster, client, `web-${index}`)));
    }
    return [
      {
        figure: 'kubectl apply to Available, on top of the container’s own start (median)',
        value: rounded(median(whole) - median(alone), 0),
        unit: 'ms',
        target: { atMost: 600 },
        reference: `whole: ${rounded(median(whole), 0)} ms; the program alone until it listens: ${rounded(median(alone), 0)} ms; kubectl get --raw /version: ${rounded(median(asking), 0)} ms`,
      },
    ];
  } finally {
    await cluster.stop();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** As the runtime starts it, outside of any cluster. */
async function startAlone(): Promise<void> {
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function kubectl(cluster: BenchCluster, ...words: readonly string[]): Promise<void> {
  await run('kubectl', ['--kubeconfig', cluster.kubeconfig, ...words]);
}

async function applied(cluster: BenchCluster, client: KubeClient, name: string): Promise<void> {
  const file = join(cluster.directory, `${name}.json`);
  await writeFile(file, JSON.stringify(deployment(name)));
  await Promise.all([kubectl(cluster, 'apply', '-f', file), available(client, name)]);
  await client.delete(deployments, { namespace, name }, {});
}

async function available(client: KubeClient, name: string): Promise<void> {
  const fieldSelector = `metadata.name=${name}`;
  const { metadata } = await client.list(deployments, { namespace, fieldSelector });
  const events = client.watch(deployments, {
    namespace,
    fieldSelector,
    resourceVersion: metadata.resourceVersion,
    signal: new AbortController().signal,
  });
  for await (const { type, object } of events) {
    if (type === 'MODIFIED' && isConditionTrue(object.status?.conditions, 'Available')) return;
  }
  throw new Error(`the watch ended before ${name} was available`);
}

function deployment(name: string): Deployment {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 1,
          volumes: [checkoutVolume],
          containers: [
            {
              name: 'web',
              image: 'node:24',
              command: ['node', program],
              volumeMounts: [checkoutMount],
              env: [
                { name: 'PORT', value: '8080' },
                { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
              ],
              readinessProbe: { httpGet: { path: '/', port: 8080 } },
            },
          ],
        },
      },
    },
  };
}
