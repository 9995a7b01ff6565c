import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { text } from 'node:stream/consumers';

/** Runs a program of the machine and rejects with what it said unless it succeeds. */
export async function runToEnd(file: string, parameters: readonly string[]): Promise<void> {
  const child = spawn(file, parameters, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(exitCodeOf(code, signal)));
  });
  const [said, code] = await Promise.all([text(child.stderr), ended]);
  if (code !== 0) {
    throw new Error(`${file} ${parameters.join(' ')} failed with exit code ${code}: ${said.trim()}`);
  }
}

/** As a shell shows it: 128 + the number of the signal. */
export function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}
