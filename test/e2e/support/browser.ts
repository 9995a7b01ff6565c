/** A real browser that looks at the dashboard, and everything that is wrong with what it sees. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { expect } from 'vitest';

const program = '/usr/bin/chromium';
const quiet = ['--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** Undefined where there is one. */
export const noBrowserReason = existsSync(program) ? undefined : `there is no ${program}`;

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: program, args: ['--no-sandbox', '--disable-gpu', ...quiet] });
}

/** As people come: with what they look at, and by which light. */
export const looks = [
  { name: 'light', colorScheme: 'light', viewport: { width: 1360, height: 900 } },
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1360, height: 900 } },
  { name: 'phone', colorScheme: 'light', viewport: { width: 375, height: 812 } },
  { name: 'phone-dark', colorScheme: 'dark', viewport: { width: 375, height: 812 } },
] as const;
export type Look = (typeof looks)[number];

export interface Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Errors and warnings of the console and of scripts, and requests to anybody else than the server. */
  readonly complaints: readonly string[];
}

/** What a browser keeps of it. A server takes few logins within a minute: visitors of one test share theirs. */
export type Login = Awaited<ReturnType<BrowserContext['storageState']>>;

export async function logIn(browser: Browser, url: string, token: string): Promise<Login> {
  const context = await browser.newContext({ baseURL: url });
  try {
    const answer = await context.request.post('/api/v1/session', { data: { token } });
    if (!answer.ok()) throw new Error(`no login: ${answer.status()} ${await answer.text()}`);
    return await context.storageState();
  } finally {
    await context.close();
  }
}

export interface VisitOptions {
  readonly look?: Look;
  /** Absent: nobody has logged in yet. */
  readonly login?: Login;
  /** Whom it may ask beside the server, by their origins. */
  readonly others?: readonly string[];
  /** What is asked is refused on purpose: the browser itself notes each such answer, and the test reads it on the page. */
  readonly isRefused?: boolean;
}

export async function visit(browser: Browser, url: string, options: VisitOptions = {}): Promise<Visitor> {
  const { look = looks[0], login, others = [], isRefused = false } = options;
  const { colorScheme, viewport } = look;
  const context = await browser.newContext({
    baseURL: url,
    colorScheme,
    viewport,
    reducedMotion: 'reduce',
    ...(login === undefined ? {} : { storageState: login }),
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    if (isRefused && message.text().startsWith('Failed to load resource')) return;
    complaints.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== 'data:' && ![new URL(url).origin, ...others].includes(origin))
      complaints.push(`asked ${request.url()}`);
  });
  await page.addInitScript({ content: observeShifts });
  return { context, page, complaints };
}

/** For the page: writes down what has moved without anybody having touched it, and where from and to. */
const observeShifts = `
  globalThis.shifts = [];
  const nameOf = (node) => node === null ? 'gone' : node.nodeType === 3 ? node.textContent : node.outerHTML.slice(0, 80);
  const placeOf = ({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(' ');
  const tell = ({ node, previousRect, currentRect }) =>
    nameOf(node) + ': ' + placeOf(previousRect) + ' -> ' + placeOf(currentRect);
  new PerformanceObserver((list) => {
    for (const { value, startTime, sources, hadRecentInput } of list.getEntries())
      if (!hadRecentInput) globalThis.shifts.push({ value, at: startTime, what: sources.map(tell) });
  }).observe({ type: 'layout-shift', buffered: true });`;

export interface Shift {
  readonly value: number;
  /** Milliseconds since the page was asked for. */
  readonly at: number;
  readonly what: readonly string[];
}

export function readShifts(page: Page): Promise<readonly Shift[]> {
  return page.evaluate('globalThis.shifts');
}

/** Of the page since it was loaded: 0 is still, and from 0.1 on people are bothered. */
export async function readShift(page: Page): Promise<number> {
  return (await readShifts(page)).reduce((sum, { value }) => sum + value, 0);
}

/** The worst time of a page: shifts less than a second apart, within five at most. https://web.dev/articles/cls */
export function calculateCls(shifts: readonly Shift[]): number {
  let [worst, sum, first, last] = [0, 0, -Infinity, -Infinity];
  for (const { value, at } of shifts) {
    if (at - last > 1_000 || at - first > 5_000) [sum, first] = [0, at];
    sum += value;
    last = at;
    worst = Math.max(worst, sum);
  }
  return worst;
}

/** Pixels that stand out at the right of the page. */
function readOverflow(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}

/** What moves sideways on its own because there is no room for it; on a phone nothing does, but text that is written so. */
async function findSideways(page: Page): Promise<readonly string[]> {
  return await page.evaluate(`innerWidth > 620 ? [] : [...document.querySelectorAll('main *')]
    .filter((element) => element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1)
    .filter((element) => /auto|scroll/.test(getComputedStyle(element).overflowX))
    .filter((element) => !element.matches('textarea, pre, pre *, [role=log]'))
    .map((element) => element.tagName + '.' + element.className + ' ' + element.innerText.slice(0, 60))`);
}

interface AxeViolation {
  readonly id: string;
  readonly impact?: string | null;
  readonly nodes: ReadonlyArray<{ readonly html: string; readonly failureSummary?: string }>;
}

/** Rules that look at colours; to all the others a dark page is the same as a light one. */
const rulesOfColours = ['color-contrast', 'link-in-text-block'] as const;

/** What keeps somebody from using the page, by the rules of axe: only what is serious. */
export async function findBarriers(page: Page, rules?: readonly string[]): Promise<readonly string[]> {
  // Nothing else of it is asked for, which halves what it costs.
  const options = { resultTypes: ['violations'], preload: false, selectors: false, ...(rules && { runOnly: rules }) };
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async (asked) => {
    const inPage = Reflect.get(globalThis, 'axe') as {
      run(given: object): Promise<{ violations: AxeViolation[] }>;
    };
    return (await inPage.run(asked)).violations;
  }, options);
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.slice(0, 3).map(({ html, failureSummary = '' }) => `${id}: ${html} ${failureSummary}`),
    );
}

const folder = fileURLToPath(new URL('../../../coverage/dashboard/', import.meta.url));

/** For people: nothing compares them. */
export async function keepPicture(
  page: Page,
  name: string,
  options: { readonly fullPage?: boolean } = {},
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: `${folder}${name}.png`, ...options });
}

export interface OpenOptions {
  /** Of the picture, behind that of the look. */
  readonly name: string;
  readonly fullPage?: boolean;
}

/** Keeps nobody from it: by light, and once more in the dark, where nothing but its colours is another. */
export async function expectOpen(
  page: Page,
  [light, dark]: readonly [light: Look, dark: Look],
  { name, ...options }: OpenOptions,
): Promise<void> {
  for (const look of [light, dark]) {
    await page.emulateMedia({ colorScheme: look.colorScheme });
    await keepPicture(page, `${look.name}${name}`, options);
    expect(await findBarriers(page, look === light ? undefined : rulesOfColours)).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: light.colorScheme });
  expect(await readOverflow(page)).toBeLessThanOrEqual(0);
  expect(await findSideways(page)).toEqual([]);
}
