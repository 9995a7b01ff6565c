import type { Clock } from '../clock.ts';

/** The longest that a timer of the platform can wait, 24.8 days; one that is to wait longer ends at once. */
const longestTimerMilliseconds = 2 ** 31 - 1;

/** The machine's clock. Only composition roots use it. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule(milliseconds, callback) {
    // What was due already is due now.
    let left = Math.max(0, milliseconds);
    const wait = (): NodeJS.Timeout => {
      const part = Math.min(left, longestTimerMilliseconds);
      left -= part;
      return setTimeout(end, part);
    };
    const end = (): void => {
      if (left > 0) timer = wait();
      else callback();
    };
    let timer = wait();
    return () => clearTimeout(timer);
  },
};
