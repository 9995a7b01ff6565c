import type { Clock } from '@slipway/kube/clock';

/** More than this is not on its way to a reader: what it has read is known by the pings that it answers. */
const maximumUnreadBytes = 256 * 1_024;
/** Frames are sent in pieces of at most this size, with a ping behind so many bytes: kernels keep megabytes that nobody has read. */
const pieceBytes = 32 * 1_024;
/** A reader that does not get as far as the next ping, two pieces at most, is let go: it comes back when it can, and goes on where it was. */
const maximumStandstillMilliseconds = 30_000;
/** Proxies on the way end a connection that is silent; one that is dead shows itself. */
const pingMilliseconds = 20_000;
/**
 * Why it was let go is behind all that it did not read: so long it may still read, as after a sleep, and then it is told nothing.
 * A connection that ended sooner would answer the pings of its own that it comes across with a reset, which takes all of that.
 */
export const lastWordsMilliseconds = 300_000;

/** To say goodbye too, for a reader that has nothing before that. */
const goodbyeMilliseconds = 30_000;

/** https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1 */
export const closeCodes = {
  normal: 1_000,
  goingAway: 1_001,
  refused: 1_008,
  failed: 1_011,
  tryAgainLater: 1_013,
} as const;

interface Piece {
  readonly binary: false;
  /** The last one of its frame. */
  readonly fin: boolean;
}

/** What is used of a WebSocket. */
export interface Wire {
  /** Bytes that the kernel has not taken yet. */
  readonly bufferedAmount: number;
  send(bytes: Uint8Array, piece: Piece, onTaken: () => void): void;
  ping(content: string): void;
  close(code: number, reason: string): void;
  terminate(): void;
  on(event: 'close' | 'error', listener: () => void): unknown;
  on(event: 'pong', listener: (content: Uint8Array) => void): unknown;
}

export interface Pace {
  readonly clock: Clock;
  /** Told once, where a reader is let go because it takes nothing. */
  readonly onLetGo: (reason: string) => void;
}

/** A WebSocket that is written to no faster than it is read. */
export class PacedSocket {
  readonly #wire: Wire;
  readonly #clock: Clock;
  readonly #onLetGo: (reason: string) => void;
  readonly #closed = new AbortController();
  readonly #gone = new AbortController();
  #cancelPing = (): void => undefined;
  #cancelStandstill = (): void => undefined;
  #cancelEnd = (): void => undefined;
  /** Bytes, since the beginning: sent, sent before the last ping, and read by the last answer to one. */
  #sent = 0;
  #pinged = 0;
  #read = 0;
  #isAsked = false;
  #news = Promise.withResolvers<void>();
  /** Where the reader goes on once it has what was sent. */
  #resume = 'what it has';

  constructor(wire: Wire, { clock, onLetGo }: Pace) {
    this.#wire = wire;
    this.#clock = clock;
    this.#onLetGo = onLetGo;
    const onClose = (): void => {
      this.#cancelPing();
      this.#cancelStandstill();
      this.#cancelEnd();
      this.#end('the reader has gone');
      this.#gone.abort();
    };
    wire.on('close', onClose);
    // What went wrong with a connection is of no use to anybody: `close` follows.
    wire.on('error', onClose);
    wire.on('pong', (content) => this.#hear(Number(Buffer.from(content).toString())));
    this.#schedulePing();
  }

  /** Aborts when the reader is gone, or was let go. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Aborts when nothing is kept for the reader any more: one that was let go may still read what it was sent. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Resolves when there is room for more; false where the reader is gone, or was let go because it takes nothing. */
  send(frame: object, resume: string): Promise<boolean> {
    return this.sendText(JSON.stringify(frame), resume);
  }

  /** As `send`, of a frame that is text. */
  async sendText(frame: string, resume: string): Promise<boolean> {
    if (this.closed.aborted) return false;
    this.#resume = resume;
    const bytes = Buffer.from(frame);
    for (let start = 0; start < bytes.length; start += pieceBytes) {
      const end = Math.min(start + pieceBytes, bytes.length);
      this.#wire.send(bytes.subarray(start, end), { binary: false, fin: end === bytes.length }, () => this.#wake());
      this.#sent += end - start;
      if (this.#sent - this.#pinged >= pieceBytes) this.#ask();
    }
    while (!this.closed.aborted && !this.#hasRoom()) await this.#news.promise;
    return !this.closed.aborted;
  }

  close(code: number, reason: string): void {
    // The protocol has room for 123 bytes.
    this.#wire.close(code, reason.slice(0, 120));
    if (this.#gone.signal.aborted) return;
    const milliseconds = this.#sent > this.#read ? lastWordsMilliseconds : goodbyeMilliseconds;
    this.#cancelEnd();
    this.#cancelEnd = this.#clock.schedule(milliseconds, () => this.#wire.terminate());
  }

  /** By its own account, and by that of the kernel: a reader might answer pings that it has no right to answer yet. */
  #hasRoom(): boolean {
    return this.#sent - this.#read <= maximumUnreadBytes && this.#wire.bufferedAmount <= maximumUnreadBytes;
  }

  #wake(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  /** The answer comes once the reader has read what was sent before. */
  #ask(): void {
    this.#pinged = this.#sent;
    if (!this.#isAsked) this.#awaitAnswer();
    this.#wire.ping(String(this.#pinged));
  }

  #awaitAnswer(): void {
    this.#isAsked = true;
    this.#cancelStandstill = this.#clock.schedule(maximumStandstillMilliseconds, () =>
      this.#letGo(`nothing was read for 30 s: go on with ${this.#resume}`),
    );
  }

  /** Of the pings that a reader has before it, it may answer the last one only. */
  #hear(read: number): void {
    const isNews = read > this.#read || read === this.#pinged;
    const isAnswer = this.#isAsked && isNews && read <= this.#pinged;
    if (!isAnswer || this.closed.aborted) return;
    this.#read = read;
    this.#isAsked = false;
    this.#cancelStandstill();
    if (read < this.#pinged) this.#awaitAnswer();
    this.#wake();
  }

  #schedulePing(): void {
    this.#cancelPing = this.#clock.schedule(pingMilliseconds, () => {
      if (!this.#isAsked) this.#ask();
      this.#schedulePing();
    });
  }

  #letGo(reason: string): void {
    this.#cancelPing();
    this.close(closeCodes.tryAgainLater, reason);
    this.#end(reason);
    this.#onLetGo(reason);
  }

  #end(reason: string): void {
    this.#closed.abort(new Error(reason));
    this.#wake();
  }
}
