import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { startBenchCluster } from './cluster.ts';
import { rounded, type BenchRow } from './row.ts';

/** Long enough for the work of the start to be done and collected. */
const settleMilliseconds = 10_000;

/** What the idle cluster holds, with delivery and gateway in it: the proportional share of its processes. */
export async function benchMemory(): Promise<readonly BenchRow[]> {
  const cluster = await startBenchCluster();
  const bare = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']);
  try {
    await new Promise((resolve) => setTimeout(resolve, settleMilliseconds));
    const { server, node } = await cluster.state();
    const [serverSize, nodeSize, besideSize, bareSize] = await Promise.all([
      measureMemory(server.pid),
      measureMemory(node?.pid),
      measureMemory(await findDeploymentServer(server.pid)),
      measureMemory(bare.pid),
    ]);
    const total = serverSize.total + nodeSize.total + besideSize.total;
    return [
      {
        figure: 'memory of the idle cluster (PSS of its three processes)',
        value: rounded(total),
        unit: 'MB',
        target: { atMost: 200 },
        reference: `server ${describeMemory(serverSize)}, node helper ${describeMemory(nodeSize)}, deployment server ${describeMemory(besideSize)}; an idle bare node: ${describeMemory(bareSize)}`,
      },
    ];
  } finally {
    bare.kill('SIGKILL');
    await cluster.stop();
  }
}

/** The child of the cluster's server that is the deployment server. */
export async function findDeploymentServer(parent: number): Promise<number> {
  const children = (await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8')).trim().split(' ').map(Number);
  for (const pid of children)
    if ((await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes('deployment-process')) return pid;
  throw new Error(`process ${parent} has no deployment server beside it`);
}

/** Megabytes of one process, shared pages by their share. */
export interface MemoryShares {
  readonly total: number;
  /** Heap and stacks: what the process itself has taken. */
  readonly own: number;
  /** Pages of files, programs and databases: the system drops them when it needs the room. */
  readonly mapped: number;
}

/** Zeros for no process. */
export async function measureMemory(pid: number | undefined): Promise<MemoryShares> {
  if (pid === undefined) return { total: 0, own: 0, mapped: 0 };
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const megabytes = (field: string): number => {
    const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(rollup)?.[1];
    if (kilobytes === undefined) throw new Error(`process ${pid} shows no ${field}`);
    return (Number(kilobytes) * 1_024) / 1e6;
  };
  return { total: megabytes('Pss'), own: megabytes('Pss_Anon'), mapped: megabytes('Pss_File') };
}

export function describeMemory({ total, own, mapped }: MemoryShares): string {
  return `${rounded(total)} MB (own ${rounded(own)}, mapped files ${rounded(mapped)})`;
}
