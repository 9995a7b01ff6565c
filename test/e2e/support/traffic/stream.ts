import { clearInterval, setInterval } from 'node:timers';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { sendByHttp } from 'slipway/load/http-sender';
import { OpenLoad } from 'slipway/load/open-load';
import type { Pace, PatientOptions, StreamOptions, StreamReport } from './protocol.ts';
import { getSlowly, post, upload } from './requests.ts';
import { Tally } from './tally.ts';
import { keepWebSocket } from './web-sockets.ts';

/** Long enough for a machine on which everything else runs too. */
const defaultPatienceMilliseconds = 20_000;
const defaultPace: Pace = {
  slowEveryMilliseconds: 250,
  postEveryMilliseconds: 100,
  uploadEveryMilliseconds: 500,
  webSockets: 10,
  messageEveryMilliseconds: 100,
};
const tickMilliseconds = 5;

/** All kinds of clients of one Application at one gateway: an open load of short requests, and long-lived ones. */
export class Stream {
  readonly #options: StreamOptions & PatientOptions;
  readonly #pace: Pace;
  readonly #load: OpenLoad;
  readonly #tally = new Tally();
  readonly #stopping = new AbortController();
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(name: string, options: StreamOptions) {
    const { pace, patienceMilliseconds = defaultPatienceMilliseconds } = options;
    this.#options = { ...options, patienceMilliseconds };
    this.#pace = { ...defaultPace, ...pace };
    const send = sendByHttp({ ...options, path: '/version' });
    this.#load = new OpenLoad({ ...this.#options, clock: systemClock, name, send });
  }

  start(): void {
    const pace = this.#pace;
    this.#timers.push(
      setInterval(() => this.#load.sendDue(), tickMilliseconds),
      setInterval(() => getSlowly(this.#options, this.#tally), pace.slowEveryMilliseconds),
      setInterval(() => post(this.#options, this.#tally), pace.postEveryMilliseconds),
      setInterval(() => upload(this.#options, this.#tally), pace.uploadEveryMilliseconds),
    );
    for (let index = 0; index < pace.webSockets; index++)
      keepWebSocket(this.#options, this.#tally, {
        messageMilliseconds: pace.messageEveryMilliseconds,
        signal: this.#stopping.signal,
      });
  }

  /** Bodies that count as right from now on, beside those that did when a request left. */
  allow(versions: readonly string[]): void {
    this.#load.allow(versions);
  }

  /** Begins nothing more, and waits for what is under way. */
  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#stopping.abort();
  }

  report(): StreamReport {
    const isFinal = this.#stopping.signal.aborted && this.#load.isQuiet && this.#tally.isQuiet;
    return { load: this.#load.report(), clients: this.#tally.report(), isFinal };
  }
}
