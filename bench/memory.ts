import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { startBenchCluster } from './cluster.ts';
import { rounded, type BenchRow } from './row.ts';

/** Long enough for the work of the start to be done and collected. */
const settleMilliseconds = 10_000;

/** What the idle cluster holds, with delivery and gateway in it: the proportional share of both processes. */
export async function benchMemory(): Promise<readonly BenchRow[]> {
  const cluster = await startBenchCluster();
  const bare = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']);
  try {
    await new Promise((resolve) => setTimeout(resolve, settleMilliseconds));
    const { server, node } = await cluster.state();
    const [serverSize, nodeSize, bareSize] = await Promise.all(
      [server.pid, node?.pid, bare.pid].map(proportionalMegabytes),
    );
    const total = (serverSize ?? 0) + (nodeSize ?? 0);
    return [
      {
        figure: 'memory of the idle cluster (PSS of both processes)',
        value: rounded(total),
        unit: 'MB',
        target: { atMost: 200 },
        reference: `server ${rounded(serverSize ?? 0)} MB, node helper ${rounded(nodeSize ?? 0)} MB; an idle bare node: ${rounded(bareSize ?? 0)} MB`,
      },
    ];
  } finally {
    bare.kill('SIGKILL');
    await cluster.stop();
  }
}

/** What a process holds, shared pages by their share; 0 for none. */
export async function proportionalMegabytes(pid: number | undefined): Promise<number> {
  if (pid === undefined) return 0;
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1];
  if (kilobytes === undefined) throw new Error(`process ${pid} shows no proportional set size`);
  return (Number(kilobytes) * 1_024) / 1e6;
}
