/** Servers on one database of which any may be killed at any moment, and those who talk to whichever lives. */
import { createHmac, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { startServerProcess, type ServerProcess } from './server-process.ts';

// Tests read what they expect.
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

export interface Answer {
  readonly status: number;
  readonly body: Json;
}

export interface SiteOptions {
  readonly servers: number;
  /** Where the first token and the key are. */
  readonly directory: string;
  /** Further options of `slipway server`. */
  readonly words: readonly string[];
}

const lookMilliseconds = 50;
/** A kill costs a start and a lease, which a busy machine takes long for; what takes longer does not happen any more. */
const patienceMilliseconds = 120_000;

export class Site {
  readonly #options: SiteOptions;
  #running: ServerProcess[] = [];
  #turn = 0;
  #token = '';
  /** What was answered with success and changes something: `METHOD subject`. */
  readonly answered: string[] = [];
  /** How many servers were killed. */
  kills = 0;

  constructor(options: SiteOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const missing = this.#options.servers - this.#running.length;
    // One after the other: the first of all makes key and token, which the others read.
    for (let count = 0; count < missing; count += 1)
      this.#running.push(await startServerProcess(['--data-dir', this.#options.directory, ...this.#options.words]));
    this.#token = (await readFile(join(this.#options.directory, 'server-token'), 'utf8')).trim();
  }

  /** The one that has lived the longest; another one takes its place. */
  async killOne(): Promise<void> {
    const [oldest, ...others] = this.#running;
    this.#running = others;
    await oldest?.kill();
    this.kills += 1;
    await this.start();
  }

  async killAll(): Promise<void> {
    const all = this.#running.splice(0);
    await Promise.all(all.map((each) => each.kill()));
    this.kills += all.length;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running.splice(0).map((each) => each.stop()));
  }

  /** Asked of one that lives, again of another one where it died over it. */
  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    // The same for every attempt: whoever asks does not know how far the one came that died.
    const key = randomUUID();
    const answer = await this.#send(path, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        'idempotency-key': key,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (method !== 'GET' && answer.status < 300) this.answered.push(`${method} ${path}`);
    return answer;
  }

  /** A message of GitHub. 409: it had been taken by the server that died over the answer. */
  async push(hook: { readonly path: string; readonly secret: string }, payload: object): Promise<Answer> {
    const body = JSON.stringify(payload);
    return await this.#send(hook.path, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'registry_package',
        'x-github-delivery': randomUUID(),
        'x-hub-signature-256': `sha256=${createHmac('sha256', hook.secret).update(body).digest('hex')}`,
      },
      body,
    });
  }

  async #send(path: string, init: RequestInit): Promise<Answer> {
    const since = performance.now();
    for (let last: unknown; ;) {
      if (performance.now() - since > patienceMilliseconds)
        throw new Error(`${init.method} ${path} has no answer`, { cause: last });
      const url = this.#next();
      try {
        const signal = AbortSignal.timeout(patienceMilliseconds);
        const response = await fetch(new URL(path, url), { ...init, signal });
        const text = await response.text();
        if (response.status < 500) return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
        // Stopping, or without its database for a moment: every other 5xx is a fault.
        if (response.status !== 503) throw new Error(`${init.method} ${path}: ${response.status} ${text}`);
        last = text;
      } catch (error) {
        if (!isGone(error)) throw new Error(`${init.method} ${url}${path}`, { cause: error });
        last = error;
      }
      await pause(lookMilliseconds);
    }
  }

  /** All pages. */
  async list(path: string): Promise<readonly Json[]> {
    const items: Json[] = [];
    let cursor = '';
    do {
      const query = `${path.includes('?') ? '&' : '?'}limit=100${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
      const { body } = await this.call('GET', `${path}${query}`);
      items.push(...body.items);
      cursor = body.next ?? '';
    } while (cursor !== '');
    return items;
  }

  /** Reads the log of a release as it is written, at another server whenever one dies. Resolves with it when it ends. */
  async follow(path: string): Promise<readonly { readonly number: number; readonly text: string }[]> {
    const lines: { readonly number: number; readonly text: string }[] = [];
    let heardAt = performance.now();
    for (;;) {
      const before = lines.length;
      if (await this.#read(`${path}?after=${lines.at(-1)?.number ?? 0}`, lines)) return lines;
      if (lines.length > before) heardAt = performance.now();
      if (performance.now() - heardAt > patienceMilliseconds)
        throw new Error(`${path} does not end: after ${lines.length} lines there is nothing more`);
      await pause(lookMilliseconds);
    }
  }

  /** Whether it has ended. */
  #read(path: string, lines: Json[]): Promise<boolean> {
    const url = new URL(path, this.#next());
    const socket = new WebSocket(`ws://${url.host}${url.pathname}${url.search}`, {
      headers: { authorization: `Bearer ${this.#token}` },
    });
    let hasEnded = false;
    // One that is silent for so long is told of by whoever follows it.
    const silence = setTimeout(() => socket.terminate(), patienceMilliseconds);
    return new Promise<boolean>((resolve) => {
      socket.on('message', (data) => {
        silence.refresh();
        const frame = JSON.parse(String(data));
        if (frame.type === 'lines') lines.push(...frame.items);
        hasEnded ||= frame.type === 'end';
      });
      socket.on('close', () => resolve(hasEnded));
      // Not known yet, or dead: what follows is the close.
      socket.on('unexpected-response', (request) => {
        request.destroy();
        resolve(false);
      });
      socket.on('error', () => undefined);
    }).finally(() => clearTimeout(silence));
  }

  #next(): string {
    this.#turn += 1;
    // Nobody answers there while none lives.
    return this.#running[this.#turn % Math.max(1, this.#running.length)]?.url ?? 'http://127.0.0.1:1';
  }
}

/** `fetch` says so of every connection that ends. */
function isGone(error: unknown): boolean {
  return (error instanceof TypeError && error.message === 'fetch failed') || (error as Error).message === 'terminated';
}

/** Looks until it is so. Rejects with what it was that did not become so. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  const since = performance.now();
  while (!(await isSo())) {
    if (performance.now() - since > patienceMilliseconds) throw new Error(`it does not become so: ${isSo.toString()}`);
    await pause(lookMilliseconds);
  }
}
