import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { KubeClient } from '@slipway/kube/client';
import { configMaps, namespaces } from '@slipway/kube/resources';
import { connect } from '../packages/cli/src/connection/connection.ts';
import { startBenchCluster, type BenchCluster } from './cluster.ts';
import type { Outcome, Plan } from './reference/api-load.ts';
import type { WatchOutcome, WatchPlan } from './reference/watch-load.ts';
import { median, rounded, type BenchRow } from './row.ts';

const run = promisify(execFile);
const connections = 32;
const rounds = 3;
const secondsEach = 4;
const listed = 2_000;
const listRequests = 20;
const listNamespace = 'listed';
const atOnce = 32;
const watches = 500;
const writesPerSecond = 300;
const watchedWrites = 1_500;
/** Two seconds in which both sides clear away what is left of the handshakes, which are not what is measured. */
const writesBefore = 600;
const watchNamespace = 'watched';
/** How often the bare server writes to its watches: as often as ours, to as many. */
const bareMilliseconds = 20;
/** Share of one core, past which the generator would be what is measured. */
const maximumLoad = 0.9;
const path = '/api/v1/namespaces/default/configmaps';

/**
 * The API server against a bare `node:https` server with its certificate and its bodies, which reads, keeps nothing and
 * answers: in alternation, under the same generator, each a process of its own.
 */
export async function benchApi(): Promise<readonly BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-bench-api-'));
  const cluster = await startBenchCluster({ options: ['--runtime', 'simulated', '--no-server', '--no-controller'] });
  try {
    const target = await describeTarget(cluster);
    const answers = await prepare(target.client);
    const bare = await startBare('bare-server.ts', folder, { ...target.server, answers });
    try {
      const rows = await measure({ ours: target.port, bare: bare.port, token: target.token });
      return [...rows, await measureWatches(target, folder)];
    } finally {
      bare.stop();
    }
  } finally {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Target {
  readonly client: KubeClient;
  readonly port: number;
  readonly token: string;
  readonly pid: number;
  readonly server: { readonly key: string; readonly cert: string };
}

async function describeTarget({ directory, kubeconfig }: BenchCluster): Promise<Target> {
  const { client } = await connect({ kubeconfig });
  const { server, adminToken } = JSON.parse(await readFile(join(directory, 'pki', 'certificates.json'), 'utf8'));
  const { apiServer, server: process } = JSON.parse(await readFile(join(directory, 'run', 'cluster.json'), 'utf8'));
  return {
    client,
    port: Number(new URL(apiServer).port),
    token: adminToken,
    pid: process.pid,
    server: { key: server.key, cert: server.certificate },
  };
}

const kilobyte = 'x'.repeat(1_024);

function configMap(name: string): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value: kilobyte } });
}

/** What is read and patched; resolves with what the API server answers to each method. */
async function prepare(client: KubeClient): Promise<Readonly<Record<string, string>>> {
  const namespace = 'default';
  const one = await client.create(configMaps, {
    ...JSON.parse(configMap('read-0')),
    metadata: { namespace, name: 'read-0' },
  });
  for (let index = 1; index < connections; index++)
    await client.create(configMaps, { metadata: { namespace, name: `read-${index}` }, data: { value: kilobyte } });
  await client.create(namespaces, { metadata: { name: listNamespace } });
  const left = Array.from({ length: listed }, (_, index) => `listed-${index}`);
  const create = async (): Promise<void> => {
    for (let name = left.pop(); name !== undefined; name = left.pop())
      await client.create(configMaps, { metadata: { namespace: listNamespace, name }, data: { value: kilobyte } });
  };
  await Promise.all(Array.from({ length: atOnce }, create));
  const list = await client.list(configMaps, { namespace: listNamespace });
  const single = JSON.stringify(one);
  return { POST: single, PATCH: single, GET: single, LIST: JSON.stringify(list) };
}

interface Bare {
  readonly port: number;
  readonly pid: number;
  stop(): void;
}

