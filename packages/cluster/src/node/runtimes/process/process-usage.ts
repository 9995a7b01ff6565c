/** What processes use, as the kernel tells it in /proc: the same at every level of rights. */
import { readFileSync, readlinkSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

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
  const ownerOf = createOwners(first, processes);
  const usages = await Promise.all(
    [...processes.values()].map(async (process) => {
      const owner = ownerOf(process);
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

/**
 * For each of these first processes, of which each is named with its limit in bytes, whether it and all that belong to it hold
 * more: what the kernel could take from nobody but them, that is neither programs nor files that it can read again. Resolves to
 * those that do.
 */
export async function findAboveLimit(limits: ReadonlyMap<number, number>): Promise<ReadonlySet<number>> {
  const processes = await readProcesses();
  const ownerOf = createOwners(new Set(limits.keys()), processes);
  const members = new Map<number, Held[]>();
  for (const process of processes.values()) {
    const owner = ownerOf(process);
    if (owner !== undefined) members.set(owner, [...(members.get(owner) ?? []), readHeld(process.pid)]);
  }
  const above = new Set<number>();
  for (const [owner, held] of members) {
    const limit = limits.get(owner) ?? Number.POSITIVE_INFINITY;
    // What several share is counted for each in full: the most that it can be, and cheap to read.
    if (sum(held.map(({ atMost }) => atMost)) <= limit) continue;
    const shares = await Promise.all(held.map(readShare));
    if (sum(shares) > limit) above.add(owner);
  }
  return above;
}

interface Held {
  readonly pid: number;
  readonly atMost: number;
}

function readHeld(pid: number): Held {
  const status = whereReadable(() => readFileSync(`/proc/${pid}/status`, 'utf8')) ?? '';
  const kibibytes = ['RssAnon', 'RssShmem'].map((name) => kibibytesOf(status, name) ?? 0);
  return { pid, atMost: sum(kibibytes) * 1_024 };
}

/** With its part of what it shares, which older kernels tell only together with files. */
async function readShare({ pid, atMost }: Held): Promise<number> {
  const rollup = (await whereSettled(readFile(`/proc/${pid}/smaps_rollup`, 'utf8'))) ?? '';
  const [anonymous, shared] = [kibibytesOf(rollup, 'Pss_Anon'), kibibytesOf(rollup, 'Pss_Shmem')];
  const kibibytes = anonymous === undefined || shared === undefined ? kibibytesOf(rollup, 'Pss') : anonymous + shared;
  return kibibytes === undefined ? atMost : Math.min(atMost, kibibytes * 1_024);
}

function kibibytesOf(text: string, name: string): number | undefined {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

async function readProcesses(): Promise<ReadonlyMap<number, Process>> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const all = names.map((name) => readProcess(Number(name)));
  return new Map(all.flatMap((process) => (process === undefined ? [] : [[process.pid, process] as const])));
}

/** Undefined for one that has ended meanwhile. At once: a trip through the thread pool takes ten times what the kernel does. */
function readProcess(pid: number): Process | undefined {
  const stat = whereReadable(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
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

function createOwners(
  first: ReadonlySet<number>,
  processes: ReadonlyMap<number, Process>,
): (process: Process) => number | undefined {
  const own = namespaceOf('self');
  const byNamespace = new Map<string, number>();
  for (const pid of first) {
    const namespace = namespaceOf(pid);
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
  return (process) => {
    const found = ancestor(process);
    if (found !== undefined || byNamespace.size === 0) return found;
    return byNamespace.get(namespaceOf(process.pid) ?? '');
  };
}

function namespaceOf(pid: number | 'self'): string | undefined {
  return whereReadable(() => readlinkSync(`/proc/${pid}/ns/mnt`));
}

/** Its own, and its part of what it shares; all of it where that is not told. */
async function readMemory(pid: number): Promise<number> {
  const rollup = await whereSettled(readFile(`/proc/${pid}/smaps_rollup`, 'utf8'));
  const kibibytes =
    kibibytesOf(rollup ?? '', 'Pss') ??
    kibibytesOf(whereReadable(() => readFileSync(`/proc/${pid}/status`, 'utf8')) ?? '', 'VmRSS');
  return (kibibytes ?? 0) * 1_024;
}

const unreadable: readonly unknown[] = ['EACCES', 'EPERM', 'ENOENT', 'ESRCH'];

/** Undefined of a process that has ended or is somebody else's. */
function whereReadable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isUnreadable(error)) return undefined;
    throw error;
  }
}

/** The same of what takes the kernel a while. */
async function whereSettled<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isUnreadable(error)) return undefined;
    throw error;
  }
}

function isUnreadable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && unreadable.includes(error.code);
}
