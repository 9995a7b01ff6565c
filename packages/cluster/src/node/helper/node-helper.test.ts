import { readdir, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { Pod } from '@slipway/kube/api.generated';
import { delay } from '@slipway/kube/clock';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { endpointSlices, nodes, pods } from '@slipway/kube/resources';
import { findNoUserReason, noRootReason } from '../../../testing/isolated-process.ts';
import {
  createBoundPod,
  createServiceWith,
  podWhen,
  startNodeCluster,
  type NodeCluster,
} from '../../../testing/node-cluster.ts';
import { buildImage } from '../../image/build/build-image.ts';
import { chooseRunner } from '../../image/build/choose-runner.ts';
import { ImageStore } from '../../image/image-store.ts';

const server = `
  const server = require('node:http').createServer((request, response) => {
    response.write(process.env.HOSTNAME);
    if (request.url === '/slow') setTimeout(() => response.end(' at last'), 700);
    else response.end();
  });
  server.listen(8080, process.env.POD_IP, () => console.log('up'));
  process.on('SIGTERM', () => process.exit(0));`;

let cluster: NodeCluster | undefined;

afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

function isRunning({ status }: Pod): boolean {
  return status?.containerStatuses?.[0]?.state?.running !== undefined;
}

async function startWebPod(name: string): Promise<Pod> {
  const { client } = givenCluster();
  await createBoundPod(client, name, ['node', '-e', server]);
  const pod = await podWhen(client, name, isRunning);
  await untilAnswers(`http://${pod.status?.podIP}:8080/`);
  return pod;
}

function givenCluster(): NodeCluster {
  if (cluster === undefined) throw new Error('the test has started no cluster');
  return cluster;
}

interface Begun {
  readonly whole: Promise<string>;
}

/** Resolves when the answer has begun. One connection a request, as a load balancer that counts connections sees it. */
function begin(url: string): Promise<Begun> {
  return new Promise((resolve, reject) => {
    request(url, { agent: false }, (response) => resolve({ whole: text(response) }))
      .once('error', reject)
      .end();
  });
}

async function get(url: string): Promise<string> {
  return (await begin(url)).whole;
}

async function untilAnswers(url: string): Promise<string> {
  for (;;) {
    try {
      return await get(url);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED')) throw error;
      await delay(systemClock, 10);
    }
  }
}

/** Processes whose command line holds the text, as this machine sees them. */
async function processesWith(part: string): Promise<readonly string[]> {
  const numbers = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(numbers.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(part));
}

async function untilNoProcessHas(part: string): Promise<void> {
  while ((await processesWith(part)).length > 0) await delay(systemClock, 10);
}

function interfacesOf(block: string): readonly string[] {
  const start = block.split('.').slice(0, 2).join('.');
  return Object.entries(networkInterfaces())
    .filter(([, addresses]) => addresses?.some(({ address }) => address.startsWith(`${start}.`)))
    .map(([name]) => name);
}

const reasons = { root: noRootReason, user: findNoUserReason(), plain: undefined };

describe.each(['root', 'user', 'plain'] as const)('node helper, level %s', (level) => {
  const reason = reasons[level];
  const isImpossible = reason !== undefined;
  const because = reason === undefined ? '' : ` (skipped: ${reason})`;

  it.skipIf(isImpossible)(`serves services, and never cuts a request when its endpoint leaves${because}`, async () => {
    cluster = await startNodeCluster(level);
    const { client } = cluster;
    const [one, two] = await Promise.all([startWebPod('one'), startWebPod('two')]);
    const { service, slice } = await createServiceWith(client, { name: 'web', port: 18_080, endpoints: [one, two] });
    const url = `http://${service.spec?.clusterIP}:18080`;
    await untilAnswers(url);
    const answers = await Promise.all(Array.from({ length: 10 }, () => get(url)));
    expect(new Set(answers)).toEqual(new Set(['one', 'two']));

    const slow = await Promise.all([begin(`${url}/slow`), begin(`${url}/slow`)]);
    await client.update(endpointSlices, { ...slice, endpoints: slice.endpoints.slice(0, 1) });
    const settled = async (): Promise<boolean> =>
      (await Promise.all([get(url), get(url)])).every((said) => said === 'one');
    while (!(await settled())) await delay(systemClock, 10);
    const answered = await Promise.all(slow.map(({ whole }) => whole));
    expect(answered.toSorted()).toEqual(['one at last', 'two at last']);
  });

  it.skipIf(isImpossible)(`tries another endpoint when one refuses${because}`, async () => {
    cluster = await startNodeCluster(level);
    const pod = await startWebPod('one');
    const gone: Pod = { ...pod, status: { podIP: pod.status?.podIP?.replace(/\d+$/, '250') ?? '' } };
    const { service } = await createServiceWith(cluster.client, { name: 'web', port: 18_080, endpoints: [gone, pod] });
    const url = `http://${service.spec?.clusterIP}:18080`;
    expect(await untilAnswers(url)).toBe('one');
    expect(await get(url)).toBe('one');
  });

  it.skipIf(isImpossible)(`is taken over by the next server, pods and all${because}`, async () => {
    cluster = await startNodeCluster(level);
    const pod = await startWebPod('kept');
    await cluster.stopServer();
    expect(await get(`http://${pod.status?.podIP}:8080/`)).toBe('kept');
    const adopted = await cluster.restartServer();
    expect(adopted.pid).toBe(cluster.helper.pid);
    await createBoundPod(cluster.client, 'later', ['sleep', '1000']);
    await podWhen(cluster.client, 'later', isRunning);
    expect(
      (await cluster.client.get(pods, { namespace: 'default', name: 'kept' })).status?.containerStatuses?.[0]
        ?.restartCount,
    ).toBe(0);
  });

  it.skipIf(isImpossible)(
    `says at its node that no better level was asked for, if there is one${because}`,
    async () => {
      cluster = await startNodeCluster(level);
      const { status } = await cluster.client.get(nodes, { name: 'node-1' });
      const limited = status?.conditions?.find(({ type }) => type === 'slipway.dev/RuntimeLimited');
      const isTold = limited?.message?.includes(`of this machine: level "${level}" was asked for. `) ?? false;
      expect(isTold).toBe(level !== 'root');
    },
  );

  it.skipIf(isImpossible)(`leaves nothing when it is stopped${because}`, async () => {
    cluster = await startNodeCluster(level);
    await startWebPod('one');
    await cluster.helper.stop(1);
    await cluster.helper.done;
    await untilNoProcessHas(cluster.dataDirectory);
    expect(interfacesOf(cluster.plan.ranges.block)).toEqual([]);
    expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toContain(cluster.dataDirectory);
  });

  it.skipIf(isImpossible)(`takes pods and what they started with it when it is killed${because}`, async () => {
    cluster = await startNodeCluster(level);
    const marker = `${process.pid}.${Object.keys(reasons).indexOf(level) + 1}`;
    const script = `setsid sleep 1000${marker} & sleep 2000${marker} & echo up; exec sleep 3000${marker}`;
    await createBoundPod(cluster.client, 'family', ['/bin/sh', '-c', script]);
    await podWhen(cluster.client, 'family', isRunning);
    while ((await processesWith(marker)).length < 3) await delay(systemClock, 10);
    process.kill(cluster.helper.pid, 'SIGKILL');
    await cluster.helper.done;
    await untilNoProcessHas(marker);
    expect(await processesWith(marker)).toEqual([]);
    while (interfacesOf(cluster.plan.ranges.block).length > 0) await delay(systemClock, 10);
  });

  it.skipIf(isImpossible)(`runs two clusters side by side${because}`, async () => {
    cluster = await startNodeCluster(level);
    const other = await startNodeCluster(level);
    expect(other.plan.ranges.block).not.toBe(cluster.plan.ranges.block);
    const pod = await startWebPod('one');
    await other.close();
    expect(await get(`http://${pod.status?.podIP}:8080/`)).toBe('one');
  });

  it.skipIf(isImpossible)(`runs an image that was built here${because}`, async () => {
    cluster = await startNodeCluster(level);
    const searchPath = process.env['PATH'] ?? '';
    await buildImage({
      contextDirectory: fileURLToPath(new URL('../../../../../examples/statics', import.meta.url)),
      tag: 'statics:v7',
      buildArguments: { VERSION: 'v7' },
      output: () => {},
      store: new ImageStore(join(cluster.dataDirectory, 'images')),
      runner: await chooseRunner({ searchPath, nodeProgram: process.execPath, level }),
      signal: new AbortController().signal,
    });
    for (const name of ['one', 'two']) {
      await cluster.client.create(pods, {
        metadata: { name, namespace: 'default' },
        spec: { nodeName: 'node-1', containers: [{ name: 'statics', image: 'statics:v7' }] },
      });
      const pod = await podWhen(cluster.client, name, isRunning);
      expect(await untilAnswers(`http://${pod.status?.podIP}:8080/version`)).toBe('v7');
      expect(await get(`http://${pod.status?.podIP}:8080/`)).toContain('This page is served by version');
    }
  });
});
