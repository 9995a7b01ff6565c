import { StatusError } from '@slipway/kube/status-error';

/**
 * The body of a request of which a part is still to come. It is short, so that what has come is kept whether somebody reads
 * it or not: whoever may not ask is answered before anybody does, and then what comes is dropped.
 */
export class PendingBody implements AsyncIterable<Uint8Array> {
  #missing: number;
  #pieces: Buffer[];
  #state: 'wanted' | 'dropped' | 'broken' = 'wanted';
  #wake: (() => void) | undefined;

  constructor(begin: Buffer, missing: number) {
    this.#pieces = [begin];
    this.#missing = missing;
  }

  get isWhole(): boolean {
    return this.#missing === 0;
  }

  /** Gives what is no part of it any more. */
  take(piece: Buffer): Buffer {
    const own = piece.subarray(0, this.#missing);
    this.#missing -= own.length;
    if (this.#state === 'wanted') this.#pieces.push(own);
    this.#awake();
    return piece.subarray(own.length);
  }

  /** Nobody reads it any more. */
  drop(): void {
    this.#pieces = [];
    if (this.#state === 'wanted') this.#state = 'dropped';
  }

  /** Nothing more of it will come. */
  break(): void {
    this.#state = 'broken';
    this.#awake();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      for (const piece of this.#pieces.splice(0)) yield piece;
      if (this.isWhole && this.#pieces.length === 0) return;
      if (this.#state === 'broken') throw new StatusError('BadRequest', 'the request ended before its body did');
      if (this.#pieces.length === 0) await this.#more();
    }
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #awake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
