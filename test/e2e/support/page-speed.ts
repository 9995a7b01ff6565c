/** How long a page takes until there is something to see, and how evenly it moves; beside one that does nothing. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { systemClock } from '@slipway/kube/platform/system-clock';
import type { TestServer } from '../../../packages/server/testing/test-server.ts';
import { visit, type Login, type Visitor } from './browser.ts';
import { fleet } from './large-cluster.ts';

/** Milliseconds between frames. */
export interface Frames {
  readonly median: number;
  readonly p95: number;
  readonly longest: number;
}

export function describeFrames({ median, p95, longest }: Frames): string {
  return `frames of ${median.toFixed(1)} ms (median), ${p95.toFixed(1)} (95 %), ${longest.toFixed(1)} (longest)`;
}

const steps = 120;

/** Scrolls through all of it and back. */
export async function measureFrames(page: Page): Promise<Frames> {
  const frames = await page.evaluate<number[]>(`new Promise((resolve) => {
    const times = [];
    let last = performance.now();
    let step = 0;
    const draw = (now) => {
      times.push(now - last);
      last = now;
      step += 1;
      scrollTo(0, (document.body.scrollHeight - innerHeight) * (1 - Math.abs(1 - step / ${steps / 2})));
      if (step === ${steps}) resolve(times.slice(1)); else requestAnimationFrame(draw);
    };
    requestAnimationFrame(draw);
  })`);
  const sorted = frames.toSorted((one, other) => one - other);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  return { median: at(0.5), p95: at(0.95), longest: at(1) };
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds that the thread had a processor. */
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/**
 * Milliseconds for which the thread of the page has a processor for each frame, while all of it is scrolled through: how busy the
 * machine is does not matter for them.
 */
export async function measureWork(browser: Browser, page: Page): Promise<number> {
  await browser.startTracing(page, { categories: ['devtools.timeline', 'disabled-by-default-devtools.timeline'] });
  await measureFrames(page);
  const { traceEvents }: { readonly traceEvents: readonly TraceEvent[] } = JSON.parse(
    String(await browser.stopTracing()),
  );
  const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
  const pages = new Set(
    traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(threadOf),
  );
  return traceEvents
    .filter((event) => event.name === 'RunTask' && event.ph === 'X' && pages.has(threadOf(event)))
    .reduce((sum, { tdur = 0 }) => sum + tdur / 1_000 / steps, 0);
}

/** Milliseconds from the beginning of its navigation to the frame in which there is such an element. */
async function measureFirstView(page: Page, path: string, selector: string): Promise<number> {
  await page.addInitScript({
    content: `{
      const look = () => {
        if (document.querySelector('${selector}') === null) requestAnimationFrame(look);
        else requestAnimationFrame(() => { globalThis.firstView = performance.now(); });
      };
      look();
    }`,
  });
  await page.goto(path);
  // Not by `waitForFunction`, whose looks the policy of the pages refuses.
  const firstView = await page.evaluate<number>(`new Promise((resolve) => {
    const look = () => {
      if (globalThis.firstView === undefined) requestAnimationFrame(look);
      else resolve(globalThis.firstView);
    };
    look();
  })`);
  return Math.round(firstView);
}

export interface MeasuredView {
  readonly milliseconds: number;
  readonly visitor: Visitor;
}

/** The overview, by a browser that has kept nothing of it. */
export async function openMeasured(browser: Browser, url: string, login: Login): Promise<MeasuredView> {
  const visitor = await visit(browser, url, { login });
  return { milliseconds: await measureFirstView(visitor.page, '/', '.fleet .application'), visitor };
}

/** Of what the dashboard loads: a page without it would be a reference for nothing. */
const scriptBytes = 340_000;

/** As many rows and as large a script as the overview, which has nothing to ask and nothing to decide. */
const barePages: Readonly<Record<string, { readonly type: string; readonly text: string }>> = {
  '/': {
    type: 'text/html',
    text: `<!doctype html><title>Bare</title><link rel="icon" href="data:,"><body><script src="/bare.js"></script>`,
  },
  '/bare.js': {
    type: 'text/javascript',
    text: `const ballast = ${JSON.stringify('x'.repeat(scriptBytes))};
      for (let row = 0; row < ${fleet}; row += 1) {
        const element = document.createElement('p');
        element.className = 'row';
        element.style.height = '46px';
        for (const word of ['service-' + row, 'default', '1.0', '10/10', 'Stable']) {
          const cell = document.createElement('span');
          cell.textContent = word + ' ';
          element.append(cell);
        }
        document.body.append(element);
      }`,
  },
};

export async function measureBarePage(
  browser: Browser,
): Promise<{ readonly firstView: number; readonly frames: Frames }> {
  const server = createServer(({ url = '/' }, response) => {
    const { type, text } = barePages[url] ?? { type: 'text/plain', text: '' };
    response.setHeader('content-type', type).end(text);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { context, page } = await visit(browser, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    return { firstView: await measureFirstView(page, '/', '.row'), frames: await measureFrames(page) };
  } finally {
    await context.close();
    server.closeAllConnections();
    server.close();
  }
}

export interface Changes {
  readonly atOnce: number;
  readonly betweenMilliseconds: number;
}

/** 2,500 changes a second: every application five times. */
export const changesOfAll: Changes = { atOnce: 50, betweenMilliseconds: 20 };
/** 20 a second. */
export const changesOfSome: Changes = { atOnce: 1, betweenMilliseconds: 50 };

/** From now on the page hears of changes in place of the server's stream. */
export async function changeAlways(
  page: Page,
  { call }: Pick<TestServer, 'call'>,
  { atOnce, betweenMilliseconds }: Changes = changesOfAll,
): Promise<void> {
  const { body } = await call('GET', `/api/v1/applications?limit=${fleet}`);
  const items: readonly object[] = body.items;
  let told = 0;
  await page.routeWebSocket(/applications\/stream/, (socket) => {
    socket.send(JSON.stringify({ type: 'snapshot', first: true, last: true, items, after: 'test.1' }));
    let cancel = systemClock.schedule(betweenMilliseconds, tell);
    socket.onClose(() => cancel());

    function tell(): void {
      told += 1;
      const first = (told * atOnce) % fleet;
      const replicas = { desired: 10, ready: Math.floor((told * atOnce) / fleet) % 10 };
      const changed = items.slice(first, first + atOnce).map((item) => ({ ...item, replicas }));
      socket.send(JSON.stringify({ type: 'changes', changed, removed: [], after: `test.${told + 1}` }));
      cancel = systemClock.schedule(betweenMilliseconds, tell);
    }
  });
}
