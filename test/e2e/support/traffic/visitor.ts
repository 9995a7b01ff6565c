/** One user with a browser: keeps the cookies that he is given, and sends one request after the other. */
import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

export interface Visitor {
  /** What answered since the visitor began, or since `forget`: each version once. */
  readonly versions: ReadonlySet<string>;
  readonly failures: readonly string[];
  /** Each time that another version answered than before. */
  readonly moves: readonly Move[];
  /** Resolves when so many more requests have been answered. */
  answers(count: number): Promise<void>;
  forget(): void;
  stop(): Promise<void>;
}

export interface Move {
  readonly from: string;
  readonly to: string;
  /** From the request before to this answer: for no longer than that was nothing of the visitor at the gateway. */
  readonly withinMilliseconds: number;
}

export interface VisitorOptions {
  readonly target: string;
  readonly host: string;
}

const pauseMilliseconds = 50;
/** Longer than a request may be held, on a machine on which everything else runs too. */
const patienceMilliseconds = 120_000;

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly cookie: string | undefined;
}

export function startVisitor(options: VisitorOptions): Visitor {
  const versions = new Set<string>();
  const failures: string[] = [];
  const moves: Move[] = [];
  const waiting = new Set<() => void>();
  let cookie: string | undefined;
  let last: { readonly version: string; readonly at: number } | undefined;
  const stopping = new AbortController();
  const visit = async (): Promise<void> => {
    const at = performance.now();
    const { status, body, cookie: given } = await ask(options, cookie);
    cookie = given ?? cookie;
    if (status !== 200) {
      failures.push(`${status}: ${body.slice(0, 200)}`);
      return;
    }
    versions.add(body);
    if (last !== undefined && last.version !== body)
      moves.push({ from: last.version, to: body, withinMilliseconds: performance.now() - last.at });
    last = { version: body, at };
  };
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await visit().catch((error: unknown) => failures.push(String(error)));
      for (const heard of waiting) heard();
      await pause(pauseMilliseconds);
    }
  };
  const ended = run();
  return {
    versions,
    failures,
    moves,
    answers: (count) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      let left = count;
      const heard = (): void => {
        left -= 1;
        if (left === 0) resolve();
      };
      waiting.add(heard);
      return Promise.race([promise, ended]).finally(() => waiting.delete(heard));
    },
    forget: () => versions.clear(),
    stop: () => {
      stopping.abort();
      return ended;
    },
  };
}

/** Over a connection of its own each time, as a browser that comes back. */
function ask({ target, host }: VisitorOptions, cookie: string | undefined): Promise<Answer> {
  const { hostname, port } = new URL(target);
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const headers = { host, ...(cookie === undefined ? {} : { cookie }) };
  const signal = AbortSignal.timeout(patienceMilliseconds);
  request({ hostname, port, path: '/version', headers, agent: false, signal }, (response) => {
    let body = '';
    response.setEncoding('utf8');
    response.on('data', (piece: string) => (body += piece));
    response.on('error', reject);
    response.on('end', () => {
      const given = response.headers['set-cookie']?.[0]?.split(';')[0];
      resolve({ status: response.statusCode ?? 0, body, cookie: given });
    });
  })
    .on('error', reject)
    .end();
  return promise;
}
