import { spawn, type ChildProcess } from 'node:child_process';

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
while cat <&3 >/dev/null & wait "$!"; [ "$?" -gt 128 ]; do :; done
`;

export async function shareProcesses(unshare: string): Promise<SharedProcesses> {
  const holder = spawn(unshare, ['--pid', '--fork', '/bin/sh', '-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = new Promise<void>((resolve) => {
    holder.once('error', () => resolve()).once('close', () => resolve());
  });
  holder.stdin.on('error', () => {
    // It has ended; `ended` says so.
  });
  return {
    pid: await firstOf(holder),
    remove: () => {
      holder.stdin.end();
      return ended;
    },
  };
}

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
