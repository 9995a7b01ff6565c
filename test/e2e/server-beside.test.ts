/** The deployment server that `slipway up` starts beside its cluster. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startHttpReceiver } from '../../packages/server/testing/receiver.ts';
import { listRemains, readState, takeFootprint } from './support/footprint.ts';
import { removeFolder, self } from './support/person.ts';
import { upWords } from './support/slipway.ts';

interface Place {
  readonly url: string;
  readonly tokenFile: string;
}

/** The processes of it: children of the cluster's server. */
async function findProcesses(directory: string): Promise<readonly number[]> {
  const { processes } = await takeFootprint(directory);
  return processes.filter(({ command }) => command.includes('deployment-process')).map(({ pid }) => pid);
}

async function call(url: string, path: string, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(new URL(path, url), { headers, redirect: 'manual' });
  const text = await response.text();
  return { status: response.status, cookie: (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '', text };
}

const isHealthy = (url: string): Promise<number> =>
  call(url, '/healthz').then(
    ({ status }) => status,
    () => 0,
  );
const patience = { timeout: 60_000, interval: 50 };

describe('slipway up', () => {
  let directory: string;
  let place: Place;
  const up = (...words: readonly string[]) =>
    self.slipway(...upWords(directory, ['--detach', '--runtime', 'simulated', '-o', 'json', ...words]));
  const slipway = (...words: readonly string[]) => self.slipway(...words, '--data-dir', directory);

  beforeAll(async () => {
    directory = await self.createFolder();
    const { stdout, stderr, exitCode } = await up('--server-port', '0', '--allow-private-targets');
    if (exitCode !== 0) throw new Error(`the cluster did not start: ${stderr}`);
    const { url, tokenFile } = JSON.parse(stdout).deploymentServer;
    place = { url, tokenFile };
  });
  afterAll(async () => {
    await slipway('down', '--grace', '0');
    await removeFolder(directory);
  });

  it('starts the deployment server, and open gives the link that logs in to it', async () => {
    const { stdout, exitCode } = await slipway('open', '--print');
    expect(exitCode).toBe(0);
    expect(stdout.startsWith(place.url)).toBe(true);
    const { status, cookie } = await call(place.url, new URL(stdout.trim()).pathname);
    expect(status).toBe(303);
    expect(JSON.parse((await call(place.url, '/api/v1/session', { cookie })).text)).toMatchObject({ name: 'admin' });
    const token = (await readFile(place.tokenFile, 'utf8')).trim();
    const asked = await call(place.url, '/api/v1/applications', { authorization: `Bearer ${token}` });
    expect(asked.status).toBe(200);
  });

  it('notifies an address of this machine where it was told that it may', async () => {
    const receiver = await startHttpReceiver();
    const token = (await readFile(place.tokenFile, 'utf8')).trim();
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const channels = new URL('/api/v1/notifications/channels', place.url);
    const body = JSON.stringify({ name: 'here', type: 'webhook', url: receiver.url, secret: 'x'.repeat(32) });
    const created = await fetch(channels, { method: 'POST', headers, body });
    const { id } = (await created.json()) as { readonly id: string };
    const { authorization } = headers;
    await fetch(`${channels.href}/${id}/test`, { method: 'POST', headers: { authorization } });
    await receiver.count(1);
    await receiver.close();
  });

  it('says where it is, and whether it answers', async () => {
    // It answers a moment before the state says that it does.
    const status = async () => JSON.parse((await slipway('status', '-o', 'json')).stdout);
    await expect.poll(status, patience).toMatchObject({ deploymentServer: place, deploymentServerRunning: true });
    await expect.poll(status, patience).not.toHaveProperty('deploymentServer.isStarting');
    expect((await slipway('status')).stdout).toContain(`Server       ${place.url}; log in with slipway open`);
  });

  it('starts it again when it is killed, where it was', async () => {
    await expect.poll(() => isHealthy(place.url), patience).toBe(200);
    const [killed = 0] = await findProcesses(directory);
    process.kill(killed, 'SIGKILL');
    await expect
      .poll(async () => (await findProcesses(directory)).filter((pid) => pid !== killed), patience)
      .toHaveLength(1);
    await expect.poll(() => isHealthy(place.url), patience).toBe(200);
    const token = (await readFile(place.tokenFile, 'utf8')).trim();
    const headers = { authorization: `Bearer ${token}` };
    expect((await call(place.url, '/api/v1/session', headers)).status).toBe(200);
  });

  it('goes elsewhere when its port is taken while it is away, and says so', async () => {
    const other = createServer();
    onTestFinished(() => void other.close());
    const port = Number(new URL(place.url).port);
    // Whoever is faster: it may be there again.
    const take = async (): Promise<boolean> => {
      for (const pid of await findProcesses(directory)) process.kill(pid, 'SIGKILL');
      other.listen({ host: '127.0.0.1', port });
      // It rejects where the port is taken.
      return once(other, 'listening').then(
        () => true,
        () => false,
      );
    };
    await expect.poll(take, patience).toBe(true);
    const found = async (): Promise<Place> =>
      JSON.parse((await slipway('status', '-o', 'json')).stdout).deploymentServer;
    await expect.poll(async () => (await found()).url, patience).not.toBe(place.url);
    place = await found();
    await expect.poll(() => isHealthy(place.url), patience).toBe(200);
    expect((await slipway('open', '--print')).stdout.startsWith(place.url)).toBe(true);
  });

  it('leaves none behind when the cluster is killed, and none after down', async () => {
    const footprint = await takeFootprint(directory);
    const { server } = await readState(directory);
    process.kill(server, 'SIGKILL');
    await slipway('down', '--grace', '0');
    await expect.poll(() => listRemains(footprint), patience).toEqual([]);
    const { stdout } = await up('--server-port', '0');
    const { url } = JSON.parse(stdout).deploymentServer as Place;
    await expect.poll(() => isHealthy(url), patience).toBe(200);
    const next = await takeFootprint(directory);
    expect((await slipway('down', '--grace', '0')).exitCode).toBe(0);
    expect(await listRemains(next)).toEqual([]);
  });

  it('starts none where none is wanted, and open says so', async () => {
    const { stdout } = await up('--no-server');
    expect(JSON.parse(stdout)).not.toHaveProperty('deploymentServer');
    expect(await slipway('open', '--print')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('without a deployment server'),
    });
    await slipway('down', '--grace', '0');
    expect(await slipway('open')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('slipway up') });
  });

  it('keeps nothing of the server of a cluster that keeps nothing', async () => {
    const { stdout } = await up('--ephemeral', '--server-port', '0');
    const { url, tokenFile } = JSON.parse(stdout).deploymentServer as Place;
    expect(tokenFile).toBe(join(directory, 'run', 'server-token'));
    await expect.poll(() => isHealthy(url), patience).toBe(200);
    expect((await slipway('open', '--print')).exitCode).toBe(0);
    await slipway('down', '--grace', '0');
    await expect(readFile(tokenFile)).rejects.toThrow('ENOENT');
  });
});
