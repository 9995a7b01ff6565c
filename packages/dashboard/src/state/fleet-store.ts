import { LiveStream, type OpenSocket, type StreamState } from '../api/live-stream.ts';
import { withQuery } from '../api/client.ts';
import type { Clock } from '../platform/browser.ts';
import { applyFrame, emptyFleet, type ApplicationFrame, type Fleet } from './application-frames.ts';
import { Store } from './store.ts';

export interface FleetStoreOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly open: OpenSocket;
  /** The server has ended the stream with the login. */
  readonly onRefused: () => void;
}

/** The server sends a frame every 20 s at least: this is how a page learns that a connection has gone without a word. */
const quietMilliseconds = 30_000;
/** Within which changes are gathered before anything is drawn again. */
const gatherMilliseconds = 100;

/** What the stream of all applications has told, for as long as somebody is logged in. */
export class FleetStore {
  readonly fleet = new Store<Fleet>(emptyFleet);
  readonly connection = new Store<StreamState>('connecting');
  readonly #clock: Clock;
  readonly #stream: LiveStream;
  /** Ahead of `fleet`, by what has come since it was drawn. */
  #current = emptyFleet;
  #isShowing = false;

  constructor({ clock, random, open, onRefused }: FleetStoreOptions) {
    this.#clock = clock;
    this.#stream = new LiveStream({
      clock,
      random,
      open,
      path: () => withQuery('/api/v1/applications/stream', { after: this.#current.after }),
      onFrame: (frame) => this.#take(frame as ApplicationFrame),
      quietMilliseconds,
      onState: (state, reason) => {
        // Until somebody answers it is lost, however often it is tried.
        if (state !== 'connecting' || this.connection.read() !== 'waiting') this.connection.set(state);
        if (state === 'ended' && reason !== undefined) onRefused();
      },
    });
  }

  start(): void {
    this.#stream.start();
  }

  hurry(): void {
    this.#stream.hurry();
  }

  stop(): void {
    this.#stream.stop();
  }

  #take(frame: ApplicationFrame): void {
    const { applications } = this.#current;
    this.#current = applyFrame(this.#current, frame);
    // The first of all is shown at once: somebody waits for it.
    if (this.fleet.read().after === undefined) return this.fleet.set(this.#current);
    if (this.#isShowing || this.#current.applications === applications) return;
    this.#isShowing = true;
    this.#clock.schedule(gatherMilliseconds, () => {
      this.#isShowing = false;
      this.fleet.set(this.#current);
    });
  }
}
