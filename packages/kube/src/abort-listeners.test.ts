import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { onAbort } from './abort-listeners.ts';
import { delay } from './clock.ts';

describe('listeners of an abort', () => {
  it('are called once, in their order, without those that were taken back', () => {
    const controller = new AbortController();
    const called: string[] = [];
    onAbort(controller.signal, () => called.push('a'));
    const takeBack = onAbort(controller.signal, () => called.push('b'));
    onAbort(controller.signal, () => called.push('c'));
    takeBack();
    controller.abort();
    expect(called).toEqual(['a', 'c']);
  });

  it('that are taken back by one before them are not called', () => {
    const controller = new AbortController();
    const called: string[] = [];
    onAbort(controller.signal, () => takeBack());
    const takeBack = onAbort(controller.signal, () => called.push('b'));
    controller.abort();
    expect(called).toEqual([]);
  });

  it('are one for the signal, however many wait and have waited', async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const over = Array.from({ length: 50 }, () => delay(clock, 1_000, controller.signal));
    const aborted = Array.from({ length: 50 }, () => delay(clock, 2_000, controller.signal));
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    await clock.advance(1_000);
    await Promise.all(over);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    controller.abort(new Error('the end'));
    const outcomes = await Promise.allSettled(aborted);
    expect(outcomes).toEqual(aborted.map(() => ({ status: 'rejected', reason: new Error('the end') })));
    expect(clock.pendingTimers).toBe(0);
    await expect(delay(clock, 1, controller.signal)).rejects.toThrow('the end');
  });

  it('are none when nobody waits any more, so that a signal that is joined from others can go', async () => {
    const clock = new FakeClock();
    const signal = AbortSignal.any([new AbortController().signal]);
    for (const _ of [1, 2]) {
      const waiting = delay(clock, 1_000, signal);
      expect(getEventListeners(signal, 'abort')).toHaveLength(1);
      await clock.advance(1_000);
      await waiting;
      expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    }
  });
});
