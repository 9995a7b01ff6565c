import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { userNamespaces, userScript } from '../src/node/helper/try-level.ts';

/** Why the tests of level root cannot run here; undefined when they can. */
export const noRootReason =
  process.getuid?.() === 0 ? undefined : 'needs root: network and mount namespaces cannot be made by an ordinary user';

/** Descriptor of the machine's network namespace in a process started by `runIsolated`. */
export const hostNetworkFd = 4;

/** Somebody without any rights, for `setpriv`; nothing where the tests themselves run as such a user. */
const asOrdinaryUser =
  process.getuid?.() === 0
    ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs', '--']
    : [];

/** Why the tests of level user cannot run here; undefined when they can. */
export function findNoUserReason(): string | undefined {
  const [file, ...tested] = [...asOrdinaryUser, 'test', '-r', import.meta.filename];
  if (spawnSync(file, tested).status !== 0) return 'an ordinary user may not read this checkout';
  const words = ['/bin/sh', '-c', userScript, 'sh', 'mount'];
  const [program = '', ...parameters] = [...asOrdinaryUser, 'unshare', ...userNamespaces, ...words];
  const { status, stderr } = spawnSync(program, parameters, { encoding: 'utf8' });
  return status === 0 ? undefined : `ordinary users cannot make namespaces: ${stderr.trim()}`;
}

const namespacesOf = {
  root: ['unshare', '--net', '--mount', '--pid'],
  user: [...asOrdinaryUser, 'unshare', ...userNamespaces],
};

/** Runs a program as the node helper is run: in namespaces of its own, below a shell that reaps what nobody waits for. */
export async function runIsolated(
  level: 'root' | 'user',
  command: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<{ readonly exitCode: number; readonly output: string }> {
  const network = openSync('/proc/self/ns/net', 'r');
  try {
    const script = '( mount -t proc proc /proc && { "$@" & wait "$!"; } ) & wait "$!"';
    const [file = '', ...words] = [...namespacesOf[level], 'sh', '-c', script, 'sh', ...command];
    const child = spawn(file, words, {
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
