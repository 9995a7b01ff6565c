/** The dashboard in a real browser, against a real server and cluster: the whole story, and every page by every look. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  expectOpen,
  findBarriers,
  keepPicture,
  launchBrowser,
  logIn,
  looks,
  noBrowserReason,
  calculateCls,
  readShift,
  readShifts,
  visit,
  type Login,
  type Look,
  type Visitor,
} from './support/browser.ts';
import { sendRequests, startDashboard, type DashboardUnderTest, type Traffic } from './support/dashboard.ts';

/** For what the cluster does meanwhile; the browser waits for nothing else. */
const patience = 60_000;

const program = `
  process.on('SIGTERM', () => process.exit(0));
  console.log('version ' + process.env.VERSION + ' listens');
  require('node:http').createServer((request, response) => {
    const health = request.url === '/health';
    response.end(health ? JSON.stringify({ healthy: process.env.HEALTHY !== 'no', database: 'asked' }) : process.env.VERSION);
  }).listen(8080, process.env.POD_IP);`;

/** What somebody pastes into the text; name and version are given in the form. */
const manifest = `
apiVersion: slipway.dev/v1alpha1
kind: Application
metadata:
  namespace: default
  name: to-be-named
spec:
  replicas: 2
  template:
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: web
          image: node:24
          command: [node, -e, ${JSON.stringify(program)}]
          env:
            # What it answers.
            - { name: VERSION, value: one }
            - { name: HEALTHY, value: "yes" }
          ports: [{ name: http, containerPort: 8080 }]
          readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 }
  service:
    ports: [{ name: http, port: 80, targetPort: http }]
  route:
    hosts: [shop.example.org]
  healthCheck: { path: /health, type: probe, timeoutSeconds: 5 }
  checks:
    - name: errors
      provider: { gateway: { metric: errors } }
      successWhen: value < 0.05
      interval: 1s
      count: 3
  hooks:
    beforePromotion: [{ name: sign-off, approval: {} }]
  strategy:
    type: canary
    canary:
      steps:
        - setWeight: 25
        - check: errors
        - pause: {}
  guardSeconds: 2
  drainSeconds: 0
  keepFailedSeconds: 0
`;

interface Looker {
  readonly visitor: Visitor;
  readonly looks: readonly [light: Look, dark: Look];
  readonly path: string;
  /** Heading of what somebody has scrolled to. */
  readonly place: string | undefined;
}

/** A moment is what one sees before one has noticed it. */
const stillness = { moment: 0.01, worst: 0.02 };

/** What has the keyboard, by its name. */
function focused(page: Page): Promise<string> {
  return page.evaluate(
    "(document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '').trim()",
  );
}

