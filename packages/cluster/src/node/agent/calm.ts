import type { Clock } from '@slipway/kube/clock';

/** What can wait does so for no longer than this, whatever goes on. */
const longestWaitMilliseconds = 1_000;

/** Lets what is not urgent wait until what is has been done: told beside each other, both would take longer. */
export class Calm {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #urgent = 0;
  #hasEnded = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Nothing that can wait begins before the task has ended. */
  async during<T>(task: () => Promise<T>): Promise<T> {
    this.#urgent += 1;
    try {
      return await task();
    } finally {
      this.#urgent -= 1;
      if (this.#urgent === 0) this.#proceed();
    }
  }

  /** Who tells of anything is about to go: nothing waits any more. */
  end(): void {
    this.#hasEnded = true;
    this.#proceed();
  }

  /** Resolves when nothing urgent goes on, at the latest a second after `since`, in milliseconds of the monotonic clock. */
  async wait(since: number): Promise<void> {
    const left = since + longestWaitMilliseconds - this.#clock.monotonic();
    if (this.#hasEnded || this.#urgent === 0 || left <= 0) return;
    await new Promise<void>((resolve) => {
      const proceed = (): void => {
        cancel();
        this.#waiting.delete(proceed);
        resolve();
      };
      const cancel = this.#clock.schedule(left, proceed);
      this.#waiting.add(proceed);
    });
  }

  #proceed(): void {
    for (const proceed of this.#waiting) proceed();
  }
}
