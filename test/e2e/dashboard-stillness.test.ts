/** That nothing moves away from under the eyes of who looks on, whatever becomes of an application: in a real browser, wherever he has scrolled to. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applications, type Application, type Strategy } from '@slipway/delivery/api/application';
import type { Hooks } from '@slipway/delivery/api/hook';
import {
  calculateCls,
  keepPicture,
  launchBrowser,
  logIn,
  looks,
  noBrowserReason,
  readShifts,
  visit,
  type Login,
  type Look,
  type Visitor,
} from './support/browser.ts';
import { startDashboard, type DashboardUnderTest } from './support/dashboard.ts';

/** For what the cluster does meanwhile; the browser waits for nothing else. */
const patience = 60_000;

/** A moment is what one sees before one has noticed it. */
const stillness = { moment: 0.005, worst: 0.02 };

const program = `
  process.on('SIGTERM', () => process.exit(0));
  console.log('version ' + process.env.VERSION + ' listens');
  require('node:http').createServer((request, response) => {
    response.end(request.url === '/health' ? JSON.stringify({ healthy: process.env.HEALTHY === 'yes' }) : '');
  }).listen(8080, process.env.POD_IP);`;

interface Wanted {
  readonly version: string;
  readonly strategy: Strategy;
  readonly hooks?: Hooks;
  readonly isHealthy?: boolean;
}

function applicationOf(spec: Application['spec']) {
  return {
    apiVersion: 'slipway.dev/v1alpha1',
    kind: 'Application',
    metadata: { namespace: 'default', name: 'shop' },
    spec,
  };
}

