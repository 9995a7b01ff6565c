import type { Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import type { ServiceProxy } from './service-proxy.ts';
import type { ServiceListener } from './service-table.ts';

export interface TableUpdatesOptions {
  readonly proxy: Pick<ServiceProxy, 'apply' | 'limitations'>;
  readonly calculate: () => ReadonlyMap<string, ServiceListener>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** After every change that is in force. */
  readonly onApplied?: (() => void) | undefined;
  readonly signal: AbortSignal;
}

/** An address that somebody else has may be free later, and nobody tells. */
const retryMilliseconds = 10_000;

/** Brings tables into the proxy, one at a time. Several changes at once are one: the table is always computed from all. */
export class TableUpdates {
  readonly #options: TableUpdatesOptions;
  #running: Promise<void> | undefined;
  #isStale = false;
  #cancelRetry: () => void = () => {};

  constructor(options: TableUpdatesOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', () => this.#cancelRetry(), { once: true });
  }

  get isUnderWay(): boolean {
    return this.#running !== undefined;
  }

  request(): void {
    if (this.#options.signal.aborted) return;
    this.#isStale = true;
    this.#running ??= this.#applyUntilCurrent()
      .catch((error: unknown) => this.#options.logger.error('The service proxy could not be updated', { error }))
      .finally(() => {
        this.#running = undefined;
        if (this.#isStale) this.request();
        this.#options.onApplied?.();
      });
  }

  async #applyUntilCurrent(): Promise<void> {
    const { proxy, calculate, clock, signal } = this.#options;
    this.#cancelRetry();
    while (this.#isStale) {
      this.#isStale = false;
      await proxy.apply(calculate());
    }
    if (proxy.limitations.length > 0 && !signal.aborted) {
      this.#cancelRetry = clock.schedule(retryMilliseconds, () => this.request());
    }
  }
}
