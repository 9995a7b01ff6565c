/** Pages by which people keep house: variables, webhooks, notifications, and the login of an issuer. */
import { releases } from '@slipway/delivery/api/release';
import { configMaps } from '@slipway/kube/resources';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHttpReceiver, type HttpReceiver } from '../../packages/server/testing/receiver.ts';
import { clientId, startTestIssuer, type TestIssuer } from '../../packages/server/testing/test-issuer.ts';
import { shopSpec } from '../../packages/server/testing/test-server.ts';
import { githubPackage, sendAs } from '../../packages/server/testing/webhook-messages.ts';
import {
  expectOpen,
  findBarriers,
  keepPicture,
  launchBrowser,
  logIn,
  looks,
  noBrowserReason,
  readShift,
  visit,
  type Visitor,
} from './support/browser.ts';
import { startPagesServer, type PagesServer } from './support/pages-server.ts';

/** For what the server does meanwhile. */
const patience = 60_000;
const repository = 'ghcr.io/acme/shop';

describe.skipIf(noBrowserReason !== undefined)(
  `pages that keep house${noBrowserReason === undefined ? '' : ` (${noBrowserReason})`}`,
  () => {
    let server: PagesServer;
    let issuer: TestIssuer;
    let receiver: HttpReceiver;
    let browser: Browser;
    let visitor: Visitor;
    let page: Page;

    beforeAll(async () => {
      [receiver, browser, issuer] = await Promise.all([
        startHttpReceiver(),
        launchBrowser(),
        startTestIssuer(() => server.cluster.clock.now()),
      ]);
      server = await startPagesServer({
        allowPrivateTargets: true,
        oidc: {
          issuer: issuer.url,
          clientId,
          scope: 'openid groups',
          groupsClaim: 'groups',
          nameClaim: 'preferred_username',
          grants: [{ group: 'platform', role: 'admin', namespaces: ['*'] }],
        },
      });
      const body = { name: 'shop', spec: { ...shopSpec(`${repository}:1.3.0`), version: '1.3.0', guardSeconds: 0 } };
      await server.call('POST', '/api/v1/namespaces/default/applications', { body });
      await server.cluster.advance(30_000);
      visitor = await visit(browser, server.url, { others: [issuer.url], isRefused: true });
      page = visitor.page;
      page.setDefaultTimeout(patience);
    }, 180_000);

    afterAll(async () => {
      await browser?.close();
      await server?.stop();
      await Promise.all([issuer?.close(), receiver?.close()]);
    });

    const confirm = (button: string) =>
      page.getByRole('dialog').getByRole('button', { name: button, exact: true }).click();
    /** Time goes on in the cluster until the page shows it. */
    const shows = async (what: Locator): Promise<void> => {
      const look = async (): Promise<number> => {
        await server.cluster.advance(1_000);
        return what.count();
      };
      await expect.poll(look, { timeout: patience }).toBeGreaterThan(0);
    };
    const closed = () => page.getByRole('dialog').waitFor({ state: 'detached' });

    it('are reached by a login at the issuer', async () => {
      issuer.person = { sub: '1', preferred_username: 'ann', groups: ['platform'] };
      await page.goto('/');
      await page.getByRole('link', { name: `Log in at ${new URL(issuer.url).host}` }).waitFor();
      await keepPicture(page, 'login-issuer');
      expect(await findBarriers(page)).toEqual([]);
      expect(await readShift(page)).toBeLessThan(0.02);
      await page.getByRole('link', { name: /^Log in at/ }).click();
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      await page.getByText('oidc:ann').waitFor();
    });

    it('keep variables, and show no secret again', async () => {
      await page.getByRole('link', { name: 'Environments' }).click();
      await page.getByText('There is no variable yet.').waitFor();
      const add = async (name: string, value: string): Promise<void> => {
        await page.getByRole('button', { name: 'New variable' }).click();
        await page.getByLabel('Name', { exact: true }).fill(name);
        await page.getByLabel('Value', { exact: true }).fill(value);
      };
      await add('1_LEVEL', 'info');
      await confirm('Save');
      await page.locator('input[name=name]:invalid').waitFor();
      await page.getByLabel('Name', { exact: true }).fill('APP_NAME');
      await confirm('Save');
      await page.getByRole('alert').getByText('what Slipway tells every container of itself').waitFor();
      await page.getByLabel('Name', { exact: true }).fill('LOG_LEVEL');
      await confirm('Save');
      await closed();
      await page.getByText('info', { exact: true }).waitFor();
      await add('DATABASE_KEY', 'sesame-opens');
      await page.getByLabel(/^Secret/).check();
      await confirm('Save');
      await closed();
      const row = page.getByRole('row', { name: /DATABASE_KEY/ });
      await row.getByText('secret', { exact: true }).waitFor();
      await row.getByRole('button', { name: 'Change DATABASE_KEY' }).click();
      expect(await page.getByLabel('Value', { exact: true }).inputValue()).toBe('');
      await page.getByLabel(/^Secret/).uncheck();
      await confirm('Save');
      await page.getByRole('alert').getByText('its value is shown to nobody').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Change LOG_LEVEL' }).click();
      await page.getByLabel('Value', { exact: true }).fill('debug');
      await confirm('Save');
      await page.getByText('debug', { exact: true }).waitFor();
      expect(await page.content()).not.toContain('sesame-opens');
      await keepPicture(page, 'environments');
      await page.getByRole('button', { name: 'Remove LOG_LEVEL' }).click();
      await confirm('Remove');
      await page.getByRole('button', { name: 'Remove LOG_LEVEL' }).waitFor({ state: 'detached' });
    });

    it('keep channels, try one out, say why one was not reached, and send again', async () => {
      await page.getByRole('link', { name: 'Notifications' }).click();
      await page.getByText('Nobody is told of anything yet.').waitFor();
      await page.getByRole('button', { name: 'New channel' }).click();
      await page.getByLabel('Name', { exact: true }).fill('pager');
      await page.getByLabel('Type').selectOption('webhook');
      await page.getByLabel('Address', { exact: true }).fill(`${receiver.url}/pager?key=hidden-key`);
      await page.getByLabel(/^Secret that signs/).fill('short');
      await page.getByLabel('Words (optional)').fill('{{application}} {{nothing}}');
      await confirm('Save');
      await page.getByRole('alert').getByText('names {{nothing}}').first().waitFor();
      await page.getByLabel(/^Secret that signs/).fill('correct horse battery');
      await page.getByLabel('Words (optional)').fill('{{application}} {{version}}: {{phase}}');
      await page.getByLabel('succeeded', { exact: true }).check();
      await confirm('Save');
      await closed();
      await page.getByText('succeeded, of all applications in all namespaces').waitFor();
      receiver.answers.push({ status: 500, body: 'out of order' });
      await page.getByRole('button', { name: 'Send a test to pager' }).click();
      await page.getByRole('alert').getByText('out of order').waitFor();
      await page.getByRole('button', { name: 'Send a test to pager' }).click();
      await page.getByText('a message that says it is a test').waitFor();
      await page.getByRole('button', { name: 'Change pager' }).click();
      await page.getByLabel('Applications (all, if empty)').fill('shop');
      await confirm('Save');
      await closed();
      await page.getByText('succeeded, of shop in all namespaces').waitFor();
      receiver.answers.push(...Array.from({ length: 50 }, () => ({ status: 503, body: 'too much' })));
      await server.cluster.deploy({ ...shopSpec(`${repository}:1.3.1`), version: '1.3.1', guardSeconds: 0 });
      await shows(page.getByRole('row', { name: /shop 1.3.1 succeeded/ }).getByText('too much'));
      receiver.answers.length = 0;
      const again = page.getByRole('button', { name: /^Send again shop 1.3.1/ });
      await shows(again);
      const before = receiver.received.length;
      await again.click();
      await receiver.count(before + 1);
      expect(JSON.parse(receiver.received.at(-1)?.body ?? '')).toMatchObject({ text: 'shop 1.3.1: Succeeded' });
      expect(await page.content()).not.toMatch(/hidden-key|correct horse/);
      await keepPicture(page, 'notifications');
    });

    it('keep webhooks, say what came of each push, and repeat one', async () => {
      await page.getByRole('link', { name: 'Webhooks' }).click();
      await page.getByRole('button', { name: 'New webhook' }).click();
      await page.getByLabel('Name', { exact: true }).fill('shop images');
      await page.getByLabel('Sender').selectOption('gitea');
      await page.getByLabel('Branch').waitFor();
      await page.getByLabel('Sender').selectOption('github');
      await page.getByLabel('Repository').fill(repository);
      await page.getByLabel('Range, form or tag').fill('not a range');
      await confirm('Make it');
      await page.getByRole('alert').getByText(/range/).first().waitFor();
      await page.getByLabel('Range, form or tag').fill('^1.3.0');
      await confirm('Make it');
      await closed();
      await page.getByText(`${repository}: newer versions of ^1.3.0, in default`).waitFor();
      await page.getByText('Nothing yet.').waitFor();
      const address = await page.locator('.secret.address').innerText();
      const secret = await page.locator('.secret:not(.address)').innerText();
      const push = async (tag: string): Promise<void> => {
        const at = server.cluster.clock.now();
        const { headers, body } = sendAs('github', githubPackage({ tag, at }), secret);
        const response = await fetch(address, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/json', ...headers },
        });
        expect(response.status).toBe(202);
      };
      await push('1.4.0');
      const released = page.getByRole('row', { name: `${repository}:1.4.0` }).first();
      await shows(released.getByText('Application default/shop: released'));
      await push('1.3.0');
      await shows(page.getByText('1.3.0 is older than 1.4.0'));
      await released.getByRole('button', { name: /^Repeat/ }).click();
      await shows(page.getByText('repeated by oidc:ann'));
      await keepPicture(page, 'webhooks');
      await page.reload();
      await released.waitFor();
      expect(await page.content()).not.toContain(secret);
      await page.getByRole('button', { name: 'New secret for shop images' }).click();
      await confirm('Replace it');
      await closed();
      expect(await page.locator('.secret:not(.address)').innerText()).not.toBe(secret);
    });

    it('are shown what a GitLab signs by', async () => {
      await page.getByRole('button', { name: 'New webhook' }).click();
      await page.getByLabel('Name', { exact: true }).fill('shop manifests');
      await page.getByLabel('Sender').selectOption('gitlab');
      await page.getByLabel('What is done').selectOption('manifests');
      await page.getByLabel('Repository').fill('https://git.example.org/acme/manifests.git');
      await confirm('Make it');
      await closed();
      expect(await page.locator('.secret.signing').innerText()).toMatch(/^whsec_/);
      await page.getByText('in the field Signing token').waitFor();
    });

    it('take what a registry is asked with, and never show it again', async () => {
      await page.getByRole('button', { name: 'New webhook' }).click();
      await page.getByLabel('Name', { exact: true }).fill('shop digests');
      await page.getByLabel('Sender').selectOption('quay');
      await page.getByLabel('Repository').fill(repository);
      const networks = page.getByLabel('Private networks (optional)');
      expect(await networks.count()).toBe(0);
      await page.getByLabel('Takes').selectOption('digestOf');
      await page.getByLabel('Range, form or tag').fill('stable');
      await networks.fill('10.1.0.0');
      await page.getByLabel('User (optional)').fill('acme+robot');
      await confirm('Make it');
      await page.locator('input[name=password]:invalid').waitFor();
      await page.getByLabel('Password or token of that user').fill('sesame-asks');
      await confirm('Make it');
      await page.locator('input[name=allowAddresses][aria-invalid=true]').waitFor();
      await page.locator('.fault', { hasText: 'is no network, such as 10.1.0.0/16' }).waitFor();
      expect(await findBarriers(page)).toEqual([]);
      await keepPicture(page, 'webhook-digests');
      await networks.fill('10.1.0.0/16');
      await confirm('Make it');
      await closed();
      await page.getByText('what stable leads to, in default; its registry may be in 10.1.0.0/16').waitFor();
      await page.getByText(', with credentials for its registry').waitFor();
      expect(await page.content()).not.toMatch(/sesame-asks|acme\+robot/);
    });

    it('say of a version that is released again what is not as it was', async () => {
      const { cluster } = server;
      const settings = { namespace: 'default', name: 'settings' };
      const give = async (version: string, colour: string): Promise<void> => {
        const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: settings, data: { colour } };
        await cluster.client.patch(
          configMaps,
          settings,
          { type: 'apply', body, force: true },
          { fieldManager: 'test' },
        );
        const { template, ...spec } = shopSpec(`${repository}:${version}`);
        const envFrom = [{ configMapRef: { name: 'settings' } }];
        const containers = template.spec.containers.map((container) => ({ ...container, envFrom }));
        await cluster.deploy({ ...spec, template: { spec: { containers } }, version, guardSeconds: 0 });
        await cluster.advance(30_000);
      };
      await give('2.0.0', 'blue');
      await give('2.1.0', 'red');
      await cluster.client.delete(releases, { namespace: 'default', name: 'shop-2.0.0' });
      await page.goto('/releases/default/shop-2.0.0');
      const button = page.getByRole('button', { name: 'Release 2.0.0 again' });
      await shows(button);
      await button.click();
      await confirm('Release');
      const told = page.getByRole('dialog', { name: 'Version 2.0.0 is released again' });
      await shows(told);
      await told.getByText('ConfigMap settings').waitFor();
      await told.locator('button:focus', { hasText: 'Go to application' }).waitFor();
      expect(await findBarriers(page)).toEqual([]);
      await keepPicture(page, 'again-changed');
      await page.keyboard.press('Enter');
      await page.waitForURL('**/applications/default/shop');
      await closed();
    });

    it('lead to the preview of a version for as long as there is one', async () => {
      const strategy = { type: 'blueGreen', blueGreen: { autoPromote: false, previewHosts: ['next.example.org'] } };
      const spec = { ...shopSpec(`${repository}:3.0.0`), version: '3.0.0', guardSeconds: 0, strategy } as const;
      await server.cluster.deploy({ ...spec, route: { hosts: ['shop.example.org'] } });
      await page.goto('/applications/default/shop');
      const link = page.getByRole('link', { name: 'next.example.org' });
      await shows(link);
      expect(await link.getAttribute('href')).toBe('http://next.example.org/');
      await keepPicture(page, 'preview');
      await page.getByRole('button', { name: 'Promote', exact: true }).click();
      await confirm('Promote');
      await shows(page.locator('.page-head .chip', { hasText: 'Stable' }));
      expect(await link.count()).toBe(0);
      const end = page.getByRole('region', { name: 'Release of 3.0.0' });
      await shows(end.locator('header .chip', { hasText: 'Succeeded' }));
    });

    it('complain of nothing', () => {
      expect(visitor.complaints).toEqual([]);
    });

    it('say why one cannot be shown, and how it is shown again', async () => {
      const login = await visitor.context.storageState();
      const { context, page: other } = await visit(browser, server.url, { login });
      await other.route(/creation-page/, (route) => route.abort());
      await other.goto('/');
      await other.getByRole('link', { name: 'New application' }).click();
      await other.getByRole('alert').getByText('creation-page').waitFor();
      await other.unroute(/creation-page/);
      await other.getByRole('button', { name: 'Load it again' }).click();
      await other.getByLabel('Image').waitFor();
      await context.close();
    });

    describe.each([
      { width: 'wide', light: looks[0], dark: looks[1] },
      { width: 'narrow', light: looks[2], dark: looks[3] },
    ])('on a $width page', ({ light, dark }) => {
      let other: Visitor;

      beforeAll(async () => {
        const login = await logIn(browser, server.url, server.token);
        other = await visit(browser, server.url, { look: light, login });
      });
      afterAll(() => other?.context.close());

      const isOpenToEverybody = (name: string, options: { readonly fullPage?: boolean } = {}) =>
        expectOpen(other.page, [light, dark], { name, ...options });

      it.each([
        ['/environments', 'New variable'],
        ['/webhooks', 'New webhook'],
        ['/notifications', 'New channel'],
      ] as const)('%s is open to everybody and stays where it is, as its dialog is', async (place, button) => {
        await other.page.goto(place);
        await other.page.locator('.card .table').last().waitFor();
        await other.page.locator('.skeleton').first().waitFor({ state: 'detached' });
        expect(await readShift(other.page)).toBeLessThan(0.02);
        const name = place.replaceAll(/\W+/g, '-');
        await isOpenToEverybody(name, { fullPage: true });
        await other.page.getByRole('button', { name: button }).click();
        await other.page.getByRole('dialog').waitFor();
        await isOpenToEverybody(`-dialog${name}`);
        await other.page.keyboard.press('Escape');
        await other.page.getByRole('dialog').waitFor({ state: 'detached' });
        expect(other.complaints).toEqual([]);
      });
    });
  },
);
