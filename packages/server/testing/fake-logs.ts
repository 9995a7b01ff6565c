/** Logs of containers as an API server gives them: what was written, and what is written while somebody follows. */
import { passOn } from './pass-on.ts';
import type { KubeClient, RawRequest, RawResponse } from '@slipway/kube/client';

export interface FakeLogs {
  /** Of one pod; the time is such as `2026-01-01T00:00:00.5Z`. */
  write(pod: string, time: string, text: string): void;
  /** Every connection that follows breaks, without a word. */
  breakConnections(): void;
  /** Requests for logs so far. */
  readonly requests: readonly URL[];
  /** Lines that somebody has read so far. */
  readonly read: number;
  answering(client: KubeClient): KubeClient;
}

export function createFakeLogs(): FakeLogs {
  const lines = new Map<string, string[]>();
  const requests: URL[] = [];
  let change = Promise.withResolvers<void>();
  let breaks = 0;
  let read = 0;
  const wake = (): void => {
    change.resolve();
    change = Promise.withResolvers();
  };

  async function* follow(pod: string, url: URL, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
    const since = Date.parse(url.searchParams.get('sinceTime') ?? '1970-01-01T00:00:00Z');
    const tail = Number(url.searchParams.get('tailLines') ?? Infinity);
    const connection = breaks;
    const isAsked = (line: string): boolean => Date.parse(line.split(' ')[0] ?? '') >= since;
    let next = Math.max(0, (lines.get(pod)?.length ?? 0) - tail);
    for (;;) {
      for (const line of lines.get(pod)?.slice(next) ?? []) {
        if (!isAsked(line)) continue;
        read += 1;
        yield* inParts(`${line}\n`);
      }
      next = lines.get(pod)?.length ?? 0;
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
      lines.set(pod, [...(lines.get(pod) ?? []), `${time} ${text}`]);
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
