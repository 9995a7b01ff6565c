/** What runs until it is stopped says what it waits for, stops at once while it starts, and leaves nothing behind. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { slipwayEntry } from './support/execute.ts';
import { footprintOfFolder, listRemains } from './support/footprint.ts';
import { removeFolder, self } from './support/person.ts';
import { upWords } from './support/slipway.ts';

let directory: string;
/** Where what is started puts its temporary files. */
let temporary: string;

beforeAll(async () => {
  directory = await self.createFolder();
  temporary = join(directory, 'tmp');
  await mkdir(temporary);
});

afterAll(() => removeFolder(directory));

type Running = ChildProcessByStdio<null, Readable, Readable>;

function start(...words: readonly string[]): Running {
  const [file, ...rest] = self.commandOf(process.execPath, [slipwayEntry, ...words]);
  return spawn(file, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, TMPDIR: temporary } });
}

async function firstLine(stream: Readable): Promise<string> {
  for await (const line of createInterface({ input: stream })) return line;
  return '';
}

async function kubeconfigOf(server: string): Promise<string> {
  const file = join(directory, 'kubeconfig');
  const clusters = [{ name: 'one', cluster: { server } }];
  const contexts = [{ name: 'one', context: { cluster: 'one', user: 'nobody' } }];
  const users = [{ name: 'nobody', user: { token: 'none' } }];
  await writeFile(file, JSON.stringify({ 'current-context': 'one', clusters, contexts, users }));
  return file;
}

const parts = [
  { part: 'gateway', words: ['gateway', '--port', '0', '--data-plane', 'built-in'] },
  { part: 'controller', words: ['controller'] },
];

describe.each(parts)('slipway $part', ({ words }) => {
  it('says what it cannot reach, and stops at once', async () => {
    const running = start(...words, '--kubeconfig', await kubeconfigOf('https://127.0.0.1:1'));
    const ended = once(running, 'exit');
    expect(await firstLine(running.stderr)).toMatch(
      /^The API server at https:\/\/127.0.0.1:1 cannot be reached: .*ECONNREFUSED.*; trying again until it answers\.$/,
    );
    running.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(await readdir(temporary)).toEqual([]);
  });

  it('stops at once where the server answers no more after its version', async () => {
    const asked = Promise.withResolvers<void>();
    const server = createServer((incoming, outgoing) => {
      if (incoming.url === '/version') outgoing.end('{"gitVersion":"v1.32.0"}');
      else asked.resolve();
    });
    const running = start(...words, '--kubeconfig', await kubeconfigOf(await listen(server)));
    const ended = once(running, 'exit');
    await asked.promise;
    running.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    expect(await readdir(temporary)).toEqual([]);
    server.closeAllConnections();
    server.close();
  });
});

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

describe('slipway up', () => {
  it('leaves nothing when it is interrupted while the cluster starts in the background', async () => {
    const data = join(directory, 'data');
    const running = start(...upWords(data, ['--detach', '--runtime', 'simulated']));
    const ended = once(running, 'exit');
    // The server makes it when it begins.
    const store = join(data, 'store');
    await expect.poll(() => readdir(store).catch(() => undefined), { timeout: 20_000 }).toBeDefined();
    running.kill('SIGTERM');
    expect(await ended).toEqual([143, null]);
    expect(await listRemains(await footprintOfFolder(data))).toEqual([]);
    expect(await self.slipway('status', '--data-dir', data)).toMatchObject({ exitCode: 1 });
  });
});
