import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { silentLogger } from '@slipway/kube/logger';
import { describe, expect, it } from 'vitest';
import { keepRunning } from './keep-running.ts';

/** Runs what lasts `lasts` milliseconds each time, for `milliseconds`, and gives the times at which it began. */
async function beginnings(lasts: (run: number) => number, milliseconds: number): Promise<readonly number[]> {
  const clock = new FakeClock(0);
  const stopping = new AbortController();
  const times: number[] = [];
  const done = keepRunning({
    name: 'it',
    clock,
    logger: silentLogger,
    signal: stopping.signal,
    run: (signal) => {
      times.push(clock.now());
      const { promise, resolve } = Promise.withResolvers<string>();
      const cancel = clock.schedule(lasts(times.length), () => resolve('code 1'));
      signal.addEventListener('abort', () => {
        cancel();
        resolve('asked to');
      });
      return promise;
    },
  });
  await clock.advance(milliseconds);
  stopping.abort();
  await done;
  return times;
}

describe('what is kept running', () => {
  it('runs once while it lasts', async () => {
    expect(await beginnings(() => 3_600_000, 1_000_000)).toEqual([0]);
  });

  it('is started again after pauses that double up to a minute', async () => {
    expect(await beginnings(() => 0, 200_000)).toEqual([
      0, 1_000, 3_000, 7_000, 15_000, 31_000, 63_000, 123_000, 183_000,
    ]);
  });

  it('is started again at once when it had run well', async () => {
    expect(await beginnings((run) => (run < 4 ? 0 : 60_000), 130_000)).toEqual([
      0, 1_000, 3_000, 7_000, 68_000, 129_000,
    ]);
  });
});
