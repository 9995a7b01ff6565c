import type { KubeClient } from '@slipway/kube/client';
import { configMaps, pods } from '@slipway/kube/resources';
import { connect } from '../packages/cli/src/connection/connection.ts';
import { listPodProcesses } from '../test/e2e/support/traffic/machine.ts';
import { applicationOn, type ReleasedApplication } from '../test/e2e/support/traffic/released-application.ts';
import { startTraffic, type Traffic, type TrafficReport } from '../test/e2e/support/traffic/traffic.ts';
import { startBenchCluster, type BenchCluster } from './cluster.ts';
import { describeMemory, measureMemory, type MemoryShares } from './memory.ts';
import { releaseByHand } from './plain-releases.ts';
import { median, percentile, rounded, type BenchRow } from './row.ts';

const releases = 200;
const requestsPerSecond = 300;
const replicas = 3;
const settleMilliseconds = 60_000;
const releaseMilliseconds = 120_000;
const writes = 200;
const releasesByHand = 20;
const releasesThroughHaproxy = 30;
const releasesAtRest = 20;
/** There and back again; a release remembers its last ten attempts. */
const rollbacks = 16;
const windowSeconds = 3_600;

/** Milliseconds of one release. */
interface Timing {
  /** From the word of a person to the health of every pod of the new version. */
  readonly toHealthy: number;
  /** From then to all traffic moved and confirmed, as the Release says. */
  readonly toMoved: number;
  /** From then to the last request that the old version answered, as the clients saw it. */
  readonly toLastOld: number;
}

interface Run {
  readonly timings: readonly Timing[];
  readonly atRest: BenchRow;
  readonly traffic: TrafficReport;
  /** The same clients while somebody replaces the version by hand, `releasesByHand` times. */
  readonly byHand: TrafficReport;
  /** Milliseconds of a write that is durable and seen by a watcher. */
  readonly write: number;
  readonly leftOver: readonly string[];
  readonly memory: { readonly before: MemoryShares; readonly after: MemoryShares };
}

/** Consecutive blue-green releases of three replicas under load, long answers and WebSockets among it. */
export async function benchReleases(): Promise<readonly BenchRow[]> {
  const builtIn = await onCluster(async (cluster) => [
    ...summarize(await run(cluster)),
    await benchRollbacks(cluster, 'built-in proxy'),
  ]);
  const haproxy = await onCluster(
    async (cluster) => [...(await benchMoves(cluster)), await benchRollbacks(cluster, 'HAProxy')],
    ['--data-plane', 'haproxy'],
  );
  return [...builtIn, ...haproxy];
}

async function onCluster<T>(work: (cluster: BenchCluster) => Promise<T>, options: readonly string[] = []): Promise<T> {
  const cluster = await startBenchCluster({ options });
  try {
    return await work(cluster);
  } finally {
    await cluster.stop();
  }
}

/** The way of the traffic with HAProxy before the gateway, under the same load. */
async function benchMoves(cluster: BenchCluster): Promise<readonly BenchRow[]> {
  const { client } = await connect({ kubeconfig: cluster.kubeconfig });
  const { gateway } = await cluster.state();
  const application = await applicationOn({ client }, 'shop', { replicas, strategy: { type: 'blueGreen' } });
  await application.ask('v0');
  await application.reaches({ version: 'v0', phases: ['Succeeded'] });
  const write = await measureWrites(client);
  const options = { target: gateway, host: application.host, rate: requestsPerSecond, versions: ['v0'] };
  const traffic = await startTraffic(options);
  const moved: number[] = [];
  try {
    for (let number = 1; number <= releasesThroughHaproxy; number++)
      moved.push((await withinLimit(release(application, traffic, number))).toMoved);
  } finally {
    await traffic.stop();
  }
  const end = await traffic.stop();
  const atRest = await benchAtRest({ cluster, application, from: releasesThroughHaproxy, plane: 'HAProxy' });
  application.close();
  return [
    {
      figure: 'candidate healthy to all traffic moved, HAProxy (median)',
      value: rounded(median(moved), 0),
      unit: 'ms',
      target: { atMost: 100 },
      reference: `${describe(moved)}; ${describeFailed(end)}; ${describeFloor(write)}`,
    },
    atRest,
  ];
}

interface AtRest {
  readonly cluster: BenchCluster;
  readonly application: ReleasedApplication;
  /** The number of the version that serves. */
  readonly from: number;
  readonly plane: string;
}

/**
 * Under the same load, but each release begins when the pods of the version before are gone: the others meet the end of the
 * former version, because there is always one that ends.
 */
