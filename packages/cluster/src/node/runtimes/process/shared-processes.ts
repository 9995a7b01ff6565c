import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, realpath, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** The processes that all containers of a pod have in common. */
export interface SharedProcesses {
  /** Of the first of them, in whose namespace the others are to be. */
  readonly pid: number;
  /** Ends all of them. */
  remove(): Promise<void>;
}

/**
 * Runs as process 1 of the pod's processes: it says which number the /proc outside has for it, and waits, which reaps what
 * nobody else waits for. It ends, and the kernel all others with it, when the writer of its input closes that or dies.
 * No signal of a container ends it: `kill -1` reaches its child too, which is begun anew.
 */
const script = `
trap '' HUP INT QUIT TERM
read -r pid rest </proc/self/stat && echo "pid $pid"
exec 3<&0
while while read -r never; do :; done <&3 & wait "$!"; [ "$?" -gt 128 ]; do :; done
exit
`;

/** `directory` is for what it is run by; it need not be there. */
export async function shareProcesses(unshare: string, directory: string): Promise<SharedProcesses> {
  const shell = await nameShell(directory);
  const holder = spawn(unshare, ['--pid', '--fork', shell], {
    env: { PATH: directory },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => {
    holder.once('error', () => resolve()).once('close', () => resolve());
  });
  holder.stdin.on('error', () => {
    // It has ended; `ended` says so.
  });
  // By its input, and not as an argument, which everybody in the pod would see as its name.
  holder.stdin.write(script);
  return {
    pid: await firstOf(holder),
    remove: () => {
      holder.stdin.end();
      return ended;
    },
  };
}

/** The shell as containers are to see it, with the name that process 1 has in Kubernetes; it is found in the directory. */
async function nameShell(directory: string): Promise<string> {
  // Many programs in one go by the name that they are called by.
  if (/busybox|toybox/.test(basename(await realpath(shellFile)))) return shellFile;
  await mkdir(directory, { recursive: true });
  try {
    await symlink(shellFile, join(directory, 'pause'));
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    if (!isThere) throw error;
  }
  return 'pause';
}

const shellFile = '/bin/sh';

function firstOf(holder: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = '';
    holder.once('error', reject);
    holder.once('close', () => reject(new Error('the process that holds the shared processes of a pod ended at once')));
    holder.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
      const pid = /^pid (\d+)\n/.exec(said)?.[1];
      if (pid !== undefined) resolve(Number(pid));
    });
  });
}
