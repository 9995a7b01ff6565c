import { ChunkedScanner } from './chunked.ts';
import type { Framing } from './framing.ts';

/** Follows one body to its end, whatever its framing; emits slices of what it is given. */
export class BodyReader {
  readonly #isOpenEnded: boolean;
  readonly #chunks: ChunkedScanner | undefined;
  #remaining: number;

  /** `chunks` says what becomes of chunked framing: kept as it is, or stripped to the data. */
  constructor(framing: Framing, chunks: 'keep' | 'strip') {
    this.#chunks = framing.kind === 'chunked' ? new ChunkedScanner(chunks) : undefined;
    this.#remaining = framing.kind === 'length' ? framing.length : 0;
    this.#isOpenEnded = framing.kind === 'untilClose';
  }

  get isDone(): boolean {
    if (this.#chunks !== undefined) return this.#chunks.isDone;
    return !this.#isOpenEnded && this.#remaining === 0;
  }

  /** Returns where the body ended in `piece`, or the piece's length. */
  read(piece: Buffer, from: number, emit: (slice: Buffer) => void): number {
    if (this.#chunks !== undefined) return this.#chunks.scan(piece, from, emit);
    const end = this.#isOpenEnded ? piece.length : Math.min(piece.length, from + this.#remaining);
    if (end > from) emit(piece.subarray(from, end));
    if (!this.#isOpenEnded) this.#remaining -= end - from;
    return end;
  }
}
