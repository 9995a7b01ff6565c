import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';

/** Why the tests of level root cannot run here; undefined when they can. */
export const noRootReason =
  process.getuid?.() === 0 ? undefined : 'needs root: network and mount namespaces cannot be made by an ordinary user';

/** Descriptor of the machine's network namespace in a process started by `runIsolated`. */
export const hostNetworkFd = 4;

/** Runs a program as the node helper is run: in namespaces of its own, below a shell that reaps what nobody waits for. */
export async function runIsolated(
  command: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<{ readonly exitCode: number; readonly output: string }> {
  const network = openSync('/proc/self/ns/net', 'r');
  try {
    const script = '( mount -t proc proc /proc && { "$@" & wait "$!"; } ) & wait "$!"';
    const child = spawn('unshare', ['--net', '--mount', '--pid', 'sh', '-c', script, 'sh', ...command], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe', 'ignore', network],
    });
    const ended = new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? 1));
    });
    const [stdout, stderr, exitCode] = await Promise.all([
      child.stdout === null ? '' : text(child.stdout),
      child.stderr === null ? '' : text(child.stderr),
      ended,
    ]);
    return { exitCode, output: stdout + stderr };
  } finally {
    closeSync(network);
  }
}
