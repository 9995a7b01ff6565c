/** Keeps a server running where there is a place for it, and says where that is, or why it is nowhere. */
import { delay, type Clock } from '@slipway/kube/clock';
import { isSameJson } from '@slipway/kube/json-equality';
import type { Logger } from '@slipway/kube/logger';
import { keepRunning } from './keep-running.ts';
import type { ServerPlace } from './server-place.ts';

export interface KeepServing {
  /** Where it begins. */
  readonly place: ServerPlace;
  /** Where it may listen now, or what it has to wait for. */
  readonly look: (place: ServerPlace) => Promise<ServerPlace>;
  /** Runs it there, and resolves when it has ended, with how. Ends it when the signal aborts. */
  readonly serve: (place: ServerPlace, signal: AbortSignal) => Promise<string>;
  /** Told where it is from now on, or why it is not there, where that is another than before. */
  readonly onPlace: (place: ServerPlace) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const lookAgainMilliseconds = 3_000;

/** Resolves when it has ended after the signal. */
export function keepServing(given: KeepServing): Promise<void> {
  const { clock, logger, signal } = given;
  const server = new KeptServer(given);
  const run = (): Promise<string> => server.run().catch(messageOf);
  return keepRunning({ name: 'the deployment server', run, clock, logger, signal });
}

class KeptServer {
  readonly #given: KeepServing;
  #place: ServerPlace;

  constructor(given: KeepServing) {
    this.#given = given;
    this.#place = given.place;
  }

  async run(): Promise<string> {
    const { serve, signal } = this.#given;
    await this.#findPlace();
    if (signal.aborted) return 'it was asked to';
    const end = await serve(this.#place, signal);
    // At once: until it is there again its port is anybody's, who must not be taken for it.
    if (!signal.aborted) await this.#settle({ ...this.#place, endedWith: end });
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
    await this.#settle(next);
  }

  async #settle(next: ServerPlace): Promise<void> {
    if (!isSameJson(next, this.#place)) await this.#given.onPlace(next);
    this.#place = next;
  }
}

/** It is begun again, as after any other end. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
