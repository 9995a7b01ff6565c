/** As much of a long list as is written at once. */
const roomBytes = 128 * 1024;
const comma = 0x2c;

/** Memory that is new costs more than what is written to it: that of the last list is the next one's. */
let spare: Buffer | undefined;

/** A list as JSON in UTF-8, of the texts of its objects: it is never there as a whole. */
export class ListText {
  /** Bytes. */
  readonly size: number;
  readonly #begin: string;
  readonly #items: readonly string[];
  readonly #end: string;

  constructor(given: {
    readonly begin: string;
    readonly items: readonly string[];
    readonly end: string;
    /** Bytes of the items together. */
    readonly itemBytes: number;
  }) {
    this.#begin = given.begin;
    this.#items = given.items;
    this.#end = given.end;
    const commas = Math.max(0, given.items.length - 1);
    this.size = Buffer.byteLength(given.begin) + given.itemBytes + commas + Buffer.byteLength(given.end);
  }

  /** Each is good until the next one is asked for. */
  *pieces(): Generator<Buffer, void> {
    const room = spare ?? Buffer.allocUnsafeSlow(roomBytes);
    spare = undefined;
    try {
      let at = 0;
      for (const [text, isNext] of this.#texts()) {
        // A character of UTF-16 has three bytes at most in UTF-8.
        const most = 3 * text.length + 1;
        if (most > room.length - at) {
          yield room.subarray(0, at);
          at = 0;
        }
        if (isNext) room[at++] = comma;
        if (most <= room.length) at += room.write(text, at);
        else {
          yield room.subarray(0, at);
          at = 0;
          yield Buffer.from(text);
        }
      }
      yield room.subarray(0, at);
    } finally {
      spare = room;
    }
  }

  /** With whether a comma stands before it. */
  *#texts(): Generator<readonly [text: string, isNext: boolean], void> {
    yield [this.#begin, false];
    for (let index = 0; index < this.#items.length; index++) yield [this.#items[index] ?? '', index > 0];
    yield [this.#end, false];
  }

  toBuffer(): Buffer {
    const bytes = Buffer.allocUnsafe(this.size);
    let at = 0;
    for (const piece of this.pieces()) at += piece.copy(bytes, at);
    return bytes;
  }
}
