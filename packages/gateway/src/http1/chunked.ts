import { assertCleanText, parseFields } from './fields.ts';
import { ProtocolError } from './protocol-error.ts';

const maxExtensionBytes = 256;
const maxTrailerBytes = 8 * 1024;

const cr = 0x0d;
const lf = 0x0a;

type State = 'size' | 'extension' | 'sizeEnd' | 'data' | 'dataCr' | 'dataLf' | 'trailer' | 'done';

/** A trailer must not say what a header decided: RFC 9110, 6.5.1. */
const forbiddenTrailers: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'host',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Follows a chunked body through the pieces in which it arrives, and emits slices of them without copying: the body with
 * its framing (`keep`), without extensions, which nobody after us should have to interpret; or only the data (`strip`).
 */
export class ChunkedScanner {
  readonly #mode: 'keep' | 'strip';
  #state: State = 'size';
  #digits = 0;
  #size = 0;
  #extension = 0;
  #trailer = '';

  constructor(mode: 'keep' | 'strip') {
    this.#mode = mode;
  }

  get isDone(): boolean {
    return this.#state === 'done';
  }

  /** Reads `piece` from `from` on; returns where the body ended, or the piece's length. Throws `ProtocolError`. */
  scan(piece: Buffer, from: number, emit: (slice: Buffer) => void): number {
    let runStart = -1;
    let at = from;
    while (at < piece.length && !this.isDone) {
      const isData = this.#state === 'data';
      const next = isData ? this.#skipData(piece, at) : this.#step(piece[at] ?? 0, at);
      const isEmitted = this.#mode === 'strip' ? isData : !this.#isInExtension();
      if (isEmitted && runStart < 0) runStart = at;
      if (!isEmitted && runStart >= 0) {
        emit(piece.subarray(runStart, at));
        runStart = -1;
      }
      at = next;
    }
    if (runStart >= 0) emit(piece.subarray(runStart, at));
    return at;
  }

  /** After its semicolon and until the CR, which belongs to the size line. */
  #isInExtension(): boolean {
    return this.#state === 'extension';
  }

  #skipData(piece: Buffer, at: number): number {
    const taken = Math.min(this.#size, piece.length - at);
    this.#size -= taken;
    if (this.#size === 0) this.#state = 'dataCr';
    return at + taken;
  }

  #step(byte: number, at: number): number {
    switch (this.#state) {
      case 'size':
        this.#readSize(byte);
        break;
      case 'extension':
        this.#readExtension(byte);
        break;
      case 'sizeEnd':
        expectByte(byte, lf);
        this.#state = this.#size === 0 ? 'trailer' : 'data';
        break;
      case 'dataCr':
        expectByte(byte, cr);
        this.#state = 'dataLf';
        break;
      case 'dataLf':
        expectByte(byte, lf);
        this.#digits = 0;
        this.#state = 'size';
        break;
      case 'trailer':
        this.#readTrailer(byte);
        break;
      case 'data':
      case 'done':
        break;
    }
    return at + 1;
  }

  #readSize(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      this.#size = this.#digits === 0 ? digit : this.#size * 16 + digit;
      this.#digits += 1;
      // 13 digits are 52 bits: still exact.
      if (this.#digits > 13) throw new ProtocolError('a chunk size that is too long');
      return;
    }
    if (this.#digits === 0) throw new ProtocolError('a chunk without a size');
    if (byte === cr) this.#state = 'sizeEnd';
    else if (byte === 0x3b) this.#beginExtension();
    else throw new ProtocolError('an invalid chunk size');
  }

  #beginExtension(): void {
    this.#extension = 0;
    this.#state = 'extension';
  }

  #readExtension(byte: number): void {
    if (byte === cr) {
      this.#state = 'sizeEnd';
      return;
    }
    this.#extension += 1;
    if (this.#extension > maxExtensionBytes || (byte < 0x20 && byte !== 0x09) || byte === 0x7f) {
      throw new ProtocolError('an invalid chunk extension');
    }
  }

  #readTrailer(byte: number): void {
    this.#trailer += String.fromCharCode(byte);
    if (this.#trailer.length > maxTrailerBytes) throw new ProtocolError('trailers that are too long', 431);
    if (byte !== lf) return;
    if (this.#trailer === '\r\n') this.#state = 'done';
    else if (this.#trailer.endsWith('\r\n\r\n')) {
      assertTrailers(this.#trailer.slice(0, -4));
      this.#state = 'done';
    } else assertCleanText(this.#trailer);
  }
}

function assertTrailers(text: string): void {
  assertCleanText(text);
  for (const { name, key } of parseFields(text, 0)) {
    if (forbiddenTrailers.has(key)) throw new ProtocolError(`a trailer that must be a header: ${name}`);
  }
}

function expectByte(byte: number, expected: number): void {
  if (byte !== expected) throw new ProtocolError('a chunk that does not end where it says');
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
