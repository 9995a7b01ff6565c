/** The dashboard before a large cluster: what it asks, what it is told and what it draws stays small. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  keepPicture,
  launchBrowser,
  logIn,
  noBrowserReason,
  readShift,
  visit,
  type Login,
  type Visitor,
} from './support/browser.ts';
import { fleet, namespace, podsOfOne, withMany } from './support/large-cluster.ts';
import { changeAlways, measureBarePage, measureWork, openMeasured } from './support/page-speed.ts';
import { startPagesServer, type PagesServer } from './support/pages-server.ts';

/** Elements of a page: 500 applications or 5,000 pods drawn each are tens of thousands. */
const maximumElements = 2_000;
/** Of one answer; 5,000 pods in one are two million. */
const maximumBytes = 40_000;
/** In the time of one look at the pods: a page looks at six things, some of them less often. */
const maximumAnswers = 6;
const lookedAt = 3;
const patience = 60_000;
/**
 * How many times what a bare page takes, which the same browser shows in the same run: a machine that is busy is so for both. And
 * the milliseconds that one bad moment may add.
 */
const firstViewBounds = { times: 5, leeway: 2_000 };
/**
 * Milliseconds of a processor for each frame, of which there are 17 from one frame to the next. Not by the clock: between two
 * frames others have the processor too. On a busy machine more changes come between them.
 */
const mostWork = 34;

describe.skipIf(noBrowserReason !== undefined)(
  `the dashboard before a large cluster${noBrowserReason === undefined ? '' : ` (${noBrowserReason})`}`,
  () => {
    let server: PagesServer;
    let browser: Browser;
    let login: Login;
    let visitor: Visitor;
    let page: Page;
    /** Milliseconds, at most, until there is something to see. */
    let latest: number;
    const answers: { readonly path: string; readonly bytes: number }[] = [];

    beforeAll(async () => {
      [browser, server] = await Promise.all([launchBrowser(), startPagesServer({ through: withMany })]);
      login = await logIn(browser, server.url, server.token);
      visitor = await visit(browser, server.url, { login });
      page = visitor.page;
      const { firstView } = await measureBarePage(browser);
      console.log(`a bare page of ${fleet} rows: first view after ${firstView} ms`);
      latest = firstViewBounds.times * firstView + firstViewBounds.leeway;
      page.on('response', (response) => {
        const path = new URL(response.url()).pathname;
        if (!path.startsWith('/api/')) return;
        void response.body().then((body) => answers.push({ path, bytes: body.length }), String);
      });
    }, 180_000);

    afterAll(async () => {
      await browser?.close();
      await server?.stop();
    });

    const countElements = (): Promise<number> => page.evaluate("document.querySelectorAll('*').length");

    const scroll = async (what: string, of: Page = page): Promise<number> => {
      const work = await measureWork(browser, of);
      console.log(`${what}: ${work.toFixed(1)} ms of a processor for each frame`);
      return work;
    };

    it('is there at once, and has little to do for a frame', async () => {
      const { milliseconds, visitor: first } = await openMeasured(browser, server.url, login);
      console.log(`first view of ${fleet} applications: ${milliseconds} ms`);
      expect(milliseconds).toBeLessThan(latest);
      expect(await scroll(`${fleet} applications`, first.page)).toBeLessThan(mostWork);
      await first.context.close();
    });

    const openHuge = async (): Promise<void> => {
      await page.goto(`/applications/${namespace}/huge`);
      await page.getByText(`1 to 20 of ${podsOfOne}`).waitFor();
    };

    it('asks seldom and is told little of an application of 5,000 pods', async () => {
      await openHuge();
      await page.getByLabel('version 1 takes 0 % with 4995 of 5000 pods ready').waitFor();
      await expect.poll(() => page.locator('.dot').count()).toBe(60);
      await expect.poll(() => page.locator('.dot.failing').count()).toBe(5);
      expect(await readShift(page)).toBeLessThan(0.02);
      expect(await scroll('an application of 5,000 pods')).toBeLessThan(mostWork);
      const before = answers.length;
      const looks = () => answers.slice(before).filter(({ path }) => path.endsWith('/pods')).length;
      await expect.poll(looks, { timeout: patience }).toBeGreaterThanOrEqual(lookedAt);
      expect(answers.length - before).toBeLessThan(looks() * maximumAnswers);
      expect(Math.max(...answers.map(({ bytes }) => bytes))).toBeLessThan(maximumBytes);
      expect(await countElements()).toBeLessThan(maximumElements);
      await keepPicture(page, 'pods-5000');
    });

    it('leads to any of the pods', async () => {
      await openHuge();
      const rows = page.getByRole('region', { name: 'Pods' }).locator('tbody tr');
      expect(await rows.first().innerText()).toContain('huge-0000');
      await page.getByRole('button', { name: 'After' }).click();
      await page.getByText(`21 to 40 of ${podsOfOne}`).waitFor();
      await expect.poll(() => rows.count()).toBe(20);
      await page.getByRole('button', { name: 'Before' }).click();
      await page.getByText(`1 to 20 of ${podsOfOne}`).waitFor();
      await page.getByLabel('Search pods and nodes').fill('huge-4321');
      await page.getByRole('cell', { name: 'huge-4321' }).waitFor();
      await expect.poll(() => rows.count()).toBe(1);
      await page.getByLabel('Search pods and nodes').fill('');
      await page.getByLabel('State of pods').selectOption('failing');
      await page.getByRole('cell', { name: 'huge-4000' }).waitFor();
      await expect.poll(() => rows.count()).toBe(5);
      await rows.first().getByText('Probe: answers 503').waitFor();
    });

    it('draws of 500 applications those that are in sight, as they change', async () => {
      await openHuge();
      await page.getByRole('link', { name: 'Overview' }).first().click();
      await page.getByText('service-001').waitFor();
      expect(await countElements()).toBeLessThan(maximumElements);
      expect(visitor.complaints).toEqual([]);
    });

    it('is as quick while all of them change', async () => {
      const busy = await visit(browser, server.url, { login });
      await changeAlways(busy.page, server);
      await busy.page.goto('/');
      await busy.page.getByText('service-001').waitFor();
      await busy.page.getByText('9/10').first().waitFor();
      page = busy.page;
      expect(await scroll(`${fleet} applications, 2,500 changes a second`)).toBeLessThan(mostWork);
      expect(await countElements()).toBeLessThan(maximumElements);
      expect(busy.complaints).toEqual([]);
      await busy.context.close();
    });
  },
);
