import type { Clock } from '../src/clock.ts';

interface Timer {
  readonly due: number;
  readonly sequence: number;
  readonly callback: () => void;
}

/** Resolves when nothing is under way any more, with whether anything was. */
type Rest = () => Promise<boolean>;

/** Virtual time: nothing happens until a test advances it, and then everything that is due happens in order. */
export class FakeClock implements Clock {
  #now: number;
  readonly #origin: number;
  #jumped = 0;
  #sequence = 0;
  readonly #timers = new Set<Timer>();
  readonly #rests = new Set<Rest>();

  constructor(start: number = Date.UTC(2026, 0, 1)) {
    this.#now = start;
    this.#origin = start;
  }

  now(): number {
    return this.#now + this.#jumped;
  }

  /** Somebody sets the clock: forward, or back where negative. Durations and timers go on as they are. */
  jump(milliseconds: number): void {
    this.#jumped += milliseconds;
  }

  monotonic(): number {
    return this.#now - this.#origin;
  }

  schedule(milliseconds: number, callback: () => void): () => void {
    const timer: Timer = { due: this.#now + Math.max(0, milliseconds), sequence: this.#sequence++, callback };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Virtual time stands still while something works in real time that tests are to see the end of, such as a database. */
  waitFor(rest: Rest): void {
    this.#rests.add(rest);
  }

  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Runs all timers that fall due in the next `milliseconds`, letting promises settle before, between and after them. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await this.#settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.due);
      next.callback();
      await this.#settle();
    }
    this.#now = end;
    await this.#settle();
  }

  async #settle(): Promise<void> {
    let wasBusy = true;
    while (wasBusy) {
      await settle();
      wasBusy = (await Promise.all([...this.#rests].map((rest) => rest()))).includes(true);
    }
  }

  #next(end: number): Timer | undefined {
    let earliest: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.due > end) continue;
      if (
        earliest === undefined ||
        timer.due < earliest.due ||
        (timer.due === earliest.due && timer.sequence < earliest.sequence)
      ) {
        earliest = timer;
      }
    }
    return earliest;
  }
}

/** Long enough for chains of promises and for `setImmediate` callbacks that they wait for. */
export async function settle(rounds = 6): Promise<void> {
  for (let round = 0; round < rounds; round++) await new Promise((resolve) => setImmediate(resolve));
}
