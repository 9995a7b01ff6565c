import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

const url = 'http://127.0.0.1:8090';

describe('the deployment server beside a cluster', () => {
  let dataDir: string;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'slipway-reach-'));
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  async function reach(place: Omit<ServerPlace, 'url' | 'tokenFile'>): Promise<unknown> {
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
    return reachServer({ dataDir }, {}, 'hooks');
  }

  it('is asked where it listens', async () => {
    await expect(reach({})).resolves.toHaveProperty('ask');
  });

  it('is not asked where something else has its port: that would be given the token', async () => {
    await expect(reach({ waitsFor: 'port 8090, which something else uses' })).rejects.toThrow(
      `The deployment server at ${url} waits for port 8090, which something else uses.`,
    );
  });

  it('is not asked before it listens: somebody else may', async () => {
    await expect(reach({ isStarting: true })).rejects.toThrow(`at ${url} starts, and does not listen yet`);
  });

  it('is not asked while it is away', async () => {
    await expect(reach({ endedWith: 'SIGKILL' })).rejects.toThrow(`at ${url} has ended (SIGKILL)`);
  });
});