async function benchAtRest({ cluster, application, from, plane }: AtRest): Promise<BenchRow> {
  const { client } = await connect({ kubeconfig: cluster.kubeconfig });
  const { gateway } = await cluster.state();
  const options = { target: gateway, host: application.host, rate: requestsPerSecond, versions: [`v${from}`] };
  const traffic = await startTraffic(options);
  const moved: number[] = [];
  try {
    for (let number = from + 1; number <= from + releasesAtRest; number++) {
      await servingPods(client);
      moved.push((await withinLimit(release(application, traffic, number))).toMoved);
    }
  } finally {
    await traffic.stop();
  }
  return {
    figure: `candidate healthy to all traffic moved, ${plane}, ${releasesAtRest} releases one by one (median)`,
    value: rounded(median(moved), 0),
    unit: 'ms',
    target: { atMost: 100 },
    reference: `each begins when no pod is left of the version before; ${describe(moved)}; ${describeFailed(await traffic.stop())}`,
  };
}

/** From the command of a person to all traffic, outside and inside, at the version that it names, whose pods still run. */
async function benchRollbacks(cluster: BenchCluster, plane: string): Promise<BenchRow> {
  const { client } = await connect({ kubeconfig: cluster.kubeconfig });
  const history = { rollbackWindowSeconds: windowSeconds, keepRunningSeconds: windowSeconds };
  const application = await applicationOn({ client }, 'back', { replicas, strategy: { type: 'blueGreen' }, history });
  for (const version of ['v0', 'v1']) {
    await application.ask(version);
    await application.reaches({ version, phases: ['Succeeded'] });
  }
  const write = await measureWrites(client);
  const durations: number[] = [];
  for (let index = 0; index < rollbacks; index++) {
    const version = `v${index % 2}`;
    const startedAt = Date.now();
    await application.command('rollback', version);
    const attempt = 2 + Math.floor(index / 2);
    const { status } = await withinLimit(application.reaches({ version, phases: ['Succeeded'], attempt }));
    durations.push(Date.parse(status?.trafficMovedAt ?? '') - startedAt);
  }
  application.close();
  return {
    figure: `rollback inside the window to all traffic at the version before, ${plane} (median)`,
    value: rounded(median(durations), 0),
    unit: 'ms',
    target: { atMost: 300 },
    reference: `${describe(durations)}; ${describeFloor(write)}`,
  };
}

async function run(cluster: BenchCluster): Promise<Run> {
  const { client } = await connect({ kubeconfig: cluster.kubeconfig });
  const { gateway, server } = await cluster.state();
  const application = await applicationOn({ client }, 'shop', { replicas, strategy: { type: 'blueGreen' } });
  await application.ask('v0');
  await application.reaches({ version: 'v0', phases: ['Succeeded'] });
  const write = await measureWrites(client);
  const before = await measureMemory(server.pid);
  const options = { target: gateway, host: application.host, rate: requestsPerSecond, versions: ['v0'] };
  const traffic = await startTraffic(options);
  const timings: Timing[] = [];
  try {
    for (let number = 1; number <= releases; number++)
      timings.push(await withinLimit(release(application, traffic, number)));
  } finally {
    await traffic.stop();
  }
  const end = await traffic.stop();
  const memory = { before, after: await measureMemory(server.pid) };
  const leftOver = await listLeftOver(cluster, client);
  const atRest = await benchAtRest({ cluster, application, from: releases, plane: 'built-in proxy' });
  application.close();
  const byHand = await releaseByHand(client, { gateway, replicas, requestsPerSecond, releases: releasesByHand });
  return { timings, atRest, traffic: end, byHand, write, memory, leftOver };
}

/** A cluster that has ended would be waited for without end. */
async function withinLimit<T>(work: Promise<T>): Promise<T> {
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => limit.reject(new Error(`a release did not end within ${releaseMilliseconds / 1_000} s`)),
    releaseMilliseconds,
  );
  return Promise.race([work, limit.promise]).finally(() => clearTimeout(timer));
}

async function release(application: ReleasedApplication, traffic: Traffic, number: number): Promise<Timing> {
  const [old, version] = [`v${number - 1}`, `v${number}`];
  await traffic.load.allow([old, version]);
  const askedAt = Date.now();
  await application.ask(version);
  await application.reaches({ version, phases: ['Guarding', 'Succeeded'] });
  await traffic.load.allow([version]);
  const { status } = await application.reaches({ version, phases: ['Succeeded'] });
  const healthyAt = Date.parse(status?.healthyAt ?? '');
  return {
    toHealthy: healthyAt - askedAt,
    toMoved: Date.parse(status?.trafficMovedAt ?? '') - healthyAt,
    toLastOld: Math.max(0, (traffic.load.report.lastSent[old] ?? healthyAt) - healthyAt),
  };
}

