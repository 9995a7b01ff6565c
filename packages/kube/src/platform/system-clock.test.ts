import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from './system-clock.ts';

const day = 86_400_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('waits longer than a timer of the platform can', () => {
  const callback = vi.fn();
  systemClock.schedule(60 * day, callback);
  vi.advanceTimersByTime(59 * day);
  expect(callback).not.toHaveBeenCalled();
  vi.advanceTimersByTime(day);
  expect(callback).toHaveBeenCalledTimes(1);
});

test('is cancelled in whichever part of a long wait', () => {
  const callback = vi.fn();
  const cancel = systemClock.schedule(60 * day, callback);
  vi.advanceTimersByTime(30 * day);
  cancel();
  vi.advanceTimersByTime(60 * day);
  expect(callback).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});
