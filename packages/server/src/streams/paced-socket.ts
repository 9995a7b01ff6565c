import type { Clock } from '@slipway/kube/clock';
import type { WebSocket } from 'ws';

/** More than this is not put between us and a reader that does not take it. */
const maximumBufferedBytes = 256 * 1_024;
const lookMilliseconds = 50;
/** A reader that takes nothing for so long is let go: it comes back when it can, and goes on where it was. */
const maximumStandstillMilliseconds = 30_000;
const pingMilliseconds = 20_000;

/** https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1 */
export const closeCodes = {
  normal: 1_000,
  goingAway: 1_001,
  refused: 1_008,
  failed: 1_011,
  tryAgainLater: 1_013,
} as const;

/** A WebSocket that is written to no faster than it is read. */
export class PacedSocket {
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #closed = new AbortController();
  #cancelPing = (): void => undefined;

  constructor(socket: WebSocket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    const onClose = (): void => {
      this.#cancelPing();
      this.#closed.abort(new Error('the reader has gone'));
    };
    socket.on('close', onClose);
    // What went wrong with a connection is of no use to anybody: `close` follows.
    socket.on('error', onClose);
    this.#keepAlive();
  }

  /** Aborts when the reader is gone. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Resolves when there is room for more; false where the reader is gone, or was let go because he takes nothing. */
  send(frame: object, resume: string): Promise<boolean> {
    return this.sendText(JSON.stringify(frame), resume);
  }

  /** As `send`, of a frame that is text. */
  async sendText(frame: string, resume: string): Promise<boolean> {
    if (this.closed.aborted) return false;
    this.#socket.send(frame);
    return this.#awaitRoom(resume);
  }

  close(code: number, reason: string): void {
    // The protocol has room for 123 bytes.
    this.#socket.close(code, reason.slice(0, 120));
  }

  async #awaitRoom(resume: string): Promise<boolean> {
    let [least, since] = [this.#socket.bufferedAmount, this.#clock.monotonic()];
    while (!this.closed.aborted && this.#socket.bufferedAmount > maximumBufferedBytes) {
      await this.#pause(lookMilliseconds);
      const buffered = this.#socket.bufferedAmount;
      if (buffered < least) [least, since] = [buffered, this.#clock.monotonic()];
      else if (this.#clock.monotonic() - since >= maximumStandstillMilliseconds) {
        this.close(closeCodes.tryAgainLater, `nothing was read for 30 s: go on with ${resume}`);
        return false;
      }
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

  /** Proxies on the way end a connection that is silent; one that is dead shows itself. */
  #keepAlive(): void {
    let isAnswered = true;
    this.#socket.on('pong', () => {
      isAnswered = true;
    });
    const ping = (): void => {
      if (this.closed.aborted) return;
      if (!isAnswered) {
        this.#socket.terminate();
        return;
      }
      isAnswered = false;
      this.#socket.ping();
      this.#cancelPing = this.#clock.schedule(pingMilliseconds, ping);
    };
    this.#cancelPing = this.#clock.schedule(pingMilliseconds, ping);
  }
}
