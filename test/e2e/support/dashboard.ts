/** A cluster of this file with a server whose pages are built from the sources as they are. */
import { randomBytes } from 'node:crypto';
import { get } from 'node:http';
import { join } from 'node:path';
import { delay } from '@slipway/kube/clock';
import { silentLogger } from '@slipway/kube/logger';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { openSqlite } from '@slipway/server/database/sqlite';
import { startServer } from '@slipway/server/start-server';
import { buildPages } from '../../../packages/dashboard/build.ts';
import { self, removeFolder } from './person.ts';
import { startCluster, type TestCluster } from './slipway.ts';

export interface DashboardUnderTest {
  readonly cluster: TestCluster;
  readonly url: string;
  /** Of an admin. */
  readonly token: string;
  stop(): Promise<void>;
}

export async function startDashboard(): Promise<DashboardUnderTest> {
  const folder = await self.createFolder();
  const pages = join(folder, 'pages');
  const [cluster] = await Promise.all([startCluster({ words: ['--no-server'] }), buildPages(pages)]);
  const database = openSqlite(':memory:');
  const stopping = new AbortController();
  let token = '';
  const server = await startServer({
    client: cluster.client,
    database,
    clock: systemClock,
    logger: silentLogger,
    random: Math.random,
    randomText: (bytes) => randomBytes(bytes).toString('base64url'),
    sealingKey: randomBytes(32),
    identity: 'dashboard-test',
    host: '127.0.0.1',
    port: 0,
    leaseNamespace: 'kube-system',
    pages,
    keepFirstToken: async (first) => {
      token = first;
    },
    signal: stopping.signal,
  });
  return {
    cluster,
    url: server.url,
    token,
    stop: async () => {
      stopping.abort(new Error('the test has ended'));
      await server.done;
      await database.close();
      await cluster.stop();
      await removeFolder(folder);
    },
  };
}

export interface Traffic {
  stop(): Promise<void>;
}

const betweenMilliseconds = 25;

/** One request after the other to a host behind the gateway, until it is stopped. */
export function sendRequests(gateway: string, host: string): Traffic {
  const over = new AbortController();
  const sending = (async () => {
    while (!over.signal.aborted) {
      await ask(gateway, host);
      await delay(systemClock, betweenMilliseconds, over.signal).catch(() => undefined);
    }
  })();
  return {
    stop: async () => {
      over.abort();
      await sending;
    },
  };
}

/** Whatever it answers: before the first version nobody does. */
function ask(gateway: string, host: string): Promise<void> {
  return new Promise((resolve) => {
    get(gateway, { agent: false, headers: { host } }, (response) => {
      response.resume().on('close', resolve);
    }).on('error', () => resolve());
  });
}
