/** RFC 6455, 5.2: only as much of framing as it takes to put a close frame between two frames of others. */

/** Follows a stream of frames and knows when it stands between two of them. */
export class FrameBoundary {
  readonly #header = Buffer.alloc(14);
  #headerLength = 0;
  #payload = 0;

  get isBetweenFrames(): boolean {
    return this.#payload === 0 && this.#headerLength === 0;
  }

  /** Reads `piece`; returns where the first frame ends that ends in it, or -1. */
  read(piece: Buffer): number {
    let firstEnd = -1;
    let at = 0;
    while (at < piece.length) {
      at = this.#payload > 0 ? this.#skipPayload(piece, at) : this.#readHeaderByte(piece, at);
      if (firstEnd < 0 && this.isBetweenFrames) firstEnd = at;
    }
    return firstEnd;
  }

  #skipPayload(piece: Buffer, at: number): number {
    const taken = Math.min(this.#payload, piece.length - at);
    this.#payload -= taken;
    return at + taken;
  }

  #readHeaderByte(piece: Buffer, at: number): number {
    this.#header[this.#headerLength] = piece[at] ?? 0;
    this.#headerLength += 1;
    if (this.#headerLength >= 2 && this.#headerLength === this.#expectedHeaderLength()) {
      this.#payload = this.#payloadLength();
      this.#headerLength = 0;
    }
    return at + 1;
  }

  #expectedHeaderLength(): number {
    const second = this.#header[1] ?? 0;
    const length = second & 0x7f;
    const extended = length === 126 ? 2 : length === 127 ? 8 : 0;
    return 2 + extended + ((second & 0x80) === 0 ? 0 : 4);
  }

  #payloadLength(): number {
    const length = (this.#header[1] ?? 0) & 0x7f;
    if (length === 126) return this.#header.readUInt16BE(2);
    return length === 127 ? Number(this.#header.readBigUInt64BE(2)) : length;
  }
}

const close = 0x88;

/** `code` to a client; frames from a server are not masked. */
export function closeFrameToClient(code: number): Buffer {
  return Buffer.from([close, 2, code >> 8, code & 0xff]);
}

/** `code` to a server; frames from a client are masked, with any mask. */
export function closeFrameToServer(code: number, mask: Uint8Array): Buffer {
  const [a = 0, b = 0, c = 0, d = 0] = mask;
  return Buffer.from([close, 0x80 | 2, a, b, c, d, (code >> 8) ^ a, (code & 0xff) ^ b]);
}
