/** How much of something it holds at a time: what is more than that by itself is held alone. */
export interface QueueBound<T> {
  readonly maximum: number;
  readonly sizeOf: (item: T) => number;
}

/** Between many that write and one that reads: who writes waits while it is full. */
export class LineQueue<T> {
  readonly #bound: QueueBound<T>;
  #items: T[] = [];
  #size = 0;
  #room = Promise.withResolvers<void>();
  #news = Promise.withResolvers<void>();
  #isNudged = false;
  #isClosed = false;

  constructor(bound: QueueBound<T>) {
    this.#bound = bound;
  }

  /** False once it is closed. */
  async push(item: T): Promise<boolean> {
    const size = this.#bound.sizeOf(item);
    while (this.#size > 0 && this.#size + size > this.#bound.maximum && !this.#isClosed) await this.#room.promise;
    if (this.#isClosed) return false;
    this.#items.push(item);
    this.#size += size;
    this.#news.resolve();
    return true;
  }

  /** All that there is, as soon as there is something, or somebody nudges; undefined once it is closed and empty. */
  async take(): Promise<readonly T[] | undefined> {
    while (this.#items.length === 0 && !this.#isNudged && !this.#isClosed) await this.#news.promise;
    const taken = this.#items;
    if (taken.length === 0 && !this.#isNudged) return undefined;
    [this.#items, this.#size, this.#isNudged] = [[], 0, false];
    this.#room.resolve();
    this.#room = Promise.withResolvers();
    this.#news = Promise.withResolvers();
    return taken;
  }

  /** There is something to be said beside what is in it. */
  nudge(): void {
    this.#isNudged = true;
    this.#news.resolve();
  }

  /** What is in it can still be taken. */
  close(): void {
    this.#isClosed = true;
    this.#room.resolve();
    this.#news.resolve();
  }
}
