import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { findAboveLimit, measureProcesses } from './process-usage.ts';

const started: ChildProcess[] = [];

afterEach(() => {
  for (const { pid } of started.splice(0)) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
});

/** Says a word once it has worked for as long and holds as much as it was told; children do it in its place. */
async function start(script: string): Promise<number> {
  const child = spawn(process.execPath, ['-e', script], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  await once(child.stdout, 'data');
  return child.pid ?? 0;
}

const work = `const held = Buffer.alloc(40 << 20, 1); while (process.cpuUsage().user < 300e3); console.log(held.length);
setInterval(() => held[0]++, 1e6);`;
const fork =
  'printf -v held "%40000000d" 1; for i in 1 2 3 4 5; do (read -r never < <(sleep 1000)) & done; echo up; wait';
const within = (options: string): string =>
  `const { spawn } = require('node:child_process');
spawn(process.execPath, ['-e', ${JSON.stringify(work)}], { stdio: ['ignore', 'inherit', 'inherit'], ${options} });
setInterval(() => {}, 1e6);`;

describe('measureProcesses', () => {
  it.each([
    { name: 'what a process itself uses', script: work },
    { name: 'what its child uses', script: within('') },
  ])('counts $name', async ({ script }) => {
    const pid = await start(script);
    const usage = (await measureProcesses(new Set([pid]))).get(pid);
    expect(usage?.cpuNanoseconds).toBeGreaterThanOrEqual(290e6);
    expect(usage?.memoryBytes).toBeGreaterThan(40 << 20);
  });

  it('tells those apart that belong to others, and leaves out what is not there', async () => {
    const [one, other] = await Promise.all([start(work), start('console.log(1); setInterval(() => {}, 1e6)')]);
    const used = await measureProcesses(new Set([one, other, 2 ** 30]));
    expect([...used.keys()].toSorted()).toEqual([one, other].toSorted());
    expect(used.get(other)?.memoryBytes).toBeLessThan(used.get(one)?.memoryBytes ?? 0);
  });
});

describe('findAboveLimit', () => {
  it.each([
    { name: 'a process itself', script: work },
    { name: 'its child', script: within('') },
  ])('finds what $name holds', async ({ script }) => {
    const pid = await start(script);
    expect(await findAboveLimit(new Map([[pid, 40 << 20]]))).toEqual(new Set([pid]));
    expect(await findAboveLimit(new Map([[pid, 1_000 << 20]]))).toEqual(new Set());
  });

  it('counts once what processes share, and programs and files not at all', async () => {
    // A large array of a shell, which its five children have in common with it, and the program of Node.
    const shell = spawn('bash', ['-c', fork], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    started.push(shell);
    await once(shell.stdout, 'data');
    const pid = shell.pid ?? 0;
    const { memoryBytes = 0 } = (await measureProcesses(new Set([pid]))).get(pid) ?? {};
    expect(memoryBytes).toBeGreaterThan(30 << 20);
    expect(await findAboveLimit(new Map([[pid, 80 << 20]]))).toEqual(new Set());
    expect(await findAboveLimit(new Map([[pid, 30 << 20]]))).toEqual(new Set([pid]));
  });
});
