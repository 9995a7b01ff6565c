/** Somebody who has no mouse lives through the whole story: creates, watches, approves, takes back, compares, keeps house. */
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, looks, noBrowserReason, visit, type Visitor } from './support/browser.ts';
import { Keyboard } from './support/keyboard.ts';
import { startPagesServer, type PagesServer } from './support/pages-server.ts';

/** For what the server does meanwhile. */
const patience = 60_000;

describe.skipIf(noBrowserReason !== undefined)(
  `by keys alone${noBrowserReason === undefined ? '' : ` (${noBrowserReason})`}`,
  () => {
    let server: PagesServer;
    let browser: Browser;
    let visitor: Visitor;
    let page: Page;
    let keys: Keyboard;

    beforeAll(async () => {
      [browser, server] = await Promise.all([launchBrowser(), startPagesServer()]);
      visitor = await visit(browser, server.url, { isRefused: true });
      page = visitor.page;
      page.setDefaultTimeout(patience);
      keys = new Keyboard(page);
    }, 180_000);

    afterAll(async () => {
      await browser?.close();
      await server?.stop();
    });

    /** Time goes on in the cluster until the page shows it. */
    const shows = async (what: Locator): Promise<void> => {
      const look = async (): Promise<number> => {
        await server.cluster.advance(1_000);
        return what.count();
      };
      await expect.poll(look, { timeout: patience }).toBeGreaterThan(0);
    };
    const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true });
    const inDialog = (name: string) => page.getByRole('dialog').getByRole('button', { name, exact: true });
    const field = (name: string | RegExp) => page.getByLabel(name, { exact: true });
    const state = (words: string) => shows(page.locator('.page-head .chip', { hasText: words }));
    const goTo = (title: string) =>
      keys.press(page.getByRole('navigation').getByRole('link', { name: title }), { isBackwards: true });
    /** Whatever has been drawn anew or taken away: something has the keyboard. */
    const isSeen = async () => {
      await expect.poll(() => keys.see()).not.toBe('nothing');
    };
    const heading = async (name: string) => {
      await shows(page.locator('h1:focus', { hasText: name }));
      await isSeen();
    };
    /** The dialog is gone, whatever has become of what opened it. */
    const left = async () => {
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await isSeen();
    };
    const give = async (verb: string, outcome: RegExp) => {
      await keys.press(button(verb));
      await keys.press(inDialog(verb));
      await shows(page.getByRole('status').or(page.getByRole('alert')).getByText(outcome).first());
      await left();
    };
    const releaseVersion = async (version: string) => {
      await keys.press(page.getByRole('link', { name: 'Change' }));
      await heading('Change cart');
      await keys.write(field('Version'), version);
      await page.locator('.chip', { hasText: /^valid$/ }).waitFor();
      await keys.press(button('Save and release'));
      await heading('cart');
    };

    /** Somebody who looks on in another time, and what his page asks for. */
    const lookOn = async (version: string) => {
      const login = await visitor.context.storageState();
      const { context, page: other } = await visit(browser, server.url, { login, isRefused: true });
      const asked = { pods: 0, release: 0 };
      other.on('request', (request) => {
        const { pathname } = new URL(request.url());
        if (pathname.endsWith('/pods')) asked.pods += 1;
        if (pathname.endsWith('/releases/cart-3')) asked.release += 1;
      });
      await other.clock.install();
      await other.goto('/applications/default/cart');
      await other.getByRole('region', { name: `Release of ${version}` }).waitFor();
      /** What it asks about the release while it has looked at the pods, as often as it always does, this many times. */
      const countAsked = async (times: number): Promise<number> => {
        const before = { ...asked };
        const look = async (): Promise<number> => {
          await other.clock.runFor(3_000);
          return asked.pods - before.pods;
        };
        await expect.poll(look, { timeout: patience }).toBeGreaterThanOrEqual(times);
        return asked.release - before.release;
      };
      const forget = () =>
        other.route('**/releases/cart-3', (route) => route.fulfill({ status: 404, json: { detail: 'forgotten' } }));
      return { context, other, asked, countAsked, forget };
    };

    it('somebody logs in, and creates an application by form and text', async () => {
      await page.goto('/');
      await keys.write(field('Token'), 'slipway_of-nobody');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').getByText('not known here').waitFor();
      await keys.write(field('Token'), server.token);
      await page.keyboard.press('Enter');
      await heading('Overview');
      await keys.press(page.getByRole('link', { name: 'Skip to the page' }), { isBackwards: true });
      await page.locator('main:focus').waitFor();
      await goTo('New application');
      await heading('New application');
      await keys.write(field('Name'), 'cart');
      await keys.write(field('Version'), '1');
      await keys.write(field('Image'), 'ghcr.io/acme/cart:1');
      await keys.write(field('Front-end hosts'), 'cart.example.org');
      await keys.write(field('Guard (s)'), '0');
      await keys.choose(field('Strategy'), 'Can');
      await keys.press(button('Add a wait for somebody'));
      const steps = page.getByRole('group', { name: 'Steps' }).getByRole('listitem');
      const last = await steps.count();
      await keys.press(button(`Move step ${last} up`), { isBackwards: true });
      for (let place = last - 1; place > 2; place -= 1) await keys.press(button(`Move step ${place} up`));
      await keys.reach(button('Move step 2 up'));
      await keys.press(button(`Remove step ${last}`));
      await isSeen();
      await keys.reach(field('Value of step 3'), { isBackwards: true });
      await keys.write(field('Value of step 3'), '3600');
      const text = page.getByRole('textbox', { name: 'YAML' });
      await keys.reach(text);
      await page.keyboard.press('ControlOrMeta+End');
      await page.keyboard.insertText('  hooks:\n    beforePromotion: [{ name: sign-off, approval: {} }]\n');
      await page.locator('.chip', { hasText: /^valid$/ }).waitFor();
      await keys.press(button('Create and release'));
      await heading('cart');
      await shows(button('Approve sign-off'));
      await keys.press(button('Approve sign-off'));
      await keys.press(inDialog('Approve'));
      await state('Stable');
      await left();
    });

    it('somebody watches a canary, goes on, approves, and takes one back', async () => {
      await releaseVersion('2');
      await state('Paused');
      await page.getByLabel(/version 2 takes \d+ %/).waitFor();
      await keys.press(button('Promote'));
      await page.keyboard.press('Escape');
      await left();
      await keys.reach(button('Promote'));
      await give('Promote', /2/);
      await goTo('Approvals');
      await heading('Approvals');
      await shows(button('Approve sign-off'));
      await keys.press(button('Approve sign-off'));
      await keys.write(field(/^Reason/), 'looks good');
      await keys.press(inDialog('Approve'));
      await shows(page.getByText('No release waits for an approval.'));
      await left();
      await goTo('Overview');
      await heading('Overview');
      await keys.press(page.getByRole('table', { name: 'Applications' }).getByRole('link', { name: 'cart' }));
      await heading('cart');
      await state('Stable');
      const before = await lookOn('2');
      await before.forget();
      await releaseVersion('3');
      await state('Paused');
      // That the next one is not known yet says nothing of the one before it.
      const askedOfNext = async (): Promise<number> => {
        await before.other.clock.runFor(3_000);
        return before.asked.release;
      };
      await expect.poll(askedOfNext, { timeout: patience }).toBeGreaterThan(0);
      await before.countAsked(2);
      await before.other.getByRole('region', { name: 'Release of 2' }).waitFor();
      expect(await before.other.getByText('The history has it no more').count()).toBe(0);
      await before.context.close();
      const { context, other, countAsked, forget } = await lookOn('3');
      await forget();
      await countAsked(2);
      await other.getByText('The history has it no more').waitFor();
      // One may still have been on its way.
      expect(await countAsked(4)).toBeLessThan(2);
      await context.close();
      await give('Resume', /3/);
      await state('Progressing');
      await give('Pause', /3/);
      await state('Paused');
      await give('Abort', /3/);
      await keys.press(button('Close'));
      await state('Failed');
      await isSeen();
    });

    it('somebody finds an application, and reads why its release went back and what it wrote down', async () => {
      await goTo('Overview');
      await heading('Overview');
      await page.keyboard.press('/');
      await page.locator('input:focus').waitFor();
      await page.keyboard.type('car');
      await keys.press(button(/^Failed/), { key: 'Space' });
      const found = page.getByRole('table', { name: 'Applications' });
      await keys.press(found.getByRole('button', { name: /version 3/ }));
      await page.locator('.whole:popover-open').waitFor();
      await page.keyboard.press('Escape');
      await page.locator('.whole:popover-open').waitFor({ state: 'detached' });
      await keys.press(found.getByRole('link', { name: 'cart' }), { isBackwards: true });
      await heading('cart');
      await keys.press(page.getByRole('link', { name: 'Timeline and log' }));
      await heading('cart-3');
      await keys.write(field('Search the log'), 'abort');
      await keys.reach(page.getByRole('log', { name: 'Log of the release' }));
    });

    it('somebody goes around by the menu of a phone', async () => {
      const login = await visitor.context.storageState();
      const { context, page: phone } = await visit(browser, server.url, { login, look: looks[2] });
      const own = new Keyboard(phone);
      await phone.goto('/');
      const menu = phone.getByRole('button', { name: 'Menu' });
      await own.press(menu, { isBackwards: true });
      await own.reach(phone.getByRole('link', { name: 'History' }));
      await phone.keyboard.press('Escape');
      await phone.locator('.menu-button[aria-expanded=false]:focus').waitFor();
      await own.press(menu);
      await own.press(phone.getByRole('link', { name: 'History' }));
      await phone.locator('h1:focus', { hasText: 'History' }).waitFor();
      await phone.locator('.menu-button[aria-expanded=false]').waitFor();
      await context.close();
    });

    it('a page asks no more for what has ended', async () => {
      const { context, countAsked } = await lookOn('3');
      expect(await countAsked(4)).toBe(0);
      await context.close();
    });

    it('somebody compares two versions, and goes back to one', async () => {
      await goTo('History');
      await heading('History');
      await keys.write(field('Application'), 'cart');
      await page.keyboard.press('Enter');
      await keys.press(field('Compare cart-2'), { key: 'Space' });
      await keys.press(field('Compare cart-1'), { key: 'Space' });
      await keys.press(button('Compare 1 with 2'), { isBackwards: true });
      await heading('Compare versions');
      await page.locator('.changes').getByText('version', { exact: true }).waitFor();
      await give('Roll back to 1', /version 1/);
    });

    it('somebody keeps variables', async () => {
      await goTo('Environments');
      await heading('Environments');
      const add = async (name: string, value: string) => {
        await keys.press(button('New variable'));
        await keys.write(field('Name'), name);
        await keys.write(field('Value'), value);
      };
      await add('LOG_LEVEL', 'info');
      await keys.press(inDialog('Save'));
      await left();
      await add('DATABASE_KEY', 'sesame-opens');
      await keys.press(field(/^Secret/), { key: 'Space' });
      await keys.press(inDialog('Save'));
      await page
        .getByRole('row', { name: /DATABASE_KEY/ })
        .getByText('secret', { exact: true })
        .waitFor();
      await left();
      await keys.press(button('Change LOG_LEVEL'));
      await keys.write(field('Value'), 'debug');
      await keys.press(inDialog('Save'));
      await page.getByText('debug', { exact: true }).waitFor();
      await left();
      await keys.press(button('Remove LOG_LEVEL'));
      await keys.press(inDialog('Remove'));
      await button('Remove LOG_LEVEL').waitFor({ state: 'detached' });
      await left();
      await keys.reach(button('Change DATABASE_KEY'));
    });

    it('somebody keeps tokens and webhooks', async () => {
      await goTo('Tokens');
      await heading('Tokens');
      await keys.press(button('New token'));
      await keys.write(field('Name'), 'pipeline');
      await keys.choose(field('Role'), 'op');
      await keys.press(inDialog('Make it'));
      await left();
      await keys.reach(button('New token'));
      await keys.press(button('Revoke pipeline'));
      await keys.press(inDialog('Revoke'));
      await page.getByText('revoked', { exact: true }).waitFor();
      await left();
      await goTo('Webhooks');
      await heading('Webhooks');
      await keys.press(button('New webhook'));
      await keys.write(field('Name'), 'cart images');
      await keys.write(field('Repository'), 'ghcr.io/acme/cart');
      await keys.write(field('Range, form or tag'), '^2.0.0');
      await page.keyboard.press('Enter');
      await page.locator('.secret.address').waitFor();
      await left();
      await keys.press(button('Remove cart images'));
      await keys.press(inDialog('Remove'));
      await button('Remove cart images').waitFor({ state: 'detached' });
      await left();
      await goTo('Notifications');
      await heading('Notifications');
      await keys.press(button('New channel'));
      await keys.write(field('Name'), 'team');
      await keys.write(field('Address of the incoming webhook'), 'https://hooks.example.org/team');
      await page.keyboard.press('Enter');
      await left();
      await keys.reach(button('Remove team'));
      await goTo('Audit');
      await heading('Audit');
      await keys.reach(page.getByRole('region', { name: 'What was asked' }));
      expect(visitor.complaints).toEqual([]);
    });
  },
);
