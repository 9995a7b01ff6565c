/** Somebody who has no mouse lives through the whole story: creates, watches, approves, takes back, compares, keeps house. */
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, noBrowserReason, visit, type Visitor } from './support/browser.ts';
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

    it('somebody logs in, and creates an application by form and text', async () => {
      await page.goto('/');
      await keys.write(field('Token'), 'slipway_of-nobody');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').getByText('not known here').waitFor();
      await keys.write(field('Token'), server.token);
      await page.keyboard.press('Enter');
      await heading('Overview');
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
      await shows(button('Approve sign-off'));
      await keys.press(button('Approve sign-off'));
      await keys.press(inDialog('Approve'));
      await state('Stable');
      await left();
      await releaseVersion('3');
      await state('Paused');
      await give('Abort', /3/);
      await state('Failed');
      await isSeen();
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
      expect(visitor.complaints).toEqual([]);
    });
  },
);
