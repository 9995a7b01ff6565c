/** The dashboard before a large cluster: what it asks, what it is told and what it draws stays small. */
import type { Browser, Page } from 'playwright-core';
import { applications, type Application } from '@slipway/delivery/api/application';
import type { Pod } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { pods } from '@slipway/kube/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepPicture, launchBrowser, noBrowserReason, readShift, visit, type Visitor } from './support/browser.ts';
import { startPagesServer, type PagesServer } from './support/pages-server.ts';

const fleet = 500;
const podsOfOne = 5_000;
const namespace = 'fleet';
const createdAt = '2026-01-01T00:00:00Z';
/** Elements of a page: 500 applications or 5,000 pods drawn each are tens of thousands. */
const maximumElements = 2_000;
/** Of one answer; 5,000 pods in one are two million. */
const maximumBytes = 40_000;
/** In the time of one look at the pods: a page looks at six things, some of them less often. */
const maximumAnswers = 6;
const lookedAt = 3;
const patience = 60_000;
/** 2,500 changes a second: every application five times. */
const changedAtOnce = 50;
const betweenMilliseconds = 20;

function nameOf(index: number): string {
  return index === 0 ? 'huge' : `service-${String(index).padStart(3, '0')}`;
}

const manyApplications: readonly Application[] = Array.from({ length: fleet }, (_, index) => ({
  apiVersion: 'slipway.dev/v1alpha1',
  kind: 'Application',
  metadata: { namespace, name: nameOf(index), uid: `a${index}`, resourceVersion: '1', creationTimestamp: createdAt },
  spec: { version: '1', replicas: index === 0 ? podsOfOne : 10, template: {} },
  status: {
    phase: 'Stable',
    readyReplicas: index === 0 ? podsOfOne : 10,
    serving: { version: '1', release: `${nameOf(index)}-1`, hash: 'h1' },
  },
}));

function podOf(application: string, index: number): Pod {
  const isReady = application !== 'huge' || index % 1_000 !== 0;
  return {
    metadata: {
      namespace,
      name: `${application}-${String(index).padStart(4, '0')}`,
      uid: `${application}-${index}`,
      resourceVersion: '1',
      creationTimestamp: createdAt,
      labels: { 'slipway.dev/application': application, 'slipway.dev/serves': 'true' },
      annotations: { 'slipway.dev/version': '1' },
    },
    spec: { nodeName: `node-${index % 100}`, containers: [{ name: 'web', image: 'registry.example.org/web:1' }] },
    status: {
      phase: 'Running',
      podIP: '10.0.0.1',
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False', reason: 'Probe', message: 'answers 503' }],
      containerStatuses: [
        {
          name: 'web',
          image: 'registry.example.org/web:1',
          imageID: '',
          ready: isReady,
          restartCount: isReady ? 0 : 2,
        },
      ],
    },
  };
}

const manyPods: readonly Pod[] = manyApplications.flatMap(({ metadata: { name = '' }, spec }) =>
  Array.from({ length: spec.replicas ?? 0 }, (_, index) => podOf(name, index)),
);

/** For the server there are all of them, and for nobody else: no controller works on them. */
function withMany(client: KubeClient): KubeClient {
  return new Proxy(client, {
    get: (target, property) => {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function') return value;
      if (property !== 'list') return value.bind(target);
      return async (type: object, ...options: readonly unknown[]) => {
        const list = await Reflect.apply(value, target, [type, ...options]);
        const more = type === pods ? manyPods : type === applications ? manyApplications : [];
        return { ...list, items: [...list.items, ...more] };
      };
    },
  });
}

