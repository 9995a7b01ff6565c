/** What the machine has of a running cluster, apart from what the cluster says of itself. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readState, takeFootprint } from '../footprint.ts';

const program = 'traffic/application.ts';

export interface PodProcess {
  /** Of the pod, which the environment of the program names. */
  readonly pod: string;
  readonly pid: number;
}

/** The programs of all pods of the cluster in `directory`. */
export async function listPodProcesses(directory: string): Promise<readonly PodProcess[]> {
  const { processes } = await takeFootprint(directory);
  return processes.flatMap(({ pid, command, environment }) => {
    const pod = /(?:^|\0)POD_NAME=([^\0]+)/.exec(environment)?.[1];
    return pod !== undefined && command.split('\0')[1]?.endsWith(program) === true ? [{ pod, pid }] : [];
  });
}

/** The process of one pod. Throws where there is none: signals to number 0 would go to the caller itself. */
export async function processOf(directory: string, pod: string): Promise<number> {
  const found = (await listPodProcesses(directory)).find((each) => each.pod === pod);
  if (found === undefined) throw new Error(`pod ${pod} has no process`);
  return found.pid;
}

/** Resolves when it has nothing open any more. Even one that is killed has to be given time for its end. */
export async function hasEnded(pid: number): Promise<void> {
  while (/^State:\s+[^ZX]/m.test(await readFile(`/proc/${pid}/status`, 'utf8').catch(String))) await pause(10);
}

/** What must not grow from release to release. */
export interface Usage {
  /** Of the cluster and all that descends from it. */
  readonly processes: number;
  /** Of the server and of the node helper. */
  readonly openFiles: number;
  readonly mounts: number;
  /** Of pods and their sandboxes, in the data directory. */
  readonly folders: number;
}

export async function measureUsage(directory: string): Promise<Usage> {
  const { server, node } = await readState(directory);
  const own = [server, ...(node === undefined ? [] : [node])];
  const kept = (await readdir(directory)).filter((name) => name === 'pods' || name === 'sandboxes');
  const [footprint, openFiles, mounts, folders] = await Promise.all([
    takeFootprint(directory),
    Promise.all(own.map((pid) => readdir(`/proc/${pid}/fd`))),
    Promise.all(own.map((pid) => readFile(`/proc/${pid}/mountinfo`, 'utf8'))),
    Promise.all(kept.map((name) => readdir(join(directory, name)))),
  ]);
  return {
    processes: footprint.processes.length,
    openFiles: openFiles.flat().length,
    mounts: mounts.flatMap((text) => text.trimEnd().split('\n')).length,
    folders: folders.flat().length,
  };
}

const usageKinds = ['processes', 'openFiles', 'mounts', 'folders'] as const satisfies readonly (keyof Usage)[];

/** A sentence for each kind of which there are so many more. */
export function describeGrowth(before: Usage, after: Usage, by: number): readonly string[] {
  return usageKinds
    .filter((kind) => after[kind] - before[kind] >= by)
    .map((kind) => `${kind}: ${before[kind]} before and ${after[kind]} after`);
}
