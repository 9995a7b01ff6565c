/** A server with its pages, on a cluster in memory whose time the test decides: real HTTP, and no process beside it. */
import { join } from 'node:path';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { buildPages } from '../../../packages/dashboard/build.ts';
import {
  startTestServer,
  type TestServer,
  type TestServerOptions,
} from '../../../packages/server/testing/test-server.ts';
import { removeFolder, self } from './person.ts';

export interface PagesServer extends TestServer {
  readonly url: string;
}

export async function startPagesServer(options: TestServerOptions = {}): Promise<PagesServer> {
  const folder = await self.createFolder();
  const pages = join(folder, 'pages');
  await buildPages(pages);
  const server = await startTestServer({ ...options, pages });
  // A browser ends a login by its own clock.
  const { clock } = server.cluster;
  clock.jump(systemClock.now() - clock.now());
  return {
    ...server,
    url: server.server.url,
    stop: async () => {
      await server.stop();
      await removeFolder(folder);
    },
  };
}
