import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { IsolationLevel } from '../../node/runtimes/process/isolation.ts';
import type { ImageStore } from '../image-store.ts';
import type { StageState } from './stage-state.ts';

export interface RunRequest {
  readonly state: StageState;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly store: ImageStore;
  readonly output: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Runs a command on the files of a stage. Resolves with the layers of the stage afterwards. */
export interface StepRunner {
  readonly level: IsolationLevel;
  run(request: RunRequest): Promise<readonly string[]>;
}

export interface StepProcess {
  readonly file: string;
  readonly parameters: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
}

/** Rejects when the command fails, naming its exit code; its output has been passed on line by line. */
export async function runProcess(
  step: StepProcess,
  { output, signal }: Pick<RunRequest, 'output' | 'signal'>,
): Promise<void> {
  const child = spawn(step.file, step.parameters, {
    cwd: step.directory,
    env: step.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  // The whole group: what the command has started ends with it.
  const abort = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  signal.addEventListener('abort', abort, { once: true });
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', output);
  try {
    const ending = await new Promise<string>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, killedBy) => resolve(killedBy ?? `exit code ${code}`));
    });
    signal.throwIfAborted();
    if (ending !== 'exit code 0') {
      throw new Error(`the command failed with ${ending}`);
    }
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
