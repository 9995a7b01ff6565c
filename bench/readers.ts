import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { releases, type Release } from '@slipway/delivery/api/release';
import type { KubeClient } from '@slipway/kube/client';
import { Informer } from '@slipway/kube/informer';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { connect } from '../packages/cli/src/connection/connection.ts';
import { slipway, startBenchCluster } from './cluster.ts';
import { describeMemory, measureMemory, type MemoryShares } from './memory.ts';
import { percentile, rounded, type BenchRow } from './row.ts';

const atOnce = 50;
const readersOfEach = 4;
/** One of them may have 100 streams. */
const people = 4;
const lookMilliseconds = 500;

interface Line {
  readonly number: number;
  readonly at: string;
  readonly kind: string;
}

interface Reading {
  readonly release: string;
  readonly numbers: readonly number[];
  /** Milliseconds from the time of a line to when it was read, of those that came after the reader. */
  readonly written: readonly number[];
  /** The same of phases, whose time is that of the controller's decision. */
  readonly decided: readonly number[];
}

interface Server {
  readonly child: ChildProcess;
  readonly url: string;
  readonly tokens: readonly string[];
}

/** 50 releases at once, or so many, whose logs 200 readers follow: how late each line is, and whether one is missing. */
export async function benchReaders(count = atOnce): Promise<readonly BenchRow[]> {
  const cluster = await startBenchCluster({ options: ['--runtime', 'simulated', '--no-server'] });
  const folder = await mkdtemp(join(tmpdir(), 'slipway-bench-server-'));
  const server = await startServer(cluster.kubeconfig, folder);
  try {
    const { client } = await connect({ kubeconfig: cluster.kubeconfig });
    const names = Array.from({ length: count }, (_, index) => `app-${index}`);
    await releaseAll(server, names, '1');
    const before = await measureMemory(server.child.pid ?? 0);
    const watch = await watchPhases(client, '2');
    // As soon as there is such a release.
    const reading = Promise.all(
      names.map(async (name) => {
        await watch.created(`${name}-2`);
        return await Promise.all(
          Array.from({ length: readersOfEach }, (_, reader) => follow(server, `${name}-2`, reader)),
        );
      }),
    );
    await releaseAll(server, names, '2');
    const readings = (await reading).flat();
    watch.stop();
    const during = await measureMemory(server.child.pid ?? 0);
    return describe({ readings, watched: watch.milliseconds, before, during, lost: await countLost(server, readings) });
  } finally {
    const ended = once(server.child, 'exit');
    server.child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
    await cluster.stop();
  }
}

