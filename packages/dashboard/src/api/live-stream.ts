import type { Clock } from '../platform/browser.ts';
import { calculateBackoff } from './backoff.ts';

export type StreamState = 'connecting' | 'open' | 'waiting' | 'ended';

/** What is heard of a WebSocket. */
export interface SocketEvents {
  readonly onOpen: () => void;
  readonly onMessage: (data: string) => void;
  readonly onClose: (code: number, reason: string) => void;
}

/** Gives what closes it; nothing is heard after that. */
export type OpenSocket = (path: string, events: SocketEvents) => () => void;

export interface LiveStreamOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly open: OpenSocket;
  /** With the place that was reached, so that nothing is missed and nothing comes twice. */
  readonly path: () => string;
  readonly onFrame: (frame: unknown) => void;
  readonly onState: (state: StreamState, reason?: string) => void;
  /**
   * A connection whose other end has gone without a word looks like one on which nothing happens: after so long it is opened
   * again from where it was. Absent: nothing may happen for as long as it likes.
   */
  readonly quietMilliseconds?: number;
}

/** Whoever does not answer within it is not there. */
const openMilliseconds = 10_000;

/** As the server closes them. */
const closed = { normally: 1000, forbidden: 1008 } as const;
/** As a browser says of a connection that has broken. */
const lost = 1006;

/** A stream that is opened again, from where it was, whenever it breaks. */
export class LiveStream {
  readonly #options: LiveStreamOptions;
  #close: (() => void) | undefined;
  #failures = 0;
  #cancel: (() => void) | undefined;
  #cancelWatch: (() => void) | undefined;
  #isStopped = false;

  constructor(options: LiveStreamOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#isStopped) return;
    this.#cancel?.();
    this.#cancel = undefined;
    const { open, path, onFrame, onState } = this.#options;
    onState('connecting');
    this.#watch(openMilliseconds, () => this.#lose(lost, 'nobody answers'));
    this.#close = open(path(), {
      onOpen: () => {
        onState('open');
        this.#awaitNews();
      },
      onMessage: (data) => {
        this.#awaitNews();
        // What is answered works: the next break is a first one.
        this.#failures = 0;
        onFrame(JSON.parse(data));
      },
      onClose: (code, reason) => this.#lose(code, reason),
    });
  }

  /** The network is back, or somebody looks again. */
  hurry(): void {
    if (this.#cancel !== undefined) this.start();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
    this.#unwatch();
    this.#close?.();
  }

  #awaitNews(): void {
    const { quietMilliseconds } = this.#options;
    if (quietMilliseconds === undefined) this.#unwatch();
    else this.#watch(quietMilliseconds, () => this.start());
  }

  /** What is open then is closed. */
  #watch(milliseconds: number, callback: () => void): void {
    this.#unwatch();
    this.#cancelWatch = this.#options.clock.schedule(milliseconds, () => {
      this.#cancelWatch = undefined;
      this.#close?.();
      callback();
    });
  }

  #unwatch(): void {
    this.#cancelWatch?.();
    this.#cancelWatch = undefined;
  }

  #lose(code: number, reason: string): void {
    const { clock, random, onState } = this.#options;
    this.#unwatch();
    if (this.#isStopped) return;
    if (code === closed.normally || code === closed.forbidden) {
      this.#isStopped = true;
      onState('ended', code === closed.forbidden ? reason : undefined);
      return;
    }
    onState('waiting', reason);
    this.#cancel = clock.schedule(calculateBackoff(this.#failures, random()), () => this.start());
    this.#failures += 1;
  }
}
