/** One piece of work after the other, in the order in which they were asked for. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    // Whoever asked handles a failure; the next piece only has to wait for the end.
    this.#last = result.catch(() => undefined);
    return result;
  }
}
