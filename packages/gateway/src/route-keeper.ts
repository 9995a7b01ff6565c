import type { Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import { calculateBackoff } from '@slipway/kube/workqueue';
import type { RoutingTable } from './routing/routing-table.ts';

/** A table, and the change of EndpointSlices up to which it is current. */
export interface Routes {
  readonly table: RoutingTable;
  readonly observedEndpoints: string;
}

export interface RouteKeeperOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** As the cluster is now. */
  build(): Routes;
  install(table: RoutingTable): Promise<void>;
  onInForce(routes: Routes): void;
  /** The table before is still in force, and this one is tried again. */
  onFailure(table: RoutingTable, error: unknown): void;
}

const maxRetryMilliseconds = 10_000;
/** A table takes as long as there are routes: after one comes a rest of so many times that, for everything else. */
const restPerWork = 9;
const maxRestMilliseconds = 200;
/** As much of it counts as rested before: few tables that take little wait for nothing, however close they follow. */
const restInAdvanceMilliseconds = 100;
/** Timers count whole milliseconds, and with few routes the next table is due at once. */
const minRestMilliseconds = 1;

/** Puts in force what the cluster says, at every change, and again until it is. */
export class RouteKeeper {
  readonly #options: RouteKeeperOptions;
  readonly #firstInForce = Promise.withResolvers<void>();
  #isPlanned = false;
  /** Number of the newest attempt, and of the newest that succeeded: several may be under way. */
  #newest = 0;
  #inForce = 0;
  #failures = 0;
  /** May be past: of what it is past by so much is rested in advance. */
  #restsUntil = Number.NEGATIVE_INFINITY;
  #cancelRetry: () => void = () => undefined;
  #cancelPlan: () => void = () => undefined;

  constructor(options: RouteKeeperOptions) {
    this.#options = options;
  }

  /** Resolves when a table is in force. */
  start(): Promise<void> {
    this.#options.signal.addEventListener('abort', () => this.#cancel(), { once: true });
    void this.#keep();
    return this.#firstInForce.promise;
  }

  /** Something has changed; many changes of one turn, or of a rest, are one new table. */
  plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    const { clock, signal } = this.#options;
    const keep = (): void => {
      this.#isPlanned = false;
      if (!signal.aborted) void this.#keep();
    };
    const rest = this.#restsUntil - clock.monotonic();
    if (rest < minRestMilliseconds) queueMicrotask(keep);
    else this.#cancelPlan = clock.schedule(rest, keep);
  }

  #cancel(): void {
    this.#cancelRetry();
    this.#cancelPlan();
  }

  /** Work that began then, in this turn, and has just ended. */
  #rest(since: number): void {
    const now = this.#options.clock.monotonic();
    const until = Math.max(this.#restsUntil, now - restInAdvanceMilliseconds) + restPerWork * (now - since);
    this.#restsUntil = Math.min(until, now + maxRestMilliseconds);
  }

  async #keep(): Promise<void> {
    this.#cancelRetry();
    this.#newest += 1;
    const attempt = this.#newest;
    const { clock } = this.#options;
    let routes: Routes | undefined;
    try {
      const buildsSince = clock.monotonic();
      routes = this.#options.build();
      const installing = this.#options.install(routes.table);
      this.#rest(buildsSince);
      await installing;
    } catch (error) {
      this.#onFailure(attempt, routes?.table, error);
      return;
    }
    if (attempt < this.#inForce) return;
    this.#inForce = attempt;
    this.#failures = 0;
    const tellsSince = clock.monotonic();
    this.#options.onInForce(routes);
    this.#rest(tellsSince);
    this.#firstInForce.resolve();
  }

  #onFailure(attempt: number, table: RoutingTable | undefined, error: unknown): void {
    const { clock, logger, random, signal } = this.#options;
    // A newer one speaks for itself.
    if (attempt < this.#newest || signal.aborted) return;
    const wait = Math.min(maxRetryMilliseconds, 10 * calculateBackoff(this.#failures, random()));
    this.#failures += 1;
    logger.error('could not put the routes in force, trying again', { error, retryMilliseconds: Math.round(wait) });
    if (table !== undefined) this.#options.onFailure(table, error);
    this.#cancelRetry = clock.schedule(wait, () => this.plan());
  }
}
