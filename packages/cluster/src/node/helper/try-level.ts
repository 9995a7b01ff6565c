import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { findTools, requireTool, rootTools, userTools } from '../runtimes/process/tools.ts';

const run = promisify(execFile);

/** What has not ended by then hangs in the kernel: a trial takes some milliseconds. */
export const trialLimit = { timeout: 20_000, killSignal: 'SIGKILL' } as const;

/** Undefined when namespaces can be made; else why not, as a sentence that follows a colon. */
export async function tryRoot(searchPath: string): Promise<string | undefined> {
  if (process.getuid?.() !== 0) {
    return 'network and mount namespaces need root, and this is an ordinary user.';
  }
  const { tools, missing } = findTools(rootTools, searchPath);
  if (missing.length > 0) {
    return `the programs ${missing.join(', ')} are not installed (packages util-linux and iproute2).`;
  }
  try {
    const script = '( "$1" -n -t proc proc /proc && "$2" link add slip0 type veth peer name slip1 ) & wait $!';
    const words = ['sh', '-c', script, 'sh', requireTool(tools, 'mount'), requireTool(tools, 'ip')];
    await run(requireTool(tools, 'unshare'), ['--net', '--mount', '--pid', '--ipc', '--uts', ...words], trialLimit);
    return undefined;
  } catch (error) {
    return `namespaces cannot be made, although this is root: ${saidBy(error)}.`;
  }
}

/** Flags of `unshare`. The user who runs it is root in them, and owns there what is his outside. */
export const userNamespaces: readonly string[] = [
  ...['--user', '--map-user=0', '--map-group=0'],
  ...['--mount', '--pid', '--ipc', '--uts'],
];

/**
 * All that containers need: processes of their own, and a directory of which changes stay apart. Says `partly` where one
 * that was deleted cannot be made again, for which the kernel must let users keep attributes of files in memory.
 */
export const userScript = `
( "$1" -n -t proc proc /proc && "$1" -n -t tmpfs tmpfs /tmp && cd /tmp && mkdir -p lower/a upper work root &&
  "$1" -n -t overlay -o lowerdir=lower,upperdir=upper,workdir=work,userxattr overlay root && rmdir root/a &&
  { mkdir root/a 2>/dev/null || echo partly; } ) &
wait $!
`;

export type Trial =
  | { readonly isPossible: true; readonly limitations: readonly string[] }
  /** A sentence that follows a colon. */
  | { readonly isPossible: false; readonly why: string };

const partly =
  'A directory of the machine or of an image that a container has deleted it cannot make again: that needs Linux 6.6.';

export async function tryUser(
  searchPath: string,
  limit: { readonly timeout: number; readonly killSignal: NodeJS.Signals } = trialLimit,
): Promise<Trial> {
  const { tools, missing } = findTools(userTools, searchPath);
  if (missing.length > 0) {
    const why = `the programs ${missing.join(', ')} are not installed (package util-linux).`;
    return { isPossible: false, why };
  }
  try {
    const words = ['/bin/sh', '-c', userScript, 'sh', requireTool(tools, 'mount')];
    const { stdout } = await run(requireTool(tools, 'unshare'), [...userNamespaces, ...words], limit);
    return { isPossible: true, limitations: stdout.includes('partly') ? [partly] : [] };
  } catch (error) {
    return { isPossible: false, why: explainUserFault(saidBy(error), readSetting) };
  }
}

/** Settings of the kernel by which an administrator keeps users from namespaces: the file, and what it then says. */
const prohibitions = [
  { file: 'user/max_user_namespaces', value: '0' },
  { file: 'kernel/unprivileged_userns_clone', value: '0' },
  { file: 'kernel/apparmor_restrict_unprivileged_userns', value: '1' },
];

/** In words of who can change it, where that is known. */
export function explainUserFault(said: string, read: (file: string) => string | undefined): string {
  const found = prohibitions.find(({ file, value }) => read(file) === value);
  if (found === undefined) return `user namespaces do not work here: ${said}.`;
  return `ordinary users get no namespaces here (sysctl ${found.file.replaceAll('/', '.')}=${found.value}).`;
}

function readSetting(file: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${file}`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function saidBy(error: unknown): string {
  if (error instanceof Error && 'killed' in error && error.killed === true) return 'the trial did not end in time';
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
  return (said.split('\n')[0] ?? '').replace(/\.$/, '');
}
