import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findTools, requireTool, rootTools } from '../../node/runtimes/process/tools.ts';
import { createPlainRunner } from './plain-runner.ts';
import { createRootRunner } from './root-runner.ts';
import type { StepRunner } from './run-step.ts';

/** The best that this machine allows, found by trying. `level` asks for one. */
export async function chooseRunner(given: {
  readonly searchPath: string;
  readonly nodeProgram: string;
  readonly level?: 'auto' | 'root' | 'user' | 'plain' | undefined;
}): Promise<StepRunner> {
  const { tools, missing } = findTools(rootTools, given.searchPath);
  const mayTry = given.level !== 'user' && given.level !== 'plain' && missing.length === 0 && process.getuid?.() === 0;
  if (mayTry && (given.level === 'root' || (await canUnshare(requireTool(tools, 'unshare'))))) {
    return createRootRunner({ ...given, tools });
  }
  return createPlainRunner(given);
}

async function canUnshare(unshare: string): Promise<boolean> {
  try {
    await promisify(execFile)(unshare, ['--mount', '--pid', '--ipc', '--uts', '/bin/sh', '-c', 'true']);
    return true;
  } catch {
    return false;
  }
}
