import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const slipway = fileURLToPath(new URL('../packages/cli/bin/slipway.js', import.meta.url));
/** Of the command without its bundle. */
export const sourceEntry = fileURLToPath(new URL('../packages/cli/src/main.ts', import.meta.url));
const run = promisify(execFile);

/** A cluster started by its command, as a user starts it, on free ports in a folder of its own. */
export interface BenchCluster {
  readonly directory: string;
  readonly kubeconfig: string;
  /** From the start of the process to its line that says it is ready. */
  readonly startMilliseconds: number;
  slipway(...options: readonly string[]): Promise<string>;
  state(): Promise<{
    readonly server: { readonly pid: number };
    readonly node?: { readonly pid: number };
    readonly gateway: string;
  }>;
  stop(): Promise<void>;
}

export interface BenchClusterOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly options?: readonly string[];
  /** The file that Node starts; absent: the command. */
  readonly entry?: string;
  /** Where its data are, and stay; absent: a folder that goes with it. */
  readonly directory?: string;
}

export async function startBenchCluster(options: BenchClusterOptions = {}): Promise<BenchCluster> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'slipway-bench-')));
  const kubeconfig = join(directory, 'kubeconfig');
  const startedAt = performance.now();
  const child = spawn(
    process.execPath,
    [
      options.entry ?? slipway,
      'up',
      '--data-dir',
      directory,
      '--api-port',
      '0',
      '--gateway-port',
      '0',
      '--kubeconfig',
      join(directory, 'merged'),
      ...(options.options ?? []),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...options.environment } },
  );
  await readyLine(child);
  const startMilliseconds = performance.now() - startedAt;
  return {
    directory,
    kubeconfig,
    startMilliseconds,
    slipway: async (...words) => (await run(process.execPath, [slipway, ...words])).stdout,
    state: async () => JSON.parse(await readFile(join(directory, 'run', 'cluster.json'), 'utf8')),
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      if (options.directory === undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}

async function readyLine(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new Error('the cluster was started without a pipe');
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes('Cluster ready')) {
      child.stdout.resume();
      return;
    }
  }
  throw new Error('the cluster ended before it was ready');
}
