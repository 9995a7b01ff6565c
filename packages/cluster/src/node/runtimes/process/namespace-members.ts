/** The processes of a container that shares those of another one: nothing but its mounts tells them apart. */
import { readdirSync, readlinkSync } from 'node:fs';
import { signalIfRunning } from './signal.ts';

/** Undefined of a process that has ended. */
export function mountNamespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch (error) {
    if (error instanceof Error && 'code' in error && isGone.includes(error.code)) return undefined;
    throw error;
  }
}

/** The last one is what the kernel says of others' processes, none of which is meant. */
const isGone: readonly unknown[] = ['ENOENT', 'ESRCH', 'EACCES', 'EPERM'];

/** Those too that they start meanwhile. */
export function killMembers(namespace: string): void {
  const killed = new Set<number>();
  for (let found = membersOf(namespace); found.some((pid) => !killed.has(pid)); found = membersOf(namespace)) {
    for (const pid of found) {
      killed.add(pid);
      signalIfRunning(pid, 'SIGKILL');
    }
  }
}

function membersOf(namespace: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => mountNamespaceOf(pid) === namespace);
}