function specOf({ version, isHealthy = true, ...given }: Wanted) {
  const env = [
    { name: 'VERSION', value: version },
    { name: 'HEALTHY', value: isHealthy ? 'yes' : 'no' },
  ];
  const container = {
    name: 'web',
    image: 'node:24',
    command: ['node', '-e', program],
    env,
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
  };
  return {
    version,
    replicas: 2,
    template: { spec: { terminationGracePeriodSeconds: 1, containers: [container] } },
    service: { ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
    route: { hosts: ['shop.example.org'] },
    healthCheck: { path: '/health', type: 'probe', timeoutSeconds: 3 } as const,
    guardSeconds: 1,
    drainSeconds: 0,
    keepFailedSeconds: 0,
    ...given,
  };
}

const blueGreen = { type: 'blueGreen', blueGreen: { autoPromote: false, previewHosts: ['next.example.org'] } };
const canary = {
  type: 'canary',
  canary: { steps: [25, 50, 75, 90].flatMap((setWeight) => [{ setWeight }, { pause: {} }]) },
};
const approvals = (count: number) => ({
  beforePromotion: Array.from({ length: count }, (_, index) => ({ name: `sign-off-${index + 1}`, approval: {} })),
});

interface Looker {
  readonly visitor: Visitor;
  readonly look: Look;
  /** Id of the heading that somebody has scrolled to. */
  readonly place: string;
  /** What stands first in the list there: newer ones wait until he wants them. */
  readonly first: string | null;
}

/** By what one knows a row of the lists whose newest stand first. */
const marks: Readonly<Record<string, string>> = { releases: 'a', events: '.message' };

async function readFirst(page: Page, place: string): Promise<string | null> {
  const mark = marks[place];
  return mark === undefined
    ? null
    : await page.locator(`[aria-labelledby=${place}] tbody tr:first-child ${mark}`).first().textContent();
}

const places = ['top', 'running', 'pods', 'logs', 'releases', 'events'];

describe.skipIf(noBrowserReason !== undefined)(
  `the dashboard stays where it is${noBrowserReason === undefined ? '' : ` (${noBrowserReason})`}`,
  () => {
    let dashboard: DashboardUnderTest;
    let browser: Browser;
    let login: Login;
    const shop = '/applications/default/shop';

    beforeAll(async () => {
      [dashboard, browser] = await Promise.all([startDashboard(), launchBrowser()]);
      login = await logIn(browser, dashboard.url, dashboard.token);
    }, 180_000);

    afterAll(async () => {
      await browser?.close();
      await dashboard?.stop();
    });

    const write = async (spec: Application['spec']): Promise<void> => {
      const patch = { type: 'apply', body: { ...applicationOf(spec) }, force: true } as const;
      await dashboard.cluster.client.patch(applications, { namespace: 'default', name: 'shop' }, patch, {
        fieldManager: 'test',
      });
    };
    const change = async (wanted: Wanted): Promise<void> => {
      await write({ ...specOf(wanted), paused: false });
    };
    const give = async (verb: string): Promise<void> => {
      const { exitCode, stderr } = await dashboard.cluster.slipway(
        verb,
        'shop',
        '--kubeconfig',
        dashboard.cluster.kubeconfig,
      );
      expect(`${exitCode} ${stderr}`).toMatch(/^0 /);
    };

    const look = async (as: Look, place: string): Promise<Looker> => {
      const visitor = await visit(browser, dashboard.url, { look: as, login });
      const { page } = visitor;
      page.setDefaultTimeout(patience);
      await page.goto(shop);
      await page.locator('h1').waitFor();
      await page.locator('.skeleton').first().waitFor({ state: 'detached' });
      if (place !== 'top') await page.evaluate(`document.querySelector('#${place}').scrollIntoView()`);
      return { visitor, look: as, place, first: await readFirst(page, place) };
    };
    const state = (page: Page, words: string) => page.locator('.page-head .chip', { hasText: words }).waitFor();

    /** Who has looked at `place` all the time has seen nothing move. */
    const expectStill = async ({
      visitor: { page, complaints },
      look: { name },
      place,
      first,
    }: Looker): Promise<void> => {
      const shifts = await readShifts(page);
      const largest = Math.max(0, ...shifts.map(({ value }) => value));
      console.log(`${name} at ${place}: CLS ${calculateCls(shifts).toFixed(4)}, largest ${largest.toFixed(4)}`);
      expect(shifts.filter(({ value }) => value > stillness.moment)).toEqual([]);
      expect(calculateCls(shifts)).toBeLessThan(stillness.worst);
      expect(await readFirst(page, place)).toBe(first);
      expect(complaints).toEqual([]);
    };

    it('while its first release begins', async () => {
      const spec = specOf({ version: '1', strategy: blueGreen });
      await write({ ...spec, paused: true });
      const lookers = await Promise.all([look(looks[0], 'top'), look(looks[2], 'top'), look(looks[0], 'pods')]);
      for (const { visitor } of lookers) await visitor.page.getByText('It has not begun.').waitFor();
      await write({ ...spec, paused: false });
      for (const { visitor } of lookers) await state(visitor.page, 'Stable');
      for (const { visitor } of lookers)
        await visitor.page.locator('.charts, .charts-none', { hasText: /begin to count|Requests/ }).waitFor();
      for (const looker of lookers) {
        await expectStill(looker);
        await looker.visitor.context.close();
      }
    });

    it('while a blue-green release is promoted, and another one goes back', async () => {
      const lookers = await Promise.all([looks[0], looks[2]].flatMap((as) => places.map((place) => look(as, place))));
      const [{ visitor: first }] = lookers as [Looker];
      await change({ version: '2', strategy: blueGreen });
      await state(first.page, 'Paused');
      await first.page.getByRole('link', { name: 'next.example.org' }).first().waitFor();
      await give('promote');
      await state(first.page, 'Stable');
      await change({ version: '3', strategy: blueGreen, isHealthy: false });
      await first.page
        .getByRole('alert')
        .getByText(/version 3: .*healthy/)
        .waitFor();
      await state(first.page, 'Failed');
      await change({ version: '4', strategy: blueGreen });
      await state(first.page, 'Paused');
      await give('abort');
      await state(first.page, 'Failed');
      for (const looker of lookers) {
        await keepPicture(looker.visitor.page, `${looker.look.name}-still-at-${looker.place}`);
        await expectStill(looker);
        await looker.visitor.context.close();
      }
    });

    it('while a release begins that has other steps and gates, which wait for who wants to see them', async () => {
      const lookers = await Promise.all(
        [looks[0], looks[2]].flatMap((as) => ['top', 'running', 'pods'].map((place) => look(as, place))),
      );
      await change({ version: '5', strategy: canary, hooks: approvals(8) });
      for (const { visitor } of lookers) await visitor.page.getByRole('heading', { name: 'Release of 5' }).waitFor();
      for (const { visitor } of lookers) await state(visitor.page, 'Paused');
      for (const looker of lookers) await expectStill(looker);
      const { visitor } = lookers.find(({ look: as, place }) => as === looks[0] && place === 'running') ?? lookers[0]!;
      await keepPicture(visitor.page, 'still-bound');
      await visitor.page.getByRole('button', { name: 'Show all of it' }).click();
      await visitor.page.locator('.still-box:not(.bound)').getByRole('heading', { name: 'sign-off-8' }).waitFor();
      await keepPicture(visitor.page, 'still-free');
      await give('abort');
      await change({ version: '6', strategy: blueGreen });
      for (const each of lookers) await each.visitor.page.getByRole('heading', { name: 'Release of 6' }).waitFor();
      for (const each of lookers) await state(each.visitor.page, 'Paused');
      for (const each of lookers) {
        await expectStill(each);
        await each.visitor.context.close();
      }
    });

    it.each([looks[0], looks[2]])('and lets what is said above it stand one below the other: $name', async (as) => {
      const { context, page } = await visit(browser, dashboard.url, { look: as, login, isRefused: true });
      page.setDefaultTimeout(patience);
      const long = 'What became of it takes many words to tell. '.repeat(12);
      await page.route(/\/commands\/[^/]+$/, async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ response: answer, json: { ...(await answer.json()), message: long } });
      });
      await change({ version: `7-${as.name}`, strategy: blueGreen });
      await page.goto(shop);
      await page.getByRole('heading', { name: `Release of 7-${as.name}` }).waitFor();
      await page.getByRole('button', { name: 'Abort', exact: true }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Abort', exact: true }).click();
      await page.locator('.outcome', { hasText: long.trim() }).waitFor();
      await page.route(/\/pods\?/, (route) => route.fulfill({ status: 503, body: '' }));
      await page.locator('.trouble').waitFor();
      await keepPicture(page, `${as.name}-told`);
      const boxes = await Promise.all(['.trouble', '.outcome'].map((each) => page.locator(each).boundingBox()));
      const [trouble, outcome] = boxes.map((box) => box ?? { x: 0, y: 0, width: 0, height: 0 });
      expect(trouble!.y).toBeGreaterThanOrEqual(0);
      expect(trouble!.y + trouble!.height).toBeLessThanOrEqual(outcome!.y);
      expect(outcome!.y + outcome!.height).toBeLessThanOrEqual(as.viewport.height);
      await context.close();
    });
  },
);
