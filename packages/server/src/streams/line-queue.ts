/** Between many that write and one that reads: who writes waits while it is full. */
export class LineQueue<T> {
  readonly #maximum: number;
  #items: T[] = [];
  #room = Promise.withResolvers<void>();
  #news = Promise.withResolvers<void>();
  #isClosed = false;

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** False once it is closed. */
  async push(item: T): Promise<boolean> {
    while (this.#items.length >= this.#maximum && !this.#isClosed) await this.#room.promise;
    if (this.#isClosed) return false;
    this.#items.push(item);
    this.#news.resolve();
    return true;
  }

  /** All that there is, as soon as there is something; nothing once it is closed and empty. */
  async take(): Promise<readonly T[]> {
    while (this.#items.length === 0 && !this.#isClosed) await this.#news.promise;
    const taken = this.#items;
    this.#items = [];
    this.#room.resolve();
    this.#room = Promise.withResolvers();
    this.#news = Promise.withResolvers();
    return taken;
  }

  /** What is in it can still be taken. */
  close(): void {
    this.#isClosed = true;
    this.#room.resolve();
    this.#news.resolve();
  }
}
