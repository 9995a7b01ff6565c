import { readFile } from 'node:fs/promises';

/** Of `/proc/PID/stat`, in which Linux counts time for whoever reads it. */
const ticksPerSecond = 100;

/** Milliseconds that all threads of a process have computed so far, in its own code and in the kernel for it. */
export async function processorMilliseconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name, which may hold spaces, ends with the last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond;
}
