/** Streams that each reader has open: one of them does not take what is there for all. */
export const maximumStreams = 100;
/** Of all together, since each may keep a quarter of a megabyte for who does not read it. */
export const maximumStreamsOfAll = 1_000;
/** Of these: who needs no login could be anybody, from as many addresses as he likes. */
export const maximumStreamsWithoutLogin = maximumStreamsOfAll / 2;

export interface Reader {
  readonly name: string;
  readonly hasLogin: boolean;
}

export class ReaderCounts {
  readonly #counts = new Map<string, number>();
  #all = 0;
  #withoutLogin = 0;

  /** Why not, where there are too many; otherwise he has one more until the signal. */
  admit({ name, hasLogin }: Reader, gone: AbortSignal): string | undefined {
    const count = this.#counts.get(name) ?? 0;
    if (count >= maximumStreams) return `${maximumStreams} streams are open already: close one`;
    if (this.#all >= maximumStreamsOfAll)
      return `the server has ${maximumStreamsOfAll} streams open already: come back later`;
    if (!hasLogin && this.#withoutLogin >= maximumStreamsWithoutLogin)
      return `${maximumStreamsWithoutLogin} streams are open without a login already: log in, or come back later`;
    if (gone.aborted) return 'the reader has gone';
    this.#add({ name, hasLogin }, 1);
    gone.addEventListener('abort', () => this.#add({ name, hasLogin }, -1), { once: true });
    return undefined;
  }

  #add({ name, hasLogin }: Reader, difference: 1 | -1): void {
    this.#all += difference;
    if (!hasLogin) this.#withoutLogin += difference;
    const count = (this.#counts.get(name) ?? 0) + difference;
    if (count > 0) this.#counts.set(name, count);
    else this.#counts.delete(name);
  }
}