async function startServer(kubeconfig: string, folder: string): Promise<Server> {
  const words = ['server', '--kubeconfig', kubeconfig, '--data-dir', folder, '--port', '0', '-o', 'json'];
  const child = spawn(process.execPath, [slipway, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { url }: { readonly url: string } = JSON.parse(line);
  const first = (await readFile(join(folder, 'server-token'), 'utf8')).trim();
  const tokens: string[] = [];
  for (let person = 0; person < people; person += 1) {
    const body = { name: `person ${person}`, grants: [{ role: 'operate', namespaces: ['default'] }] };
    tokens.push((await ask({ url, token: first }, 'POST', '/api/v1/tokens', body)).token);
  }
  return { child, url, tokens };
}

// The bench reads what it expects.
// oxlint-disable-next-line typescript/no-explicit-any
async function ask(to: { url: string; token: string }, method: string, path: string, body?: unknown): Promise<any> {
  const response = await fetch(new URL(path, to.url), {
    method,
    headers: { authorization: `Bearer ${to.token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return await response.json();
}

const base = '/api/v1/namespaces/default';

/** Resolves when each has succeeded. */
async function releaseAll({ url, tokens: [token = ''] }: Server, names: readonly string[], version: string) {
  const template = { spec: { containers: [{ name: 'web', image: `web:${version}` }] } };
  const spec = { version, template, strategy: { type: 'blueGreen' }, guardSeconds: 1, drainSeconds: 0 };
  await Promise.all(names.map((name) => ask({ url, token }, 'PUT', `${base}/applications/${name}`, { spec })));
  const query = `/api/v1/releases?version=${version}&phase=Succeeded&limit=500`;
  while ((await ask({ url, token }, 'GET', query)).items.length < names.length) await pause(500);
}

/** How late a client hears of the same phases that watches the cluster itself. */
async function watchPhases(client: KubeClient, version: string) {
  const stop = new AbortController();
  const informer = new Informer<Release>({ client, type: releases, clock: systemClock, namespace: 'default' });
  const milliseconds: number[] = [];
  const created = new Map<string, PromiseWithResolvers<void>>();
  const isCreated = (name: string): PromiseWithResolvers<void> => {
    const known = created.get(name) ?? Promise.withResolvers<void>();
    created.set(name, known);
    return known;
  };
  informer.start(stop.signal);
  await informer.synced();
  informer.onChange(({ old, current }) => {
    if (current?.spec.version !== version) return;
    isCreated(current.metadata.name ?? '').resolve();
    const known = old?.status?.transitions?.length ?? 0;
    for (const { at } of (current.status?.transitions ?? []).slice(known))
      milliseconds.push(Date.now() - Date.parse(at));
  });
  return {
    milliseconds,
    created: (name: string) => isCreated(name).promise,
    stop: () => stop.abort(new Error('the bench has seen enough')),
  };
}

/** From the first word on. */
async function follow({ url, tokens }: Server, release: string, reader: number): Promise<Reading> {
  const numbers: number[] = [];
  const [written, decided]: [number[], number[]] = [[], []];
  let since = 0;
  const read = (): Promise<boolean> =>
    new Promise((resolve) => {
      const address = `${url.replace('http', 'ws')}${base}/releases/${release}/log/stream?after=${numbers.length}`;
      const socket = new WebSocket(address, { headers: { authorization: `Bearer ${tokens[reader] ?? ''}` } });
      let hasEnded = false;
      socket.on('open', () => {
        since = Date.now();
      });
      socket.on('message', (data) => {
        const now = Date.now();
        const frame: { readonly type: string; readonly items?: readonly Line[] } = JSON.parse(String(data));
        for (const { number, at, kind } of frame.items ?? []) {
          numbers.push(number);
          if (Date.parse(at) >= since) (kind === 'phase' ? decided : written).push(now - Date.parse(at));
        }
        hasEnded ||= frame.type === 'end';
      });
      socket.on('close', () => resolve(hasEnded));
      socket.on('unexpected-response', (request) => {
        request.destroy();
        resolve(false);
      });
      socket.on('error', () => undefined);
    });
  while (!(await read())) await pause(lookMilliseconds);
  return { release, numbers, written, decided };
}

/** Lines that a reader should have and has not, and those that he has twice. */
async function countLost({ url, tokens: [token = ''] }: Server, readings: readonly Reading[]): Promise<number> {
  let lost = 0;
  for (const { release, numbers } of readings) {
    const last = numbers.at(-1) ?? 0;
    const { items } = await ask({ url, token }, 'GET', `${base}/releases/${release}/log?limit=1000`);
    const due = (items as readonly Line[]).filter(({ number }) => number <= last).length;
    lost += Math.max(due, numbers.length) - new Set(numbers).size + (due === 0 ? 1 : 0);
  }
  return lost;
}

interface Found {
  readonly readings: readonly Reading[];
  readonly watched: readonly number[];
  readonly before: MemoryShares;
  readonly during: MemoryShares;
  readonly lost: number;
}

function describe({ readings, watched, before, during, lost }: Found): readonly BenchRow[] {
  const written = readings.flatMap((reading) => reading.written);
  const decided = readings.flatMap((reading) => reading.decided);
  const read = readings.reduce((sum, { numbers }) => sum + numbers.length, 0);
  const of = `${readings.length} readers of ${readings.length / readersOfEach} releases at once`;
  const milliseconds = (values: readonly number[], share: number) => rounded(percentile(values, share), 0);
  const watch = `a watch of the cluster heard of the same after ${milliseconds(watched, 0.5)} ms, 99 % within ${milliseconds(watched, 0.99)} ms`;
  return [
    {
      figure: `log line written to read, median, ${of}`,
      value: milliseconds(written, 0.5),
      unit: 'ms',
      reference: `${written.length} lines that came after their readers`,
    },
    {
      figure: 'log line written to read, 99 %',
      value: milliseconds(written, 0.99),
      unit: 'ms',
      reference: `the slowest ${milliseconds(written, 1)} ms`,
    },
    {
      figure: 'phase decided to read in the log, median',
      value: milliseconds(decided, 0.5),
      unit: 'ms',
      reference: watch,
    },
    {
      figure: 'phase decided to read in the log, 99 %',
      value: milliseconds(decided, 0.99),
      unit: 'ms',
      reference: watch,
    },
    {
      figure: 'lost log lines',
      value: lost,
      unit: 'lines',
      target: { atMost: 0 },
      reference: `${read} lines were read`,
    },
    {
      figure: 'deployment server with these readers',
      value: rounded(during.total),
      unit: 'MB',
      reference: `${describeMemory(during)}; before them ${rounded(before.total)} MB`,
    },
  ];
}
