import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const slipwayEntry = fileURLToPath(new URL('../../../packages/cli/bin/slipway.js', import.meta.url));

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

/** Why tests that need the program are skipped; undefined when it is there. */
export async function missing(program: string): Promise<string | undefined> {
  const found = await execute('sh', ['-c', `command -v ${program}`]);
  return found.exitCode === 0 ? undefined : `${program} is not installed`;
}
