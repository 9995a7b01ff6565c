/** Logs of containers as an API server gives them: what was written, and what is written while somebody follows. */
import { passOn } from './pass-on.ts';
import type { KubeClient, RawRequest, RawResponse } from '@slipway/kube/client';

export interface FakeLogs {
  /** Of one pod; the time is such as `2026-01-01T00:00:00.5Z`. */
  write(pod: string, time: string, text: string): void;
  /** What runs in the pod ends: who follows has all of it, and it is the run before. */
  end(pod: string): void;
  /** It runs again, after an end; what is written from now on is of the new run. */
  startAgain(pod: string): void;
  /** Every connection that follows breaks, without a word. */
  breakConnections(): void;
  /** Requests for logs so far. */
  readonly requests: readonly URL[];
  /** Lines that somebody has read so far. */
  readonly read: number;
  answering(client: KubeClient): KubeClient;
}

interface FakeRuns {
  readonly lines: readonly (readonly string[])[];
  /** The last one, and none has begun since. */
  readonly hasEnded: boolean;
}

export function createFakeLogs(): FakeLogs {
  const pods = new Map<string, FakeRuns>();
  const requests: URL[] = [];
  let change = Promise.withResolvers<void>();
  let breaks = 0;
  let read = 0;
  const wake = (): void => {
    change.resolve();
    change = Promise.withResolvers();
  };

  const runsOf = (pod: string): FakeRuns => pods.get(pod) ?? { lines: [[]], hasEnded: false };

  async function* follow(pod: string, url: URL, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
    const since = Date.parse(url.searchParams.get('sinceTime') ?? '1970-01-01T00:00:00Z');
    const tail = Number(url.searchParams.get('tailLines') ?? Infinity);
    const connection = breaks;
    const isAsked = (line: string): boolean => Date.parse(line.split(' ')[0] ?? '') >= since;
    const { lines, hasEnded } = runsOf(pod);
    const run = lines.length - (url.searchParams.get('previous') === 'true' && !hasEnded ? 2 : 1);
    const written = (): readonly string[] => runsOf(pod).lines[run] ?? [];
    const isOver = (): boolean => run < runsOf(pod).lines.length - 1 || runsOf(pod).hasEnded;
    let next = Math.max(0, written().length - tail);
    for (;;) {
      const isLast = isOver();
      for (const line of written().slice(next)) {
        if (!isAsked(line)) continue;
        read += 1;
        yield* inParts(`${line}\n`);
      }
      if (isLast) return;
      next = written().length;
      if (url.searchParams.get('follow') !== 'true' || signal?.aborted === true) return;
      const gone = Promise.withResolvers<void>();
      signal?.addEventListener('abort', () => gone.resolve(), { once: true });
      await Promise.race([change.promise, gone.promise]);
      if (connection !== breaks) throw new Error('the connection broke');
    }
  }

  const answer = ({ path, signal }: RawRequest): RawResponse | undefined => {
    const url = new URL(path, 'http://localhost');
    const pod = /pods\/([^/]+)\/log$/.exec(url.pathname)?.[1];
    if (pod === undefined) return undefined;
    requests.push(url);
    return { status: 200, headers: {}, body: follow(pod, url, signal) };
  };

  return {
    requests,
    get read() {
      return read;
    },
    write: (pod, time, text) => {
      const { lines, hasEnded } = runsOf(pod);
      pods.set(pod, { lines: [...lines.slice(0, -1), [...(lines.at(-1) ?? []), `${time} ${text}`]], hasEnded });
      wake();
    },
    end: (pod) => {
      pods.set(pod, { ...runsOf(pod), hasEnded: true });
      wake();
    },
    startAgain: (pod) => {
      pods.set(pod, { lines: [...runsOf(pod).lines, []], hasEnded: false });
      wake();
    },
    breakConnections: () => {
      breaks += 1;
      wake();
    },
    answering: (client) => ({
      ...passOn(client),
      request: async (request) => answer(request) ?? client.request(request),
    }),
  };
}

/** As a connection brings them: not all at once, and never in the same parts. */
function* inParts(text: string): Iterable<Uint8Array> {
  for (let start = 0, size = 60_000; start < text.length; start += size, size += 1_000)
    yield Buffer.from(text.slice(start, start + size));
}
