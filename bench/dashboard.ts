import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { buildPages } from '../packages/dashboard/build.ts';
import { openSqlite } from '../packages/server/src/database/sqlite.ts';
import { startTestServer, type TestServer } from '../packages/server/testing/test-server.ts';
import { launchBrowser, logIn, noBrowserReason, visit, type Login } from '../test/e2e/support/browser.ts';
import { fleet, namespace, podsOfOne, withMany } from '../test/e2e/support/large-cluster.ts';
import {
  changeAlways,
  changesOfAll,
  changesOfSome,
  describeFrames,
  measureBarePage,
  measureFrames,
  measureWork,
  openMeasured,
  type Changes,
  type Frames,
} from '../test/e2e/support/page-speed.ts';
import { median, rounded, type BenchRow } from './row.ts';

const views = 7;
/** Of each sight, by turns with the reference: the one in the middle counts. */
const rounds = 3;
/** Two frames of sixty a second, for a browser that draws without a graphics card. */
const smoothMilliseconds = 34;
/** One frame of sixty a second: more work than that for each of them is seen, on whatever machine. */
const frameMilliseconds = 16.7;

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

interface Sight {
  readonly what: string;
  readonly path: string;
  /** Stands there once there is something to scroll. */
  readonly text: string;
  readonly changes?: Changes;
}

const sights: readonly Sight[] = [
  { what: `${fleet} applications`, path: '/', text: 'service-001' },
  { what: `${fleet} applications, 20 changes a second`, path: '/', text: 'service-001', changes: changesOfSome },
  { what: `${fleet} applications, 2,500 changes a second`, path: '/', text: '9/10', changes: changesOfAll },
  {
    what: `an application of ${podsOfOne} pods`,
    path: `/applications/${namespace}/huge`,
    text: `1 to 20 of ${podsOfOne}`,
  },
];

interface Visited {
  readonly browser: Browser;
  readonly server: TestServer;
  readonly login: Login;
}

async function measure(browser: Browser, server: TestServer): Promise<readonly BenchRow[]> {
  const visited = { browser, server, login: await logIn(browser, server.server.url, server.token) };
  const rows = [await measureViews(visited)];
  for (const sight of sights) rows.push(...(await measureSight(visited, sight)));
  return rows;
}

async function measureViews({ browser, server, login }: Visited): Promise<BenchRow> {
  const bare: number[] = [];
  const shown: number[] = [];
  for (let view = 0; view < views; view += 1) {
    bare.push((await measureBarePage(browser)).firstView);
    const { milliseconds, visitor } = await openMeasured(browser, server.server.url, login);
    shown.push(milliseconds);
    await visitor.context.close();
  }
  return {
    figure: `first view of the dashboard with ${fleet} applications, nothing kept (median of ${views})`,
    value: median(shown),
    unit: 'ms',
    target: { atMost: 1_000 },
    reference: `a bare page with a script of the same size and as many rows: ${median(bare)} ms`,
  };
}

async function measureSight({ browser, server, login }: Visited, sight: Sight): Promise<readonly BenchRow[]> {
  const bare: Frames[] = [];
  const frames: Frames[] = [];
  const work: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    bare.push((await measureBarePage(browser)).frames);
    const { context, page } = await visit(browser, server.server.url, { login });
    if (sight.changes !== undefined) await changeAlways(page, server, sight.changes);
    await page.goto(sight.path);
    await page.getByText(sight.text).first().waitFor();
    frames.push(await measureFrames(page));
    work.push(await measureWork(browser, page));
    await context.close();
  }
  const middle = (of: readonly Frames[]): Frames => ({
    median: median(of.map((each) => each.median)),
    p95: median(of.map((each) => each.p95)),
    longest: median(of.map((each) => each.longest)),
  });
  return [
    {
      figure: `time between frames while scrolling ${sight.what}, 95 % (median of ${rounds})`,
      value: rounded(middle(frames).p95),
      unit: 'ms',
      target: { atMost: smoothMilliseconds },
      reference: `${describeFrames(middle(frames))}; a bare page of ${fleet} rows: ${describeFrames(middle(bare))}`,
    },
    {
      figure: `work of the page for each frame while scrolling ${sight.what}`,
      value: rounded(median(work)),
      unit: 'ms of CPU',
      target: { atMost: frameMilliseconds },
      reference: `a frame of 60 a second: ${frameMilliseconds} ms`,
    },
  ];
}
