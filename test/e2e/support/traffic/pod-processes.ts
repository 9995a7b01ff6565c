/** The programs of pods as the machine shows them. */
import { readdir, readFile } from 'node:fs/promises';

const program = 'traffic/application.ts';

/** Process numbers of the application by the pod that they were started for, which their environment names. */
export async function listPodProcesses(): Promise<ReadonlyMap<string, number>> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => [await podOf(pid), pid] as const));
  return new Map(found.flatMap(([pod, pid]) => (pod === undefined ? [] : [[pod, pid] as const])));
}

async function podOf(pid: number): Promise<string | undefined> {
  const [command, environment] = await Promise.all([read(pid, 'cmdline'), read(pid, 'environ')]);
  const isApplication = command.split('\0')[1]?.endsWith(program) === true;
  return isApplication ? /(?:^|\0)POD_NAME=([^\0]+)/.exec(environment)?.[1] : undefined;
}

/** The process of one pod. Throws where there is none: signals to number 0 would go to the caller itself. */
export async function processOf(pod: string): Promise<number> {
  const pid = (await listPodProcesses()).get(pod);
  if (pid === undefined) throw new Error(`pod ${pod} has no process`);
  return pid;
}

/** Processes end while they are looked at, and those of others are closed to an ordinary user. */
async function read(pid: number, file: string): Promise<string> {
  return readFile(`/proc/${pid}/${file}`, 'latin1').catch((error: NodeJS.ErrnoException) => {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(error.code ?? '')) return '';
    throw error;
  });
}
