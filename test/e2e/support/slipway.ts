import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const entry = fileURLToPath(new URL('../../../packages/cli/bin/slipway.js', import.meta.url));

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; a failure is an outcome, not an exception. */
export async function execute(
  program: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  try {
    const { stdout, stderr } = await run(program, words, {
      env: { ...process.env, ...environment },
      timeout: 100_000,
      maxBuffer: 16 * 1024 * 1024,
    });
    return { exitCode: 0, stdout, stderr };
  } catch (error) {
    const {
      code,
      stdout = '',
      stderr = '',
    } = error as { readonly code?: unknown; readonly stdout?: string; readonly stderr?: string };
    if (typeof code !== 'number') throw error;
    return { exitCode: code, stdout, stderr };
  }
}

export function slipway(...words: readonly string[]): Promise<Outcome> {
  return execute(process.execPath, [entry, ...words]);
}

/** A cluster as a user starts it, in a folder of its own, on free ports. */
export interface TestCluster {
  readonly directory: string;
  readonly gateway: string;
  slipway(...words: readonly string[]): Promise<Outcome>;
  kubectl(...words: readonly string[]): Promise<Outcome>;
  /** Output of a kubectl that must succeed. */
  ask(...words: readonly string[]): Promise<string>;
  stop(): Promise<Outcome>;
}

export async function startCluster(): Promise<TestCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-e2e-'));
  const merged = join(directory, 'merged.kubeconfig');
  const started = await slipway(
    'up',
    '--detach',
    '--data-dir',
    directory,
    '--api-port',
    '0',
    '--gateway-port',
    '0',
    '--kubeconfig',
    merged,
  );
  if (started.exitCode !== 0) throw new Error(`the cluster did not start: ${started.stderr}`);
  const { gateway }: { readonly gateway: string } = JSON.parse(
    await readFile(join(directory, 'run', 'cluster.json'), 'utf8'),
  );
  const kubectl: TestCluster['kubectl'] = (...words) => execute('kubectl', ['--kubeconfig', merged, ...words]);
  return {
    directory,
    gateway,
    slipway,
    kubectl,
    ask: async (...words) => {
      const outcome = await kubectl(...words);
      if (outcome.exitCode !== 0) throw new Error(`kubectl ${words.join(' ')} failed: ${outcome.stderr}`);
      return outcome.stdout.trim();
    },
    stop: async () => {
      const stopped = await slipway('down', '--data-dir', directory, '--grace', '1');
      await rm(directory, { recursive: true, force: true });
      return stopped;
    },
  };
}

/** Why tests that need the program are skipped; undefined when it is there. */
export async function missing(program: string): Promise<string | undefined> {
  const found = await execute('sh', ['-c', `command -v ${program}`]);
  return found.exitCode === 0 ? undefined : `${program} is not installed`;
}
