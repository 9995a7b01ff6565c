import { silentLogger } from '@slipway/kube/logger';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { keepServing } from './keep-serving.ts';
import type { ServerPlace } from './server-place.ts';

const here: ServerPlace = { url: 'http://127.0.0.1:8090', tokenFile: 'token' };
const starting: ServerPlace = { ...here, isStarting: true };
const waiting: ServerPlace = { ...here, waitsFor: 'port 8090' };

describe('a server that is kept running', () => {
  let clock: FakeClock;
  let stopping: AbortController;
  let found: ServerPlace;
  let told: ServerPlace[];
  let logged: string[];
  let served: string[];
  let listen: () => void;
  let end: (how: string) => void;
  let done: Promise<void>;

  beforeEach(() => {
    clock = new FakeClock(0);
    stopping = new AbortController();
    found = here;
    [told, logged, served] = [[], [], []];
  });

  function start(): void {
    const { signal } = stopping;
    done = keepServing({
      place: starting,
      look: async () => found,
      serve: ({ url }, { onListening }) => {
        listen = onListening;
        served.push(`${clock.now()} ${url}`);
        const { promise, resolve } = Promise.withResolvers<string>();
        end = resolve;
        signal.addEventListener('abort', () => resolve('SIGTERM'), { once: true });
        return promise;
      },
      onPlace: async (place) => void told.push(place),
      clock,
      logger: { ...silentLogger, warn: (msg) => void logged.push(msg) },
      signal,
    });
  }

  it('is told of once it listens, and as away from its end until it listens again', async () => {
    start();
    await clock.advance(60_000);
    expect(told).toEqual([]);
    listen();
    await clock.advance(0);
    expect(told).toEqual([here]);
    end('SIGKILL');
    await clock.advance(500);
    expect(told.slice(1)).toEqual([{ ...here, endedWith: 'SIGKILL' }]);
    await clock.advance(500);
    expect(told.slice(2)).toEqual([starting]);
    expect(served).toHaveLength(2);
    listen();
    await clock.advance(0);
    expect(told.slice(3)).toEqual([here]);
    stopping.abort();
    await done;
    expect(told).toHaveLength(4);
  });

  it('is told of in the end as it is in the end, though it ends at once', async () => {
    start();
    await clock.advance(0);
    listen();
    end('exit code 1');
    await clock.advance(500);
    expect(told).toEqual([here, { ...here, endedWith: 'exit code 1' }]);
    stopping.abort();
    await done;
  });

  it('waits for its place with a word on it before and after, and is there soon when that is free', async () => {
    found = waiting;
    start();
    await clock.advance(600_000);
    expect({ told, logged, served }).toEqual({
      told: [waiting],
      logged: ['the deployment server waits'],
      served: [],
    });
    found = here;
    await clock.advance(5_000);
    expect(served).toHaveLength(1);
    expect(told).toEqual([waiting, starting]);
    expect(logged).toEqual(['the deployment server waits', 'the deployment server waits no longer']);
    stopping.abort();
    await done;
  });

  it('goes where its place is now', async () => {
    const elsewhere = { ...here, url: 'http://127.0.0.1:9000' };
    found = elsewhere;
    start();
    await clock.advance(0);
    expect({ told, served }).toEqual({ told: [{ ...elsewhere, isStarting: true }], served: [`0 ${elsewhere.url}`] });
    stopping.abort();
    await done;
  });

  it('is not begun any more when it was asked to end while it waits, or looks for its place', async () => {
    found = waiting;
    start();
    await clock.advance(10_000);
    found = here;
    stopping.abort();
    await done;
    expect(served).toEqual([]);
    stopping = new AbortController();
    start();
    stopping.abort();
    await done;
    expect(served).toEqual([]);
  });
});
