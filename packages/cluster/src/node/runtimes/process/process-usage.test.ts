import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { measureProcesses } from './process-usage.ts';

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
