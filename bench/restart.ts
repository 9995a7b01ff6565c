import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeClient } from '@slipway/kube/client';
import { configMaps, deployments, secrets, serviceAccounts } from '@slipway/kube/resources';
import { connect } from '../packages/cli/src/connection/connection.ts';
import { eachAtOnce } from './at-once.ts';
import { startBenchCluster } from './cluster.ts';
import { median, rounded, type BenchRow } from './row.ts';

const runs = 5;
const wholeStore = 5_000;
const atOnce = 64;
const namespace = 'default';
const kilobyte = 'x'.repeat(1_024);

/** From the start of the process to ready, with 5,000 objects of 1 KB in the data directory, or so many, and with none. */
export async function benchRestart(count = wholeStore): Promise<readonly BenchRow[]> {
  const [full, empty] = await Promise.all(['full', 'empty'].map(makeDirectory));
  if (full === undefined || empty === undefined) throw new Error('there is no folder for the data');
  try {
    await fill(full, count);
    // The first start with a data directory writes certificates.
    await measureStart(empty);
    const [withObjects, without]: [number[], number[]] = [[], []];
    for (let index = 0; index < runs; index++) {
      withObjects.push(await measureStart(full));
      without.push(await measureStart(empty));
    }
    return [
      {
        figure: `start to ready with ${count} objects of 1 KB (median)`,
        value: rounded(median(withObjects), 0),
        unit: 'ms',
        target: { atMost: 1_200 },
        reference: `in turn with an empty data directory: ${rounded(median(without), 0)} ms`,
      },
    ];
  } finally {
    await Promise.all([full, empty].map((directory) => rm(directory, { recursive: true, force: true })));
  }
}

function makeDirectory(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `slipway-bench-${name}-`));
}

async function measureStart(directory: string): Promise<number> {
  const cluster = await startBenchCluster({ directory });
  await cluster.stop();
  return cluster.startMilliseconds;
}

async function fill(directory: string, count: number): Promise<void> {
  const cluster = await startBenchCluster({ directory });
  try {
    const { client } = await connect({ kubeconfig: cluster.kubeconfig });
    const numbers = Array.from({ length: count }, (_, index) => index);
    await eachAtOnce(numbers, atOnce, (number) => createOne(client, number));
  } finally {
    await cluster.stop();
  }
}

/** Of ten objects six are ConfigMaps, two Secrets, one an account and one a Deployment, to which comes a ReplicaSet. */
function createOne(client: KubeClient, number: number): Promise<unknown> {
  const metadata = { namespace, name: `kept-${number}` };
  const noted = { ...metadata, annotations: { note: kilobyte } };
  switch (number % 10) {
    case 0:
      return client.create(deployments, deployment(noted));
    case 1:
      return client.create(serviceAccounts, { metadata: noted });
    case 2:
    case 3:
      return client.create(secrets, { metadata, data: { value: btoa(kilobyte.slice(256)) } });
    default:
      return client.create(configMaps, { metadata, data: { value: kilobyte } });
  }
}

function deployment(metadata: { readonly name: string; readonly namespace: string }) {
  const labels = { app: metadata.name };
  const containers = [{ name: 'web', image: 'example.com/web:1' }];
  const template = { metadata: { labels }, spec: { containers } };
  return { metadata, spec: { replicas: 0, selector: { matchLabels: labels }, template } };
}
