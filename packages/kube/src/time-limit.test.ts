import { describe, expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { limitTime } from './time-limit.ts';

function limited(clock: FakeClock, signal: AbortSignal = new AbortController().signal) {
  return limitTime({ clock, milliseconds: 1_000, signal, message: 'too late' });
}

describe('a limited time', () => {
  test('is over when nobody begins it anew', async () => {
    const clock = new FakeClock();
    const { signal } = limited(clock);
    await clock.advance(999);
    expect(signal.aborted).toBe(false);
    await clock.advance(1);
    expect(signal.reason).toEqual(new Error('too late'));
  });

  test('lasts as long again from when it was begun anew the last time', async () => {
    const clock = new FakeClock();
    const { signal, restart } = limited(clock);
    for (const passed of [400, 500, 800]) {
      await clock.advance(passed);
      restart();
    }
    await clock.advance(999);
    expect(signal.aborted).toBe(false);
    await clock.advance(1);
    expect(signal.aborted).toBe(true);
  });

  test('is not counted after it was disposed of', async () => {
    const clock = new FakeClock();
    const limit = limited(clock);
    await clock.advance(500);
    limit.restart();
    await clock.advance(600);
    limit[Symbol.dispose]();
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(10_000);
    expect(limit.signal.aborted).toBe(false);
  });

  test('is over with the signal that it was given', () => {
    const abort = new AbortController();
    const { signal } = limited(new FakeClock(), abort.signal);
    abort.abort(new Error('no longer wanted'));
    expect(signal.reason).toEqual(new Error('no longer wanted'));
  });
});
