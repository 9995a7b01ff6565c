import { delay, type Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';

export interface MemoryWatchOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of first processes, each with its limit in bytes: those of containers that hold more. */
  readonly findAboveLimit: (limits: ReadonlyMap<number, number>) => Promise<ReadonlySet<number>>;
}

export interface WatchedContainer {
  /** Its first process. */
  readonly pid: number;
  readonly limitBytes: number;
  kill(): void;
}

export interface MemoryLimit {
  /** Whether it was killed for want of memory. */
  wasOutOfMemory(): boolean;
  /** Before the number of its process can be another's. */
  remove(): void;
}

/** Of one look after another. */
const pauseMilliseconds = 500;
/** And no more than a fiftieth of the time, however many processes there are to be looked at. */
const pauseOfLook = 49;

/**
 * Holds containers to their limits of memory where no control group does: it looks now and then at what they hold, and kills
 * what is above. Coarser than the kernel: what grows and shrinks between two looks is not seen, and the machine needs room for
 * what grows until the next.
 */
export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  readonly #watched = new Map<number, { readonly container: WatchedContainer; isKilled: boolean }>();
  #isLooking = false;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
  }

  add(container: WatchedContainer): MemoryLimit {
    const watched = { container, isKilled: false };
    this.#watched.set(container.pid, watched);
    void this.#look();
    return {
      wasOutOfMemory: () => watched.isKilled,
      remove: () => {
        if (this.#watched.get(container.pid) === watched) this.#watched.delete(container.pid);
      },
    };
  }

  /** As long as there is somebody to be looked at. */
  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const { clock, logger } = this.#options;
    let tookMilliseconds = 0;
    while (this.#watched.size > 0) {
      await delay(clock, Math.max(pauseMilliseconds, pauseOfLook * tookMilliseconds));
      const begun = clock.monotonic();
      await this.#killAbove().catch((error: unknown) =>
        logger.warn('what containers use of memory cannot be read', { error }),
      );
      tookMilliseconds = clock.monotonic() - begun;
    }
    this.#isLooking = false;
  }

  async #killAbove(): Promise<void> {
    const looked = new Map(this.#watched);
    const limits = new Map([...looked].map(([pid, { container }]) => [pid, container.limitBytes]));
    for (const pid of await this.#options.findAboveLimit(limits)) {
      const watched = looked.get(pid);
      // It may have ended meanwhile, and its number be another's.
      if (watched === undefined || this.#watched.get(pid) !== watched) continue;
      watched.isKilled = true;
      watched.container.kill();
    }
  }
}
