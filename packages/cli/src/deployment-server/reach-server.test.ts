import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import type { Clock } from '@slipway/kube/clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createDataDirectory,
  dataDirectory,
  writeClusterState,
  type ClusterState,
} from '../embedded/data-directory.ts';
import { identifyProcess } from '../embedded/process-identity.ts';
import type { ServerPlace } from '../embedded/server-place.ts';
import { reachServer } from './reach-server.ts';

/** Time goes on as fast as somebody waits; once, something happens meanwhile. */
function hasten(happen: () => Promise<void> | undefined): Clock {
  let [now, hasHappened] = [0, false];
  return {
    now: () => now,
    monotonic: () => now,
    schedule: (milliseconds, callback) => {
      now += milliseconds;
      const goOn = async (): Promise<void> => {
        if (!hasHappened) await happen();
        hasHappened = true;
        callback();
      };
      void goOn();
      return () => undefined;
    },
  };
}

describe('the deployment server beside a cluster', () => {
  let dataDir: string;
  let url: string;
  let server: Server;

  beforeEach(async () => {
    server = createServer((_, response) => void response.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    dataDir = await mkdtemp(join(tmpdir(), 'slipway-reach-'));
  });
  afterEach(async () => {
    server.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  async function reach(place: Omit<ServerPlace, 'url' | 'tokenFile'>, after?: typeof place): Promise<unknown> {
    await write(place);
    const clock = hasten(() => after && write(after));
    return await reachServer({ dataDir }, { environment: {}, clock, name: 'hooks' });
  }

  async function write(place: Omit<ServerPlace, 'url' | 'tokenFile'>): Promise<void> {
    const server = await identifyProcess(process.pid);
    if (server === undefined) throw new Error('this process is not known');
    const tokenFile = join(dataDir, 'token');
    await writeFile(tokenFile, 'secret');
    const directory = dataDirectory(dataDir);
    await createDataDirectory(directory);
    const state: ClusterState = {
      server,
      node: undefined,
      apiServer: 'https://127.0.0.1:6443',
      gateway: 'http://127.0.0.1:8080',
      deploymentServer: { url, tokenFile, ...place },
      runtime: 'simulated',
      level: 'plain',
      limitations: [],
      ephemeral: false,
      kubeconfig: directory.kubeconfig,
      mergedInto: undefined,
      startedAt: '2026-01-01T00:00:00Z',
      readyMilliseconds: 1,
    };
    await writeClusterState(directory, state);
  }

  it('is asked where it listens', async () => {
    await expect(reach({})).resolves.toHaveProperty('ask');
  });

  it('is not asked where something else has its port: that would be given the token', async () => {
    await expect(reach({ waitsFor: 'port 8090, which something else uses' })).rejects.toThrow(
      `The deployment server at ${url} waits for port 8090, which something else uses.`,
    );
  });

  it.each([{ isStarting: true }, { endedWith: 'SIGKILL' }])('is waited for while it has %o', async (place) => {
    await expect(reach(place, {})).resolves.toHaveProperty('ask');
  });

  it('is not waited for longer than a minute', async () => {
    server.close();
    await expect(reach({})).rejects.toThrow(`at ${url} does not answer`);
  });

  it('is not asked before it listens: somebody else may', async () => {
    await expect(reach({ isStarting: true })).rejects.toThrow(`at ${url} starts, and does not listen yet`);
  });

  it('is not asked while it is away', async () => {
    await expect(reach({ endedWith: 'SIGKILL' })).rejects.toThrow(`at ${url} has ended (SIGKILL)`);
  });
});
