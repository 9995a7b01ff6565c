import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { buildPages } from '../packages/dashboard/build.ts';
import { openSqlite } from '../packages/server/src/database/sqlite.ts';
import { startTestServer, type TestServer } from '../packages/server/testing/test-server.ts';
import { launchBrowser, noBrowserReason, visit } from '../test/e2e/support/browser.ts';
import { fleet, namespace, podsOfOne, withMany } from '../test/e2e/support/large-cluster.ts';
import {
  changeAlways,
  describeFrames,
  measureBarePage,
  measureFrames,
  openMeasured,
  type Frames,
} from '../test/e2e/support/page-speed.ts';
import { median, rounded, type BenchRow } from './row.ts';

const views = 7;
/** Two frames of sixty a second, for a browser that draws without a graphics card. */
const smoothMilliseconds = 34;

/** What a person waits for, and how evenly pages move, with 500 applications and with 5,000 pods of one. */
export async function benchDashboard(): Promise<readonly BenchRow[]> {
  if (noBrowserReason !== undefined) throw new Error(`the dashboard needs a browser: ${noBrowserReason}`);
  const pages = await mkdtemp(join(tmpdir(), 'slipway-bench-pages-'));
  const [browser, server] = await Promise.all([
    launchBrowser(),
    buildPages(pages).then(() =>
      startTestServer({ through: withMany, openDatabase: async () => openSqlite(':memory:'), pages }),
    ),
  ]);
  // A browser ends a login by its own clock.
  const { clock } = server.cluster;
  clock.jump(systemClock.now() - clock.now());
  try {
    return await measure(browser, server);
  } finally {
    await browser.close();
    await server.stop();
    await rm(pages, { recursive: true, force: true });
  }
}

async function measure(browser: Browser, server: TestServer): Promise<readonly BenchRow[]> {
  const bare: number[] = [];
  const shown: number[] = [];
  let reference: Frames | undefined;
  for (let view = 0; view < views; view += 1) {
    const { firstView, frames } = await measureBarePage(browser);
    reference = frames;
    bare.push(firstView);
    const { milliseconds, visitor } = await openMeasured(browser, server);
    shown.push(milliseconds);
    await visitor.context.close();
  }
  const beside = `a bare page of ${fleet} rows: ${reference === undefined ? '' : describeFrames(reference)}`;
  const row = (what: string, frames: Frames): BenchRow => ({
    figure: `time between frames while scrolling ${what}, median`,
    value: rounded(frames.median),
    unit: 'ms',
    target: { atMost: smoothMilliseconds },
    reference: `${describeFrames(frames)}; ${beside}`,
  });
  return [
    {
      figure: `first view of the dashboard with ${fleet} applications, nothing kept (median of ${views})`,
      value: median(shown),
      unit: 'ms',
      target: { atMost: 1_000 },
      reference: `a bare page with a script of the same size and as many rows: ${median(bare)} ms`,
    },
    row(`${fleet} applications`, await scroll(browser, server, { path: '/', text: 'service-001' })),
    row(
      `${fleet} applications, 2,500 changes a second`,
      await scroll(browser, server, { path: '/', text: '9/10', isChanging: true }),
    ),
    row(
      `an application of ${podsOfOne} pods`,
      await scroll(browser, server, { path: `/applications/${namespace}/huge`, text: `1 to 20 of ${podsOfOne}` }),
    ),
  ];
}

interface Sight {
  readonly path: string;
  /** Stands there once there is something to scroll. */
  readonly text: string;
  readonly isChanging?: boolean;
}

async function scroll(browser: Browser, server: TestServer, { path, text, isChanging }: Sight): Promise<Frames> {
  const { context, page } = await visit(browser, server.server.url);
  await context.request.post('/api/v1/session', { data: { token: server.token } });
  if (isChanging === true) await changeAlways(page, server);
  await page.goto(path);
  await page.getByText(text).first().waitFor();
  const frames = await measureFrames(page);
  await context.close();
  return frames;
}