describe.skipIf(noBrowserReason !== undefined)(
  `the dashboard before a large cluster${noBrowserReason === undefined ? '' : ` (${noBrowserReason})`}`,
  () => {
    let server: PagesServer;
    let browser: Browser;
    let visitor: Visitor;
    let page: Page;
    const answers: { readonly path: string; readonly bytes: number }[] = [];

    beforeAll(async () => {
      [browser, server] = await Promise.all([launchBrowser(), startPagesServer({ through: withMany })]);
      visitor = await visit(browser, server.url);
      page = visitor.page;
      await visitor.context.request.post('/api/v1/session', { data: { token: server.token } });
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

    /** Scrolls through all of it and back; milliseconds between frames, for people. */
    const scroll = async (what: string): Promise<void> => {
      const frames = await page.evaluate<number[]>(`new Promise((resolve) => {
        const times = [];
        let last = performance.now();
        let step = 0;
        const draw = (now) => {
          times.push(now - last);
          last = now;
          step += 1;
          scrollTo(0, (document.body.scrollHeight - innerHeight) * (1 - Math.abs(1 - step / 60)));
          if (step === 120) resolve(times.slice(1)); else requestAnimationFrame(draw);
        };
        requestAnimationFrame(draw);
      })`);
      const sorted = frames.toSorted((one, other) => one - other);
      const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1);
      console.log(`${what}: frames of ${at(0.5)} ms (median), ${at(0.95)} (95 %), ${at(1)} (longest)`);
    };

    it('asks seldom and is told little of an application of 5,000 pods', async () => {
      await page.goto(`/applications/${namespace}/huge`);
      await page.getByText(`1 to 20 of ${podsOfOne}`).waitFor();
      await page.getByLabel('version 1 takes 0 % with 4995 of 5000 pods ready').waitFor();
      expect(await page.locator('.dot').count()).toBe(60);
      expect(await page.locator('.dot.failing').count()).toBe(5);
      expect(await readShift(page)).toBeLessThan(0.02);
      await scroll('an application of 5,000 pods');
      const before = answers.length;
      const looks = () => answers.slice(before).filter(({ path }) => path.endsWith('/pods')).length;
      await expect.poll(looks, { timeout: patience }).toBeGreaterThanOrEqual(lookedAt);
      expect(answers.length - before).toBeLessThan(looks() * maximumAnswers);
      expect(Math.max(...answers.map(({ bytes }) => bytes))).toBeLessThan(maximumBytes);
      expect(await countElements()).toBeLessThan(maximumElements);
      await keepPicture(page, 'pods-5000');
    });

    it('leads to any of the pods', async () => {
      const rows = page.getByRole('region', { name: 'Pods' }).locator('tbody tr');
      expect(await rows.first().innerText()).toContain('huge-0000');
      await page.getByRole('button', { name: 'After' }).click();
      await page.getByText(`21 to 40 of ${podsOfOne}`).waitFor();
      expect(await rows.count()).toBe(20);
      await page.getByRole('button', { name: 'Before' }).click();
      await page.getByText(`1 to 20 of ${podsOfOne}`).waitFor();
      await page.getByLabel('Search pods and nodes').fill('huge-4321');
      await page.getByRole('cell', { name: 'huge-4321' }).waitFor();
      expect(await rows.count()).toBe(1);
      await page.getByLabel('Search pods and nodes').fill('');
      await page.getByLabel('State of pods').selectOption('failing');
      await page.getByRole('cell', { name: 'huge-4000' }).waitFor();
      await expect.poll(() => rows.count()).toBe(5);
      await rows.first().getByText('Probe: answers 503').waitFor();
    });

    it('draws of 500 applications those that are in sight, as they change', async () => {
      await page.getByRole('link', { name: 'Overview' }).first().click();
      await page.getByText('service-001').waitFor();
      await scroll('500 applications');
      expect(await countElements()).toBeLessThan(maximumElements);
      expect(visitor.complaints).toEqual([]);
    });

    it('is as quick while all of them change', async () => {
      const busy = await visit(browser, server.url);
      await busy.context.request.post('/api/v1/session', { data: { token: server.token } });
      const { body } = await server.call('GET', `/api/v1/applications?limit=${fleet}`);
      const items: readonly object[] = body.items;
      let told = 0;
      await busy.page.routeWebSocket(/applications\/stream/, (socket) => {
        socket.send(JSON.stringify({ type: 'snapshot', first: true, last: true, items, after: 'test.1' }));
        let cancel = systemClock.schedule(betweenMilliseconds, tell);
        socket.onClose(() => cancel());

        function tell(): void {
          told += 1;
          const first = (told * changedAtOnce) % fleet;
          const replicas = { desired: 10, ready: Math.floor((told * changedAtOnce) / fleet) % 10 };
          const changed = items.slice(first, first + changedAtOnce).map((item) => ({ ...item, replicas }));
          socket.send(JSON.stringify({ type: 'changes', changed, removed: [], after: `test.${told + 1}` }));
          cancel = systemClock.schedule(betweenMilliseconds, tell);
        }
      });
      await busy.page.goto('/');
      await busy.page.getByText('service-001').waitFor();
      await busy.page.getByText('9/10').first().waitFor();
      page = busy.page;
      await scroll('500 applications that change, 2,500 changes a second');
      expect(await countElements()).toBeLessThan(maximumElements);
      expect(busy.complaints).toEqual([]);
      await busy.context.close();
    });
  },
);
