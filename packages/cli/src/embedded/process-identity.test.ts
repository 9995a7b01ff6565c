import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { identifyProcess, isRunning, signalProcess, waitForExit } from './process-identity.ts';

describe('a process identity', () => {
  it('tells a process from a later one with the same number', async () => {
    const own = await identifyProcess(process.pid);
    expect(own).toBeDefined();
    expect(await isRunning({ pid: process.pid, startTicks: '1' })).toBe(false);
    expect(own !== undefined && (await isRunning(own))).toBe(true);
  });

  it('is gone when the process has ended, and signalling it then is harmless', async () => {
    const child = spawn('sleep', ['60']);
    await once(child, 'spawn');
    const identity = await identifyProcess(child.pid ?? 0);
    if (identity === undefined) throw new Error('the child has no identity');
    await signalProcess(identity, 'SIGKILL');
    expect(await waitForExit([identity], 5_000)).toBe(true);
    await signalProcess(identity, 'SIGKILL');
    expect(await identifyProcess(identity.pid)).toBeUndefined();
  });
});
