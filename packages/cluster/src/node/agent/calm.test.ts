import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../../kube/testing/fake-clock.ts';
import { Calm } from './calm.ts';

let clock: FakeClock;
let calm: Calm;
beforeEach(() => {
  clock = new FakeClock();
  calm = new Calm(clock);
});

/** Done says so. */
function waiter(since = clock.monotonic()): { isDone: boolean } {
  const state = { isDone: false };
  void calm.wait(since).then(() => (state.isDone = true));
  return state;
}

function task() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  return { end: resolve, fail: reject, result: calm.during(() => promise) };
}

describe('what can wait', () => {
  it('goes on at once where nothing urgent does', async () => {
    const waiting = waiter();
    await clock.advance(0);
    expect(waiting.isDone).toBe(true);
  });

  it('goes on when the last urgent task has ended', async () => {
    const [first, second] = [task(), task()];
    const waiting = waiter();
    first.end('done');
    await clock.advance(0);
    expect([await first.result, waiting.isDone]).toEqual(['done', false]);
    second.end('');
    await clock.advance(0);
    expect(waiting.isDone).toBe(true);
  });

  it('goes on when that has failed too', async () => {
    const failing = task();
    const waiting = waiter();
    failing.fail(new Error('no disk'));
    await expect(failing.result).rejects.toThrow('no disk');
    await clock.advance(0);
    expect(waiting.isDone).toBe(true);
  });

  it('goes on a second after it was asked for, whatever still goes on', async () => {
    const endless = task();
    const [fresh, older] = [waiter(), waiter(clock.monotonic() - 600)];
    await clock.advance(399);
    expect([fresh.isDone, older.isDone]).toEqual([false, false]);
    await clock.advance(1);
    expect([fresh.isDone, older.isDone]).toEqual([false, true]);
    await clock.advance(600);
    expect(fresh.isDone).toBe(true);
    endless.end('');
    await endless.result;
  });

  it('goes on at the end, and waits for nothing from then on', async () => {
    const endless = task();
    const before = waiter();
    calm.end();
    const behind = waiter();
    await clock.advance(0);
    expect([before.isDone, behind.isDone, clock.pendingTimers]).toEqual([true, true, 0]);
    endless.end('');
    await endless.result;
  });
});