describe.skipIf(noBrowserReason !== undefined)(
  `the dashboard${noBrowserReason === undefined ? '' : ` (${noBrowserReason})`}`,
  () => {
    let dashboard: DashboardUnderTest;
    let browser: Browser;
    let login: Login;
    let visitor: Visitor;
    let page: Page;
    let traffic: Traffic;
    /** Of others, who look on and touch nothing. */
    let lookers: readonly Looker[] = [];

    beforeAll(async () => {
      [dashboard, browser] = await Promise.all([startDashboard(), launchBrowser()]);
      traffic = sendRequests(dashboard.cluster.gateway, 'shop.example.org');
      login = await logIn(browser, dashboard.url, dashboard.token);
      visitor = await visit(browser, dashboard.url, { isRefused: true });
      page = visitor.page;
      page.setDefaultTimeout(patience);
    }, 180_000);

    afterAll(async () => {
      await browser?.close();
      await traffic?.stop();
      await dashboard?.stop();
    });

    const shop = '/applications/default/shop';
    const state = (words: string) => page.locator('.page-head .chip', { hasText: words }).waitFor();
    const confirm = (button: string) =>
      page.getByRole('dialog').getByRole('button', { name: button, exact: true }).click();
    /** Presses a button of the application, reads what it will do, and has it done. */
    const give = async (verb: string, effect: RegExp): Promise<void> => {
      await page.locator('.page-head').getByRole('button', { name: verb, exact: true }).click();
      await page.getByRole('dialog').getByText(effect).waitFor();
      await confirm(verb);
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    };

    it('lets nobody in without a token, and says why', async () => {
      await page.goto('/history');
      await page.getByLabel('Token').fill('slipway_of-nobody');
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByRole('alert').getByText('the token is not known here').waitFor();
      await keepPicture(page, 'login');
      await page.getByLabel('Token').fill(dashboard.token);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'History' }).waitFor();
      await page.getByRole('link', { name: 'Overview' }).click();
      await page.getByText('There is no application yet.').waitFor();
    });

    it('creates an application by form and text', async () => {
      await page.getByRole('link', { name: 'Create the first one' }).click();
      await page.locator('.chip', { hasText: 'incomplete' }).waitFor();
      expect(await page.getByText('give it a name').count()).toBe(0);
      await page.getByLabel('Front-end hosts').pressSequentially('a.example.org, b.example.org');
      expect(await page.getByRole('textbox', { name: 'YAML' }).inputValue()).toContain('- b.example.org');
      await page.getByText('give it a name').waitFor();
      await page.getByRole('textbox', { name: 'YAML' }).fill('spec: [');
      await page.getByText('not readable').waitFor();
      await page.getByRole('textbox', { name: 'YAML' }).fill(manifest);
      await page.getByLabel('Name', { exact: true }).fill('shop');
      await page.getByLabel('Version').fill('1');
      await page.getByLabel('Value of step 1').fill('250');
      await page.getByText('not valid').waitFor();
      await page.getByLabel('Value of step 1').fill('25');
      expect(await page.getByRole('textbox', { name: 'YAML' }).inputValue()).toContain('# What it answers.');
      await page.locator('.chip', { hasText: /^valid$/ }).waitFor();
      await keepPicture(page, 'new');
      await page.getByRole('button', { name: 'Create and release' }).click();
      await page.getByRole('button', { name: 'Approve sign-off', exact: true }).click();
      await confirm('Approve');
      await state('Stable');
    });

    it('is looked at by others', async () => {
      const pairs = [
        [looks[0], looks[1]],
        [looks[2], looks[3]],
      ] as const;
      const places = pairs.flatMap((pair) => [
        ...['/', shop, '/history', '/new'].map((path) => ({ pair, path, place: undefined })),
        ...['pods', 'releases'].map((place) => ({ pair, path: shop, place })),
      ]);
      const open = async ({ pair, path, place }: (typeof places)[number]): Promise<Looker> => {
        const other = await visit(browser, dashboard.url, { look: pair[0], login });
        await other.page.goto(path);
        await other.page.locator('h1').waitFor();
        await other.page.locator('.skeleton').first().waitFor({ state: 'detached' });
        if (place !== undefined) await other.page.evaluate(`document.querySelector('#${place}').scrollIntoView()`);
        return { visitor: other, looks: pair, path, place };
      };
      lookers = await Promise.all(places.map(open));
    });

    it('shows a canary with its traffic and measurements, and goes on when it is told to', async () => {
      await page.getByRole('link', { name: 'Change' }).click();
      await page.getByLabel('Version').fill('2');
      await page.locator('.chip', { hasText: /^valid$/ }).waitFor();
      await page.getByRole('button', { name: 'Save and release' }).click();
      await state('Paused');
      await page.getByLabel(/version 2 takes 25 %/).waitFor();
      await page.getByLabel(/3 measurements, passes when value < 0.05/).waitFor();
      await page.locator('.line-chart').first().waitFor();
      await page.locator('.version-box', { hasText: 'req/s' }).nth(1).waitFor();
      await page.getByRole('list', { name: 'Versions' }).getByText('2', { exact: true }).waitFor();
      await page.locator('.line-chart path.line[d*="L"]').nth(1).waitFor({ state: 'attached' });
      await keepPicture(page, 'canary');
      for (const { visitor: other, looks: pair, path, place } of lookers)
        if (path === shop && place === undefined) await expectOpen(other.page, pair, { name: '-canary' });
      const { context, page: phone } = await visit(browser, dashboard.url, { look: looks[2], login });
      phone.setDefaultTimeout(patience);
      await phone.goto('/releases/default/shop-2');
      await phone.getByRole('log').locator('.line').first().waitFor();
      await expectOpen(phone, [looks[2], looks[3]], { name: '-release-under-way' });
      await phone.goto(shop);
      await phone.getByRole('button', { name: 'Abort', exact: true }).click();
      await phone.getByRole('dialog').getByLabel('Reason').waitFor();
      await expectOpen(phone, [looks[2], looks[3]], { name: '-dialog' });
      await context.close();
      await page.getByRole('button', { name: 'Resume', exact: true }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').getByText('The release of version 2 goes on and gets all traffic.').waitFor();
      await expectOpen(page, [looks[0], looks[1]], { name: '-dialog' });
      for (const _ of ['reason', 'cancel', 'resume', 'around']) {
        await page.keyboard.press('Tab');
        // After the last one comes the browser itself; of the page nothing else.
        const left = await page.evaluate("document.activeElement.matches(':not(body):not(dialog *)')");
        expect(left).toBe(false);
      }
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await expect.poll(() => focused(page)).toBe('Resume');
      await page.keyboard.press('Enter');
      await page.getByLabel('Reason').fill('looks good');
      await page.keyboard.press('Enter');
      await page.locator('.outcome', { hasText: 'version 2 goes on' }).waitFor();
      await page.getByRole('button', { name: 'Show what the pods write' }).click();
      await page.getByText('listens').first().waitFor();
    });

    it('waits for somebody who agrees, and is held meanwhile', async () => {
      await page.getByRole('button', { name: 'Approve sign-off', exact: true }).waitFor();
      await give('Pause', /stays where it is, with 25 % of the traffic at version 2, until somebody resumes it/);
      await state('Paused');
      await give('Resume', /goes on from where it was paused/);
      await state('Progressing');
      await page.getByRole('link', { name: /Approvals/ }).click();
      await page.getByRole('button', { name: 'Approve sign-off', exact: true }).click();
      await page.getByRole('dialog').getByLabel('Reason').fill('looks good');
      await confirm('Approve');
      await page.getByText('No release waits for an approval.').waitFor();
      await page.goto(shop);
      await state('Stable');
      await page.getByLabel(/version 2 takes 100 %/).waitFor();
    });

    it('promotes, aborts and retries as it has said before', async () => {
      await page.getByRole('link', { name: 'Change' }).click();
      await page.getByLabel('Version').fill('2b');
      await page.locator('.chip', { hasText: /^valid$/ }).waitFor();
      await page.getByRole('button', { name: 'Save and release' }).click();
      await state('Paused');
      await give('Promote', /Version 2b gets all traffic .* passed over; approvals are not/);
      await page.getByRole('button', { name: 'Approve sign-off', exact: true }).waitFor();
      await give('Abort', /All traffic returns to version 2 at once/);
      await page.getByRole('alert').getByText(/2b/).waitFor();
      await state('Failed');
      await give('Retry 2b', /which was refused .* is released again from its first step/);
      await page.getByRole('heading', { name: 'Release of 2b' }).waitFor();
    });

    it('says why a bad version went back, where it is seen', async () => {
      await page.getByRole('link', { name: 'Change' }).click();
      await page.getByLabel('Version').fill('3');
      const text = page.getByRole('textbox', { name: 'YAML' });
      await text.fill((await text.inputValue()).replace(/value: "?yes"?/, 'value: "no"'));
      await page.locator('.chip', { hasText: /^valid$/ }).waitFor();
      await page.getByRole('button', { name: 'Save and release' }).click();
      await page
        .getByRole('alert')
        .getByText(/version 3: .*healthy/)
        .waitFor();
      await page.getByRole('link', { name: 'Overview' }).first().click();
      const why = page.locator('.fleet .bad').getByRole('button', { name: /version 3: .*healthy/ });
      await why.waitFor();
      await page.locator('.fleet .spark').first().waitFor();
      await page.locator('.fleet .state .chip', { hasText: 'Failed' }).waitFor();
      await keepPicture(page, 'overview-failed');
      await why.focus();
      await page.keyboard.press('Enter');
      await page.locator('.whole:popover-open', { hasText: /version 3: .*healthy/ }).waitFor();
      expect(await findBarriers(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.locator('.whole:popover-open').waitFor({ state: 'detached' });
      await page.getByRole('button', { name: /^Settled/ }).click();
      await page.getByText('None of 1 applications is like this.').waitFor();
      await page.getByRole('link', { name: 'Show all' }).click();
      await page.getByLabel('Namespace').selectOption('default');
      expect(page.url()).toContain('/?namespace=default');
      await page.getByLabel('Search names and hosts').fill('shop.example');
      await page.locator('.fleet .name a').focus();
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'shop', level: 1 }).waitFor();
      await expect.poll(() => focused(page)).toBe('shop');
      await page.goto('/releases/default/shop-3');
      await page.locator('.answers').getByText('"healthy":false').first().waitFor();
      await page
        .getByRole('log')
        .getByText(/health of shop-3/)
        .first()
        .waitFor();
      await page.getByText('What is new since').waitFor();
      await keepPicture(page, 'release-failed');
    });

    it('compares any two versions, and goes back to one', async () => {
      await page.getByRole('link', { name: 'History' }).first().click();
      await page.getByLabel('Compare shop-1', { exact: true }).check();
      await page.getByLabel('Compare shop-2', { exact: true }).check();
      await page.getByRole('button', { name: 'Compare 1 with 2' }).click();
      await page.locator('.changes').getByText('version', { exact: true }).waitFor();
      await keepPicture(page, 'compare');
      await page.getByRole('button', { name: 'Roll back to 1' }).click();
      await confirm('Roll back to 1');
      await page.getByText(/going back to version 1/).waitFor();
      await page.goto(shop);
      await page.getByLabel(/version 1 takes 100 %/).waitFor();
    });

    it('releases again from its history what the cluster has forgotten', async () => {
      await dashboard.cluster.ask('delete', 'release', 'shop-2');
      await page.goto('/history?application=shop');
      await page
        .getByRole('row', { name: 'Compare shop-2' })
        .last()
        .getByRole('link', { name: '2', exact: true })
        .click();
      await page.getByRole('button', { name: 'Release 2 again' }).click();
      await page.getByRole('dialog').getByText('The cluster has forgotten this version.').waitFor();
      await confirm('Release');
      await page.getByLabel(/version 2 takes 25 %/).waitFor();
      await state('Paused');
      await keepPicture(page, 'again');
      await give('Abort', /All traffic returns to version 1 at once/);
      await state('Failed');
    });

    it('has moved nothing that others looked at, whatever became of its releases', async () => {
      for (const { visitor: other, looks: pair, path, place = 'top' } of lookers) {
        if (place !== 'top') await keepPicture(other.page, `${pair[0].name}-at-${place}`);
        const shifts = await readShifts(other.page);
        const largest = Math.max(0, ...shifts.map(({ value }) => value));
        const cls = calculateCls(shifts);
        console.log(`${path} ${pair[0].name} at ${place}: CLS ${cls.toFixed(4)}, largest shift ${largest.toFixed(4)}`);
        expect(shifts.filter(({ value }) => value > stillness.moment)).toEqual([]);
        expect(cls).toBeLessThan(stillness.worst);
        expect(other.complaints).toEqual([]);
        await other.context.close();
      }
    });

    it('says of what is not there that it is not', async () => {
      for (const [path, words] of [
        ['/releases/default/nobody-1', /nobody-1/],
        ['/applications/default/nobody', /nobody/],
        ['/applications/default/nobody/edit', /nobody/],
        ['/compare?namespace=default&application=shop&from=1&to=none', /none/],
        ['/nowhere', /nowhere|no such page|is not here/i],
      ] as const) {
        await page.goto(path);
        await page
          .locator('main')
          .getByRole('alert')
          .or(page.locator('main .empty'))
          .getByText(words)
          .first()
          .waitFor();
        await page.locator('.skeleton').first().waitFor({ state: 'detached' });
      }
    });

    it('makes a token that is shown once, and revokes it', async () => {
      await page.goto('/tokens');
      await page.getByRole('button', { name: 'New token' }).click();
      await page.getByLabel('Name', { exact: true }).fill('pipeline');
      await page.getByLabel('Role').selectOption('operate');
      await confirm('Make it');
      const token = await page.locator('.secret').innerText();
      expect(token).toMatch(/^slipway_/);
      await page.getByRole('button', { name: 'Revoke pipeline' }).click();
      await confirm('Revoke');
      await page.getByText('revoked', { exact: true }).waitFor();
      const answer = await fetch(`${dashboard.url}/api/v1/session`, { headers: { authorization: `Bearer ${token}` } });
      expect(answer.status).toBe(401);
    });

    it('complains of nothing', async () => {
      await traffic.stop();
      expect(visitor.complaints).toEqual([]);
    });

    const places = [
      '/',
      shop,
      `${shop}/edit`,
      '/releases/default/shop-3',
      '/history',
      '/compare?namespace=default&application=shop&from=1&to=2',
      '/new',
      '/approvals',
      '/tokens',
      '/audit',
    ];

    describe.each([
      { width: 'wide', light: looks[0], dark: looks[1] },
      { width: 'narrow', light: looks[2], dark: looks[3] },
    ])('on a $width page', ({ light, dark }) => {
      let other: Visitor;

      beforeAll(async () => {
        other = await visit(browser, dashboard.url, { look: light, login });
      });
      afterAll(() => other?.context.close());

      it('its login is open to everybody, and complains of nothing', async () => {
        const { context, page: door, complaints } = await visit(browser, dashboard.url, { look: light });
        await door.goto('/history');
        await door.getByLabel('Token').waitFor();
        await expectOpen(door, [light, dark], { name: '-login' });
        expect(complaints).toEqual([]);
        await context.close();
      });

      it.each(places)('%s is open to everybody, and stays where it is', async (place) => {
        await other.page.goto(place);
        await other.page.locator('h1').waitFor();
        await other.page.locator('.skeleton').first().waitFor({ state: 'detached' });
        expect(await readShift(other.page)).toBeLessThan(0.02);
        await expectOpen(other.page, [light, dark], { name: place.replaceAll(/\W+/g, '-'), fullPage: true });
        expect(other.complaints).toEqual([]);
      });
    });

    it('draws of 500 applications those that are in sight', async () => {
      const { context, page: large, complaints } = await visit(browser, dashboard.url, { login });
      const items = Array.from({ length: 500 }, (_, index) => ({
        namespace: `team-${index % 7}`,
        name: `service-${String(index).padStart(3, '0')}`,
        uid: `u${index}`,
        generation: 1,
        createdAt: '2026-01-01T00:00:00Z',
        strategy: 'rolling',
        phase: 'Stable',
        serving: { version: '1.0', release: 'r' },
        split: { '1.0': 100 },
        replicas: { desired: 10, ready: 10 },
        hosts: [],
        paused: false,
        conditions: [],
      }));
      await large.routeWebSocket(/applications\/stream/, (socket) => {
        socket.send(JSON.stringify({ type: 'snapshot', first: true, last: true, items, after: 'test.1' }));
      });
      await large.goto('/');
      await large.getByText('service-000').waitFor();
      const rows = large.locator('.fleet .application');
      expect(await rows.count()).toBeLessThan(60);
      await large.evaluate('scrollTo(0, document.body.scrollHeight)');
      await large.getByText('service-496').waitFor();
      expect(await rows.count()).toBeLessThan(60);
      await large.evaluate('scrollTo(0, 0)');
      for (const name of ['Skip to the page', 'Slipway', 'Overview']) {
        await large.keyboard.press('Tab');
        await expect.poll(() => focused(large)).toBe(name);
      }
      await large.keyboard.press('/');
      await expect.poll(() => focused(large)).toBe('Search names and hosts');
      await large.keyboard.type('service-12');
      await expect.poll(() => rows.count()).toBe(10);
      for (const name of ['Namespace', 'All 10', 'Releasing 0', 'Waiting for a person 0', 'Failed 0', 'Settled 10']) {
        await large.keyboard.press('Tab');
        await expect.poll(() => focused(large)).toBe(name);
      }
      const walk = [
        ['Tab', 'service-126'],
        ['ArrowDown', 'service-120'],
        ['ArrowDown', 'service-127'],
        ['ArrowUp', 'service-120'],
      ] as const;
      for (const [key, name] of walk) {
        await large.keyboard.press(key);
        await expect.poll(() => focused(large)).toBe(name);
      }
      await large.keyboard.press('/');
      await large.keyboard.press('Escape');
      await expect.poll(() => rows.count()).toBeGreaterThan(10);
      await large.locator('.fleet .name a').first().focus();
      await large.evaluate('scrollTo(0, document.body.scrollHeight)');
      await large.getByText('service-496').waitFor();
      await expect.poll(() => focused(large)).toBe('service-000');
      await large.keyboard.press('ArrowDown');
      await expect.poll(() => large.evaluate('scrollY')).toBeLessThan(600);
      await large.getByLabel('Namespace').selectOption('team-4');
      await large.getByText('All 71').waitFor();
      await large.getByLabel('Namespace').selectOption('');
      await large.getByLabel('Search names and hosts').fill('service-123');
      await expect.poll(() => rows.count()).toBe(1);
      await large.getByText('team-4', { exact: true }).and(large.locator('.faint')).waitFor();
      expect(complaints).toEqual([]);
      await context.close();
    });

    it('is told of what changed while it was away', async () => {
      const { context, page: away } = await visit(browser, dashboard.url, { login });
      await away.goto('/');
      await away.locator('.fleet .application').first().waitFor();
      await context.setOffline(true);
      await dashboard.cluster.ask('delete', 'application', 'shop', '--wait=false');
      await context.setOffline(false);
      await away.getByText('There is no application yet.').waitFor({ timeout: patience });
      await context.close();
    });
  },
);
