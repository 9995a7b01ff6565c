import type { Clock } from '@slipway/kube/clock';

export interface BriefCacheOptions {
  readonly clock: Clock;
  readonly lifetimeMilliseconds: number;
  readonly maximumEntries: number;
}

interface Entry<T> {
  readonly until: number;
  readonly value: Promise<T>;
}

/** Answers of somebody else, kept for a moment: who asks the same meanwhile, or at the same time, gets the same. */
export class BriefCache<T> {
  readonly #options: BriefCacheOptions;
  /** The oldest first. */
  readonly #entries = new Map<string, Entry<T>>();

  constructor(options: BriefCacheOptions) {
    this.#options = options;
  }

  /** What failed is asked again. */
  get(key: string, ask: () => Promise<T>): Promise<T> {
    const now = this.#options.clock.monotonic();
    const known = this.#entries.get(key);
    if (known !== undefined && known.until > now) return known.value;
    this.#entries.delete(key);
    this.#makeRoom(now);
    const entry = { until: now + this.#options.lifetimeMilliseconds, value: ask() };
    this.#entries.set(key, entry);
    entry.value.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    return entry.value;
  }

  #makeRoom(now: number): void {
    for (const [key, { until }] of this.#entries) {
      if (until > now && this.#entries.size < this.#options.maximumEntries) return;
      this.#entries.delete(key);
    }
  }
}
