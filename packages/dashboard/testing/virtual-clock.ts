import type { Clock } from '../src/platform/browser.ts';

export interface VirtualClock extends Clock {
  /** Calls back, in their order, all that fall due meanwhile. */
  advance(milliseconds: number): void;
}

export function createVirtualClock(): VirtualClock {
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  let time = 0;
  return {
    now: () => time,
    schedule(milliseconds, callback) {
      const timer = { at: time + milliseconds, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance(milliseconds) {
      const end = time + milliseconds;
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).toSorted((one, other) => one.at - other.at);
        if (next === undefined) break;
        timers.delete(next);
        time = next.at;
        next.callback();
      }
      time = end;
    },
  };
}
