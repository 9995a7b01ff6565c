import type { Clock } from '@slipway/kube/clock';

/** More than this is not put between us and a reader that does not take it. */
const maximumBufferedBytes = 256 * 1_024;
const lookMilliseconds = 50;
/** A reader that takes nothing for so long is let go: it comes back when it can, and goes on where it was. */
const maximumStandstillMilliseconds = 30_000;
const pingMilliseconds = 20_000;
/** Why it was let go is behind all that it did not read: so long it may still read, and then it is told nothing any more. */
const lastWordsMilliseconds = 5_000;

/** https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1 */
export const closeCodes = {
  normal: 1_000,
  goingAway: 1_001,
  refused: 1_008,
  failed: 1_011,
  tryAgainLater: 1_013,
} as const;

/** What is used of a WebSocket. */
export interface Wire {
  /** What nobody has taken yet. */
  readonly bufferedAmount: number;
  send(frame: string, onTaken: () => void): void;
  ping(): void;
  close(code: number, reason: string): void;
  terminate(): void;
  on(event: 'close' | 'error' | 'pong', listener: () => void): unknown;
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
  #cancelPing = (): void => undefined;
  #cancelEnd = (): void => undefined;
  /** Since the last ping: an answer, or something that was taken which had waited for the reader. */
  #isAlive = true;
  /** Where the reader goes on once it has what was sent. */
  #resume = 'what it has';

  constructor(wire: Wire, { clock, onLetGo }: Pace) {
    this.#wire = wire;
    this.#clock = clock;
    this.#onLetGo = onLetGo;
    const onClose = (): void => {
      this.#cancelPing();
      this.#cancelEnd();
      this.#closed.abort(new Error('the reader has gone'));
    };
    wire.on('close', onClose);
    // What went wrong with a connection is of no use to anybody: `close` follows.
    wire.on('error', onClose);
    wire.on('pong', () => {
      this.#isAlive = true;
    });
    this.#scheduleFirstPing();
  }

  /** Aborts when the reader is gone, or was let go. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Resolves when there is room for more; false where the reader is gone, or was let go because it takes nothing. */
  send(frame: object, resume: string): Promise<boolean> {
    return this.sendText(JSON.stringify(frame), resume);
  }

  /** As `send`, of a frame that is text. */
  async sendText(frame: string, resume: string): Promise<boolean> {
    if (this.closed.aborted) return false;
    this.#resume = resume;
    let hasWaited = false;
    this.#wire.send(frame, () => {
      this.#isAlive ||= hasWaited;
    });
    hasWaited = this.#wire.bufferedAmount > 0;
    return this.#awaitRoom();
  }

  close(code: number, reason: string): void {
    // The protocol has room for 123 bytes.
    this.#wire.close(code, reason.slice(0, 120));
  }

  async #awaitRoom(): Promise<boolean> {
    let [least, since] = [this.#wire.bufferedAmount, this.#clock.monotonic()];
    while (!this.closed.aborted && this.#wire.bufferedAmount > maximumBufferedBytes) {
      await this.#pause(lookMilliseconds);
      const buffered = this.#wire.bufferedAmount;
      if (buffered < least) [least, since] = [buffered, this.#clock.monotonic()];
      else if (this.#clock.monotonic() - since >= maximumStandstillMilliseconds)
        this.#letGo(`nothing was read for 30 s: go on with ${this.#resume}`);
    }
    return !this.closed.aborted;
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.schedule(milliseconds, done);
      this.closed.addEventListener('abort', done, { once: true });
      const { closed } = this;
      function done(): void {
        cancel();
        closed.removeEventListener('abort', done);
        resolve();
      }
    });
  }

  /** Proxies on the way end a connection that is silent; one that is dead, or of a reader that does not read, shows itself. */
  #scheduleFirstPing(): void {
    const ping = (): void => {
      if (this.closed.aborted) return;
      if (!this.#isAlive) {
        this.#letGo(`no ping was answered for 20 s: go on with ${this.#resume}`);
        return;
      }
      this.#isAlive = false;
      this.#wire.ping();
      this.#cancelPing = this.#clock.schedule(pingMilliseconds, ping);
    };
    this.#cancelPing = this.#clock.schedule(pingMilliseconds, ping);
  }

  #letGo(reason: string): void {
    if (this.closed.aborted) return;
    this.#cancelPing();
    this.close(closeCodes.tryAgainLater, reason);
    this.#cancelEnd = this.#clock.schedule(lastWordsMilliseconds, () => this.#wire.terminate());
    this.#closed.abort(new Error(reason));
    this.#onLetGo(reason);
  }
}
