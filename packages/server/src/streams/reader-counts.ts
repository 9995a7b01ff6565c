/** Streams that each reader has open: one of them does not take what is there for all. */
export const maximumStreams = 100;

export class ReaderCounts {
  readonly #counts = new Map<string, number>();

  /** False where he has too many; otherwise he has one more until the signal. */
  admit(reader: string, gone: AbortSignal): boolean {
    const count = this.#counts.get(reader) ?? 0;
    if (count >= maximumStreams || gone.aborted) return false;
    this.#counts.set(reader, count + 1);
    gone.addEventListener('abort', () => this.#release(reader), { once: true });
    return true;
  }

  #release(reader: string): void {
    const left = (this.#counts.get(reader) ?? 0) - 1;
    if (left > 0) this.#counts.set(reader, left);
    else this.#counts.delete(reader);
  }
}
