import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { applications, type Application } from '@slipway/delivery/api/application';
import { releases, type Release } from '@slipway/delivery/api/release';
import type { KubeClient } from '@slipway/kube/client';
import { Informer } from '@slipway/kube/informer';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { connect } from '../packages/cli/src/connection/connection.ts';
import { slipway, startBenchCluster } from './cluster.ts';
import { describeMemory, measureMemory, type MemoryShares } from './memory.ts';
import { processorMilliseconds } from './processor-time.ts';
import { percentile, rounded, type BenchRow } from './row.ts';

const namespace = 'default';
const wholeFleet = 1_000;
/** Requests a second that the controller may send: the API server is to be the limit, not this. */
const apiRate = 2_000;
const limitMilliseconds = 1_200_000;
const settleMilliseconds = 20_000;
const idleMilliseconds = 60_000;
const atOnce = 20;

interface Wave {
  /** Of each release, from the first word on. */
  readonly milliseconds: readonly number[];
  /** Applications whose release ended otherwise, or not in time. */
  readonly unfinished: readonly string[];
}

interface Idle {
  readonly memory: MemoryShares;
  /** Percent of one core. */
  readonly load: number;
  /** The same of a process that does nothing. */
  readonly bareLoad: number;
}

/**
 * A controller of its own and 1,000 Applications, or so many, whose pods are simulated: all released at once, and then left
 * alone.
 */
export async function benchFleet(fleet = wholeFleet): Promise<readonly BenchRow[]> {
  const cluster = await startBenchCluster({ options: ['--runtime', 'simulated', '--no-controller'] });
  const controller = await startController(cluster.kubeconfig);
  try {
    const { client } = await connect({ kubeconfig: cluster.kubeconfig });
    const alone = await releaseAll(client, { count: 1, version: 'v1' });
    await releaseAll(client, { count: fleet, version: 'v1' });
    const wave = await releaseAll(client, { count: fleet, version: 'v2' });
    await pause(settleMilliseconds);
    const idle = await measureIdle(controller.pid ?? 0);
    return [...describeWave(wave, alone), ...describeIdle(idle, fleet)];
  } finally {
    const ended = once(controller, 'exit');
    controller.kill('SIGTERM');
    await ended;
    await cluster.stop();
  }
}

async function startController(kubeconfig: string): Promise<ChildProcess> {
  const options = ['controller', '--kubeconfig', kubeconfig, '--api-rate', String(apiRate)];
  const child = spawn(process.execPath, [slipway, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) if (line.includes('runs against')) break;
  child.stdout.resume();
  return child;
}

interface Asked {
  readonly count: number;
  readonly version: string;
}

/** Resolves when each has succeeded, or the time is over. */
async function releaseAll(client: KubeClient, asked: Asked): Promise<Wave> {
  const stop = new AbortController();
  const informer = new Informer<Release>({ client, type: releases, clock: systemClock, namespace });
  informer.start(stop.signal);
  await informer.synced();
  const open = new Set(names(asked.count));
  const milliseconds: number[] = [];
  const startedAt = performance.now();
  const done = Promise.withResolvers<void>();
  informer.onChange(({ current }) => {
    const { application = '', version } = current?.spec ?? {};
    if (version !== asked.version || current?.status?.phase !== 'Succeeded' || !open.delete(application)) return;
    milliseconds.push(performance.now() - startedAt);
    if (open.size === 0) done.resolve();
  });
  await askAll(client, asked);
  const timer = setTimeout(done.resolve, limitMilliseconds);
  await done.promise;
  clearTimeout(timer);
  stop.abort();
  return { milliseconds, unfinished: [...open] };
}

async function askAll(client: KubeClient, { count, version }: Asked): Promise<void> {
  const left = [...names(count)];
  const ask = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      const body = application(name, version);
      const patch = { type: 'apply', body, force: true } as const;
      await client.patch(applications, { namespace, name }, patch, { fieldManager: 'bench' });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, ask));
}

function names(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `app-${index}`);
}

function application(name: string, version: string): Application {
  const containers = [
    { name: 'web', image: `example.com/web:${version}`, ports: [{ name: 'http', containerPort: 8080 }] },
  ];
  return {
    apiVersion: 'slipway.dev/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace },
    spec: {
      version,
      replicas: 1,
      // Variables of thousands of Services are more than any program could be started with.
      template: { spec: { enableServiceLinks: false, containers } },
      service: { ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
      route: { hosts: [`${name}.localhost`] },
      strategy: { type: 'blueGreen' },
      guardSeconds: 0,
      drainSeconds: 0,
    },
  };
}

async function measureIdle(pid: number): Promise<Idle> {
  const bare = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 600_000)']);
  try {
    const before = await Promise.all([processorMilliseconds(pid), processorMilliseconds(bare.pid ?? 0)]);
    await pause(idleMilliseconds);
    const after = await Promise.all([processorMilliseconds(pid), processorMilliseconds(bare.pid ?? 0)]);
    const percent = (index: 0 | 1): number => ((after[index] - before[index]) / idleMilliseconds) * 100;
    return { memory: await measureMemory(pid), load: percent(0), bareLoad: percent(1) };
  } finally {
    bare.kill('SIGKILL');
  }
}

function describeWave({ milliseconds, unfinished }: Wave, alone: Wave): readonly BenchRow[] {
  if (milliseconds.length === 0) throw new Error(`none of ${unfinished.length} releases ended`);
  const fleet = milliseconds.length + unfinished.length;
  const [half, most] = [0.5, 1].map((share) => rounded(percentile(milliseconds, share) / 1_000));
  return [
    {
      figure: `releases left unfinished of ${fleet} blue-green ones started at once`,
      value: unfinished.length,
      unit: 'releases',
      target: { atMost: 0 },
      reference: `half after ${half} s, the last after ${most} s; the first of all, alone: ${rounded(percentile(alone.milliseconds, 1) / 1_000)} s`,
    },
    {
      figure: `throughput of ${fleet} releases started at once`,
      value: rounded((milliseconds.length * 1_000) / percentile(milliseconds, 1)),
      unit: 'releases/s',
      reference: `API server, simulated pods and controller share this machine; the controller may ask ${apiRate} times a second`,
    },
  ];
}

function describeIdle({ memory, load, bareLoad }: Idle, fleet: number): readonly BenchRow[] {
  return [
    {
      figure: `memory of a controller of ${fleet} idle Applications (PSS)`,
      value: rounded(memory.total),
      unit: 'MB',
      target: { atMost: 300 },
      reference: describeMemory(memory),
    },
    {
      figure: `load of a controller of ${fleet} idle Applications`,
      value: rounded(load, 2),
      unit: '% of a core',
      target: { atMost: 2 },
      reference: `a process that does nothing: ${rounded(bareLoad, 2)} %`,
    },
  ];
}
