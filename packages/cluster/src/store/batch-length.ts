/** Writes of one batch: bounds how long the first of them waits for the last. */
const maximumLength = 1_000;

/** Fewer are worth no flush of their own as long as others may join them. */
export const manyWrites = 8;

/**
 * How many of those that wait become the next batch: mostly all. Clients that write again as soon as they have an answer
 * fall into step: nearly all of them are in one batch, while which is made durable nobody has anything to do, and the few
 * others make another one alone. Once that is seen, with a batch much longer than the one before it, which was much shorter
 * than its own, half of all are taken: while these are made durable the others are answered and ask again, and it takes no
 * more flushes than before.
 */
export class BatchLength {
  #last = 0;
  #beforeLast = 0;

  next(waiting: number): number {
    const isUneven = waiting >= manyWrites && this.#last * 2 < waiting && this.#last * 2 < this.#beforeLast;
    const half = Math.ceil((waiting + this.#last) / 2);
    const length = Math.min(maximumLength, isUneven ? half : waiting);
    this.#beforeLast = this.#last;
    this.#last = length;
    return length;
  }
}
