import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLoopbackDialer, type DialLoopback } from './loopback-dialer.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-dialer-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** In place of the program that enters a namespace. */
async function createDialer(does: string, limitMilliseconds: number): Promise<DialLoopback> {
  const nsenter = join(directory, 'nsenter');
  await writeFile(nsenter, `#!/bin/sh\n${does}\n`);
  await chmod(nsenter, 0o755);
  return createLoopbackDialer({ nsenter, nodeProgram: process.execPath, holderPid: process.pid, limitMilliseconds });
}

describe('the loopback address of a pod', () => {
  it.each(['127.0.0.1', '::1'])('is reached at %s, and what refuses is told', async (host) => {
    const dial = await createDialer('shift 3; exec "$@"', 60_000);
    const server = createServer((socket) => socket.end('from within'));
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const { port } = server.address() as AddressInfo;
    expect(await text((await dial(port)).end())).toBe('from within');
    await new Promise((resolve) => server.close(resolve));
    await expect(dial(1)).rejects.toThrow('ECONNREFUSED 127.0.0.1:1');
  });

  it('is given up when it takes too long, and not dialled by many at once', async () => {
    const dial = await createDialer('exec sleep 1000', 100);
    const dialled = await Promise.allSettled(Array.from({ length: 17 }, () => dial(80)));
    const said = dialled.map((result) => (result.status === 'rejected' ? String(result.reason) : 'connected'));
    expect(new Set(said.slice(0, 16))).toEqual(new Set(['Error: port 80 was not dialled: exit code SIGKILL']));
    expect(said[16]).toBe('Error: 16 connections to this pod are being made already');
    await expect(dial(80)).rejects.toThrow('SIGKILL');
  });

  it('is dialled no longer when nobody waits for it', async () => {
    const dial = await createDialer('exec sleep 1000', 3_600_000);
    const gone = new AbortController();
    const dialled = Array.from({ length: 16 }, () => dial(80, gone.signal));
    gone.abort();
    for (const each of dialled) await expect(each).rejects.toThrow('aborted');
    // There is room again.
    await expect(dial(80, AbortSignal.abort())).rejects.toThrow('aborted');
  });
});
