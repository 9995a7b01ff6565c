/** What processes use, as the kernel tells it in /proc: the same at every level of rights. */
import { readdir, readFile, readlink } from 'node:fs/promises';

export interface ProcessUsage {
  readonly cpuNanoseconds: number;
  readonly memoryBytes: number;
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  /** With that of children that have ended and were waited for. */
  readonly cpuNanoseconds: number;
}

/** USER_HZ of Linux, the unit of times in /proc. */
const nanosecondsOfTick = 1e7;

/**
 * For each of these first processes what it and all that belong to it use: those that descend from it, those that have
 * left their parents and not its session, and those that see its mounts. One that has ended is left out.
 */
export async function measureProcesses(first: ReadonlySet<number>): Promise<ReadonlyMap<number, ProcessUsage>> {
  const processes = await readProcesses();
  const ownerOf = await createOwners(first, processes);
  const usages = await Promise.all(
    [...processes.values()].map(async (process) => {
      const owner = await ownerOf(process);
      return owner === undefined ? undefined : { owner, process, memoryBytes: await readMemory(process.pid) };
    }),
  );
  const sums = new Map<number, ProcessUsage>();
  for (const usage of usages) {
    if (usage === undefined) continue;
    const before = sums.get(usage.owner) ?? { cpuNanoseconds: 0, memoryBytes: 0 };
    sums.set(usage.owner, {
      cpuNanoseconds: before.cpuNanoseconds + usage.process.cpuNanoseconds,
      memoryBytes: before.memoryBytes + usage.memoryBytes,
    });
  }
  return sums;
}

async function readProcesses(): Promise<ReadonlyMap<number, Process>> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(names.map((name) => readProcess(Number(name))));
  return new Map(all.flatMap((process) => (process === undefined ? [] : [[process.pid, process] as const])));
}

/** Undefined for one that has ended meanwhile. */
async function readProcess(pid: number): Promise<Process | undefined> {
  const stat = await whereReadable(readFile(`/proc/${pid}/stat`, 'utf8'));
  if (stat === undefined) return undefined;
  // The name, in brackets, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const times = fields.slice(11, 15).map(Number);
  return {
    pid,
    parent: Number(fields[1]),
    session: Number(fields[3]),
    cpuNanoseconds: times.reduce((sum, ticks) => sum + ticks, 0) * nanosecondsOfTick,
  };
}

async function createOwners(
  first: ReadonlySet<number>,
  processes: ReadonlyMap<number, Process>,
): Promise<(process: Process) => Promise<number | undefined>> {
  const own = await namespaceOf('self');
  const byNamespace = new Map<string, number>();
  for (const pid of first) {
    const namespace = await namespaceOf(pid);
    if (namespace !== undefined && namespace !== own) byNamespace.set(namespace, pid);
  }
  const ancestor = (process: Process): number | undefined => {
    // Read one after the other, they may form a circle for a moment.
    const seen = new Set<number>();
    for (let at: Process | undefined = process; at !== undefined && !seen.has(at.pid); at = processes.get(at.parent)) {
      if (first.has(at.pid)) return at.pid;
      seen.add(at.pid);
    }
    return first.has(process.session) ? process.session : undefined;
  };
  return async (process) => {
    const found = ancestor(process);
    if (found !== undefined || byNamespace.size === 0) return found;
    return byNamespace.get((await namespaceOf(process.pid)) ?? '');
  };
}

function namespaceOf(pid: number | 'self'): Promise<string | undefined> {
  return whereReadable(readlink(`/proc/${pid}/ns/mnt`));
}

/** Its own, and its part of what it shares; all of it where that is not told. */
async function readMemory(pid: number): Promise<number> {
  const rollup = await whereReadable(readFile(`/proc/${pid}/smaps_rollup`, 'utf8'));
  const kibibytes =
    /^Pss: +(\d+) kB$/m.exec(rollup ?? '')?.[1] ??
    /^VmRSS:\s+(\d+) kB$/m.exec((await whereReadable(readFile(`/proc/${pid}/status`, 'utf8'))) ?? '')?.[1];
  return Number(kibibytes ?? 0) * 1_024;
}

const unreadable: readonly unknown[] = ['EACCES', 'EPERM', 'ENOENT', 'ESRCH'];

/** Undefined of a process that has ended or is somebody else's. */
async function whereReadable<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Error && 'code' in error && unreadable.includes(error.code)) return undefined;
    throw error;
  }
}