/** From a write to its event on a watch: what every step of a release takes at least. */
async function measureWrites(client: KubeClient): Promise<number> {
  const key = { namespace: 'default', name: 'write' };
  const { metadata } = await client.create(configMaps, { metadata: key });
  const stop = new AbortController();
  const events = client.watch(configMaps, {
    namespace: key.namespace,
    fieldSelector: `metadata.name=${key.name}`,
    resourceVersion: metadata.resourceVersion,
    signal: stop.signal,
  });
  const seen = events[Symbol.asyncIterator]();
  const durations: number[] = [];
  for (let count = 0; count < writes; count++) {
    const startedAt = performance.now();
    const body = { data: { count: String(count) } };
    await Promise.all([client.patch(configMaps, key, { type: 'merge', body }), seen.next()]);
    durations.push(performance.now() - startedAt);
  }
  stop.abort();
  await client.delete(configMaps, key);
  return median(durations);
}

/** Pods that do not serve, and programs without a pod, when the last release has ended. */
async function listLeftOver(cluster: BenchCluster, client: KubeClient): Promise<readonly string[]> {
  const serving = await servingPods(client);
  const processes = await listPodProcesses(cluster.directory);
  return processes.filter(({ pod }) => !serving.includes(pod)).map(({ pod, pid }) => `process ${pid} of pod ${pod}`);
}

/** Resolves when there are no others. */
async function servingPods(client: KubeClient): Promise<readonly string[]> {
  const { items, metadata } = await client.list(pods, { namespace: 'default' });
  const names = new Set(items.map((pod) => pod.metadata.name ?? ''));
  if (names.size === replicas) return [...names];
  const { resourceVersion } = metadata;
  const signal = AbortSignal.timeout(settleMilliseconds);
  for await (const { type, object } of client.watch(pods, { namespace: 'default', resourceVersion, signal })) {
    if (type === 'DELETED') names.delete(object.metadata.name ?? '');
    if (names.size === replicas) break;
  }
  return [...names];
}

function summarize({ timings, atRest, traffic, byHand, write, memory, leftOver }: Run): readonly BenchRow[] {
  const moved = timings.map(({ toMoved }) => toMoved);
  const lastOld = timings.map(({ toLastOld }) => toLastOld);
  const healthy = timings.map(({ toHealthy }) => toHealthy);
  const floor = describeFloor(write);
  return [
    {
      figure: `requests failed in ${releases} consecutive blue-green releases`,
      value: countFailed(traffic),
      unit: 'requests',
      target: { atMost: 0 },
      reference: `of ${countSent(traffic)}; by hand (another Deployment, its Service's selector changed, the old one deleted) ${releasesByHand} times: ${countFailed(byHand)} of ${countSent(byHand)}${describeFailures(traffic)}`,
    },
    {
      figure: 'candidate healthy to all traffic moved, built-in proxy (median)',
      value: rounded(median(moved), 0),
      unit: 'ms',
      target: { atMost: 100 },
      reference: `${describe(moved)}; ${floor}`,
    },
    atRest,
    {
      figure: 'candidate healthy to the last answer of the old version, as clients saw it (median)',
      value: rounded(median(lastOld), 0),
      unit: 'ms',
      target: { atMost: 200 },
      reference: `${describe(lastOld)}; ${floor}`,
    },
    {
      figure: 'version asked for to candidate healthy (median)',
      value: rounded(median(healthy), 0),
      unit: 'ms',
      reference: describe(healthy),
    },
    {
      figure: `programs and pods left over by ${releases} releases`,
      value: leftOver.length,
      unit: '',
      target: { atMost: 0 },
      reference: `server ${describeMemory(memory.after)} after them, ${describeMemory(memory.before)} before`,
    },
  ];
}

function describeFloor(write: number): string {
  return `a durable write and its event: ${rounded(write)} ms`;
}

function describe(values: readonly number[]): string {
  const [least, p99, most] = [0, 0.99, 1].map((share) => rounded(percentile(values, share), 0));
  return `least ${least} ms, p99 ${p99} ms, most ${most} ms`;
}

function describeFailed(report: TrafficReport): string {
  return `${countFailed(report)} of ${countSent(report)} requests failed${describeFailures(report)}`;
}

const namedFailures = 5;

/** What the first of them saw, or nothing. */
function describeFailures({ load, clients }: TrafficReport): string {
  const seen = [...load.failures, ...clients.failures].map(({ at, reason }) => `at ${at} ms ${reason}`);
  return seen.length === 0 ? '' : `; first: ${seen.slice(0, namedFailures).join(', ')}`;
}

function countFailed({ load, clients }: TrafficReport): number {
  return load.failed + Object.values(clients.counts).reduce((sum, { failed }) => sum + failed, 0);
}

function countSent({ load, clients }: TrafficReport): number {
  return load.sent + Object.values(clients.counts).reduce((sum, { begun }) => sum + begun, 0);
}
