import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { findHaproxy } from '@slipway/gateway/haproxy/find-haproxy';
import { type BenchRow, median, rounded } from './row.ts';

const connections = 32;
const secondsEach = 4;
const rounds = 5;

interface Load {
  readonly requests: number;
  readonly seconds: number;
  readonly p99: number;
  readonly failed: number;
}

/**
 * The built-in proxy, and HAProxy where it is installed, against the naive one, before the same application and under the same generator, each a process of
 * its own, in alternation so that all see the same machine. On two cores the proxy shares them with the generator and
 * the application; what these two reach without a proxy is reported beside it.
 */
export async function benchProxy(): Promise<BenchRow[]> {
  const children: ChildProcess[] = [];
  try {
    const application = await startServer(children, 'raw-server.ts');
    const naive = await startServer(children, 'naive-proxy.ts', application);
    const builtIn = await startServer(children, 'data-plane.ts', application, 'built-in');
    const found = await findHaproxy();
    const haproxy = found.kind === 'found' ? await startServer(children, 'data-plane.ts', application, 'haproxy') : 0;
    for (const port of [naive, builtIn, haproxy]) if (port > 0) await load(port, 1);
    const direct = await load(application, 2);
    const pairs: Pair[] = [];
    const haproxyLoads: Load[] = [];
    for (let round = 0; round < rounds; round++) {
      pairs.push({ naive: await load(naive, secondsEach), builtIn: await load(builtIn, secondsEach) });
      if (haproxy > 0) haproxyLoads.push(await load(haproxy, secondsEach));
    }
    return [...summarize(pairs, direct), ...(haproxyLoads.length > 0 ? summarizeHaproxy(haproxyLoads, pairs) : [])];
  } finally {
    for (const child of children) child.kill();
  }
}

interface Pair {
  readonly naive: Load;
  readonly builtIn: Load;
}

function summarizeHaproxy(loads: readonly Load[], pairs: readonly Pair[]): BenchRow[] {
  const builtInRate = median(pairs.map((pair) => rate(pair.builtIn)));
  const builtInP99 = median(pairs.map((pair) => pair.builtIn.p99));
  return [
    {
      figure: 'HAProxy, throughput',
      value: Math.round(median(loads.map(rate))),
      unit: 'requests/s',
      reference: `built-in proxy ${Math.round(builtInRate)} requests/s`,
    },
    {
      figure: 'HAProxy, p99',
      value: rounded(median(loads.map((load) => load.p99)), 2),
      unit: 'ms',
      reference: `built-in proxy ${rounded(builtInP99, 2)} ms`,
    },
    {
      figure: 'HAProxy, failed requests',
      value: loads.reduce((sum, load) => sum + load.failed, 0),
      unit: 'requests',
      target: { atMost: 0 },
      reference: `${rounds} rounds, ${connections} connections`,
    },
  ];
}

function summarize(pairs: readonly Pair[], direct: Load): BenchRow[] {
  const naiveRate = median(pairs.map((pair) => rate(pair.naive)));
  const builtInRate = median(pairs.map((pair) => rate(pair.builtIn)));
  const naiveP99 = median(pairs.map((pair) => pair.naive.p99));
  const builtInP99 = median(pairs.map((pair) => pair.builtIn.p99));
  const failed = pairs.reduce((sum, pair) => sum + pair.naive.failed + pair.builtIn.failed, 0);
  const without = `without a proxy ${Math.round(rate(direct))} requests/s`;
  return [
    {
      figure: 'built-in proxy, throughput',
      value: Math.round(builtInRate),
      unit: 'requests/s',
      reference: `naive proxy ${Math.round(naiveRate)} requests/s; ${without}`,
    },
    {
      figure: 'built-in proxy, times the naive one',
      value: rounded(median(pairs.map((pair) => rate(pair.builtIn) / rate(pair.naive))), 2),
      unit: 'times',
      target: { atLeast: 2.5 },
      reference: `${rounds} rounds in alternation, ${connections} connections`,
    },
    {
      figure: 'built-in proxy, p99',
      value: rounded(builtInP99, 2),
      unit: 'ms',
      target: { atMost: rounded(naiveP99, 2) },
      reference: `naive proxy ${rounded(naiveP99, 2)} ms`,
    },
    {
      figure: 'proxies, failed requests',
      value: failed,
      unit: 'requests',
      target: { atMost: 0 },
      reference: 'the naive and the built-in proxy together',
    },
  ];
}

function rate(load: Load): number {
  return load.requests / load.seconds;
}

/** Resolves with the port that the program prints. */
async function startServer(
  children: ChildProcess[],
  program: string,
  ...args: readonly (number | string)[]
): Promise<number> {
  const child = run(program, args);
  children.push(child);
  const port = Number(await firstOutput(child));
  if (!Number.isInteger(port) || port === 0) throw new Error(`bench/reference/${program} did not print its port`);
  return port;
}

async function load(port: number, seconds: number): Promise<Load> {
  const child = run('load-generator.ts', [port, connections, seconds]);
  const result: Load = JSON.parse(await firstOutput(child));
  return result;
}

function run(program: string, args: readonly (number | string)[]): ChildProcess {
  const path = new URL(`reference/${program}`, import.meta.url).pathname;
  return spawn(process.execPath, [path, ...args.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function firstOutput(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the output of the program is not piped');
  const [output]: unknown[] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  return String(output);
}
