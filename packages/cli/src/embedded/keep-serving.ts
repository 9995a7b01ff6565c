/** Keeps a server running where there is a place for it, and says where that is, or why it is nowhere. */
import { delay, type Clock } from '@slipway/kube/clock';
import { isSameJson } from '@slipway/kube/json-equality';
import type { Logger } from '@slipway/kube/logger';
import { messageOf } from '@slipway/kube/message-of';
import { keepRunning } from './keep-running.ts';
import type { ServerPlace } from './server-place.ts';

export interface KeepServing {
  /** Where it begins. */
  readonly place: ServerPlace;
  /** Where it may listen now, or what it has to wait for. */
  readonly look: (place: ServerPlace) => Promise<ServerPlace>;
  /** Runs it there, and resolves when it has ended, with how. Ends it when the signal aborts. */
  readonly serve: (place: ServerPlace, run: ServerRun) => Promise<string>;
  /** Told where it is from now on, or why it is not there, where that is another than before. */
  readonly onPlace: (place: ServerPlace) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

export interface ServerRun {
  readonly signal: AbortSignal;
  readonly onListening: () => void;
}

const lookAgainMilliseconds = 3_000;

/** Resolves when it has ended after the signal. */
export function keepServing(given: KeepServing): Promise<void> {
  const { clock, logger, signal } = given;
  const server = new KeptServer(given);
  // Whatever it failed by: it is begun again, as after any other end.
  const run = (): Promise<string> => server.run().catch(messageOf);
  return keepRunning({ name: 'the deployment server', run, clock, logger, signal });
}

class KeptServer {
  readonly #given: KeepServing;
  #place: ServerPlace;
  /** What was told last. */
  #told: ServerPlace;
  #settled = Promise.resolve();

  constructor(given: KeepServing) {
    this.#given = given;
    this.#place = given.place;
    this.#told = given.place;
  }

  async run(): Promise<string> {
    const { serve, logger, signal } = this.#given;
    await this.#findPlace();
    if (signal.aborted) return 'it was asked to';
    const { isStarting: _, ...place } = this.#place;
    const onListening = (): void => {
      this.#settle(place).catch((error: unknown) =>
        logger.warn('where the deployment server is could not be written down', { error }),
      );
    };
    const end = await serve(place, { signal, onListening });
    // At once: until it is there again its port is anybody's, who must not be taken for it.
    await (signal.aborted ? this.#settled : this.#settle({ ...place, endedWith: end }));
    return end;
  }

  async #findPlace(): Promise<void> {
    const { look, clock, logger, signal } = this.#given;
    let next = await look(this.#place);
    if (next.waitsFor !== undefined) logger.warn('the deployment server waits', { for: next.waitsFor });
    const hasWaited = next.waitsFor !== undefined;
    while (next.waitsFor !== undefined && !signal.aborted) {
      await this.#settle(next);
      await delay(clock, lookAgainMilliseconds, signal).catch(() => undefined);
      next = await look(this.#place);
    }
    if (signal.aborted) return;
    if (hasWaited) logger.warn('the deployment server waits no longer', { at: next.url });
    if (next.url !== this.#place.url)
      logger.warn('the deployment server has moved: its port is in use', { to: next.url });
    await this.#settle({ ...next, isStarting: true });
  }

  /** One after the other: the last one is what is told in the end. */
  #settle(next: ServerPlace): Promise<void> {
    const tell = async (): Promise<void> => {
      if (isSameJson(next, this.#told)) return;
      await this.#given.onPlace(next);
      this.#told = next;
    };
    this.#place = next;
    this.#settled = this.#settled.then(tell, tell);
    return this.#settled;
  }
}