async function startBare(program: string, folder: string, given: object): Promise<Bare> {
  const file = join(folder, `${program}.json`);
  await writeFile(file, JSON.stringify(given), { mode: 0o600 });
  const child = spawn(process.execPath, [programAt(program), file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { port: Number(line), pid: child.pid ?? 0, stop: () => child.kill() };
}

function programAt(name: string): string {
  return fileURLToPath(new URL(`reference/${name}`, import.meta.url));
}

interface Ports {
  readonly ours: number;
  readonly bare: number;
  readonly token: string;
}

type Request = Pick<Plan, 'method' | 'contentType' | 'path' | 'body'>;

async function measure(ports: Ports): Promise<readonly BenchRow[]> {
  const merge = 'application/merge-patch+json';
  const body = JSON.stringify({ data: { value: kilobyte, count: '{n}' } });
  return [
    await compareRates(ports, {
      figure: 'durable creates, share of what a bare node:https server answers',
      atLeast: 0.5,
      // By the round, too: no name comes twice.
      requestIn: (round) => ({
        method: 'POST',
        contentType: 'application/json',
        path,
        body: configMap(`made-${round}-{n}`),
      }),
    }),
    await compareRates(ports, {
      figure: 'durable merge patches, share of what a bare node:https server answers',
      atLeast: 0.4,
      requestIn: () => ({ method: 'PATCH', contentType: merge, path: `${path}/read-{c}`, body }),
    }),
    await compareRates(ports, {
      figure: 'gets, share of what a bare node:https server answers',
      atLeast: 0.65,
      requestIn: () => ({ method: 'GET', contentType: '', path: `${path}/read-{c}`, body: '' }),
    }),
    await compareLists(ports),
  ];
}

interface Rates {
  readonly figure: string;
  readonly atLeast: number;
  requestIn(round: string): Request;
}

async function compareRates(ports: Ports, { figure, atLeast, requestIn }: Rates): Promise<BenchRow> {
  const at = (port: number, round: string, milliseconds: number): Promise<Outcome> =>
    load({ port, token: ports.token, connections, milliseconds, ...requestIn(round) });
  await at(ports.ours, 'warm', 1_000);
  await at(ports.bare, 'warm', 1_000);
  const pairs: Array<{ readonly ours: Outcome; readonly bare: Outcome }> = [];
  for (let round = 0; round < rounds; round++)
    pairs.push({
      ours: await at(ports.ours, String(round), secondsEach * 1_000),
      bare: await at(ports.bare, String(round), secondsEach * 1_000),
    });
  const failed = pairs.reduce((sum, { ours, bare }) => sum + ours.failed + bare.failed, 0);
  if (failed > 0) throw new Error(`${figure}: ${failed} requests failed`);
  const [ours, bare] = [pairs.map((pair) => pair.ours), pairs.map((pair) => pair.bare)];
  const busiest = Math.max(...[...ours, ...bare].map((outcome) => outcome.load));
  if (busiest > maximumLoad)
    throw new Error(
      `${figure}: the generator took ${rounded(busiest * 100, 0)} % of a core, and was what was measured`,
    );
  return {
    figure,
    value: rounded(median(pairs.map((pair) => rateOf(pair.ours) / rateOf(pair.bare))), 2),
    unit: 'times',
    target: { atLeast },
    reference:
      `${describeRate(ours)} against ${describeRate(bare)}; median ${middle(ours, ({ median: time }) => time)} and ` +
      `${middle(bare, ({ median: time }) => time)} ms, p99 ${middle(ours, ({ p99 }) => p99)} and ${middle(bare, ({ p99 }) => p99)} ms; ` +
      `the generator took ${middle(bare, ({ load: share }) => share * 100, 0)} % of a core`,
  };
}

/** One after the other, since one answer is long. */
async function compareLists(ports: Ports): Promise<BenchRow> {
  const plan = {
    token: ports.token,
    connections: 1,
    milliseconds: 60_000,
    requests: listRequests,
    method: 'GET',
    contentType: '',
    path: `/api/v1/namespaces/${listNamespace}/configmaps`,
    body: '',
  } as const;
  const pairs: Array<{ readonly ours: Outcome; readonly bare: Outcome }> = [];
  for (let round = 0; round < rounds; round++)
    pairs.push({ ours: await load({ ...plan, port: ports.ours }), bare: await load({ ...plan, port: ports.bare }) });
  const [ours, bare] = [pairs.map((pair) => pair.ours), pairs.map((pair) => pair.bare)];
  return {
    figure: `${listed} ConfigMaps of 1 KB listed, times what the same bytes take a bare node:https server`,
    value: rounded(median(pairs.map((pair) => pair.ours.median / pair.bare.median)), 2),
    unit: 'times',
    target: { atMost: 1.5 },
    reference:
      `median ${middle(ours, ({ median: time }) => time)} against ${middle(bare, ({ median: time }) => time)} ms; the ` +
      `generator took ${middle(ours, ({ load: share }) => share * 100, 0)} and ${middle(bare, ({ load: share }) => share * 100, 0)} % of a core`,
  };
}

/** Beside one watch alone at the same rate: what is left of it is what the others cost. */
async function measureWatches(target: Target, folder: string): Promise<BenchRow> {
  const { client } = target;
  await client.create(namespaces, { metadata: { name: watchNamespace } });
  // What every namespace gets, after which nobody else writes there.
  await until(async () => (await client.list(configMaps, { namespace: watchNamespace })).items.length > 0);
  const alone = await watched(target, 1);
  const all = await watched(target, watches);
  const bare = await watchedBare(target, folder);
  return {
    figure: `${watches} watches at ${writesPerSecond} durable writes a second: until the last of them has an event, p99`,
    value: rounded(all.p99, 1),
    unit: 'ms',
    target: { atMost: 50 },
    reference:
      `of ${watchedWrites} events after ${writesBefore} that are not measured; ${describeWatches(all)}; with one watch ` +
      `${rounded(alone.p99, 1)} ms, median ${rounded(alone.median, 1)} ms; a bare node:https server that keeps nothing and ` +
      `writes the same bytes to all every ${bareMilliseconds} ms ${rounded(bare.p99, 1)} ms, ${describeWatches(bare)}`,
  };
}

function describeWatches({ median: middlemost, slowest, load: share, serverMicroseconds }: WatchOutcome): string {
  return (
    `median ${rounded(middlemost, 1)} ms, slowest ${rounded(slowest, 1)} ms, the generator took ${rounded(share * 100, 0)} % ` +
    `of a core, the server ${rounded(serverMicroseconds, 1)} µs of computing for each event of each watch`
  );
}

async function watched({ client, port, token, pid }: Target, count: number): Promise<WatchOutcome> {
  const { metadata } = await client.list(configMaps, { namespace: watchNamespace });
  return watchLoad({ port, token, pid, watches: count, resourceVersion: metadata.resourceVersion ?? '' });
}

/** The objects as the API server made them of the same requests. */
async function watchedBare({ client, token, server }: Target, folder: string): Promise<WatchOutcome> {
  const name = `${prefixOf(watches)}-0`;
  const { metadata, ...rest } = await client.get(configMaps, { namespace: watchNamespace, name });
  const { resourceVersion: _, ...kept } = metadata;
  const given = { ...server, object: { ...rest, metadata: kept }, everyMilliseconds: bareMilliseconds };
  const bare = await startBare('bare-watches.ts', folder, given);
  try {
    return await watchLoad({ port: bare.port, pid: bare.pid, token, watches, resourceVersion: '0' });
  } finally {
    bare.stop();
  }
}

async function watchLoad(
  of: Pick<WatchPlan, 'port' | 'token' | 'pid' | 'watches' | 'resourceVersion'>,
): Promise<WatchOutcome> {
  const plan: WatchPlan = {
    ...of,
    path: `/api/v1/namespaces/${watchNamespace}/configmaps`,
    kind: 'ConfigMap',
    writesPerSecond,
    writesBefore,
    writes: watchedWrites,
    prefix: prefixOf(of.watches),
  };
  const { stdout } = await run(process.execPath, [programAt('watch-load.ts'), JSON.stringify(plan)]);
  return JSON.parse(stdout);
}

function prefixOf(count: number): string {
  return `for-${count}`;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function load(plan: Plan): Promise<Outcome> {
  const { stdout } = await run(process.execPath, [programAt('api-load.ts'), JSON.stringify(plan)]);
  return JSON.parse(stdout);
}

function rateOf({ requests, milliseconds }: Outcome): number {
  return (requests * 1_000) / milliseconds;
}

function describeRate(outcomes: readonly Outcome[]): string {
  return `${Math.round(median(outcomes.map(rateOf)))} requests/s`;
}

function middle(outcomes: readonly Outcome[], read: (outcome: Outcome) => number, digits = 1): number {
  return rounded(median(outcomes.map(read)), digits);
}
