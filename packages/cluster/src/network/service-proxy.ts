import type { Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import { messageOf } from '@slipway/kube/message-of';
import { DatagramListener } from './datagram-listener.ts';
import { ServiceListener, type Listening } from './service-listener.ts';
import type { ServiceListener as Wanted } from './service-table.ts';

export interface ServiceProxyOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when an address cannot be listened on, with why: a full sentence; again when that changes. */
  readonly onFault?: ((wanted: Wanted, sentence: string) => void) | undefined;
}

/** Keeps one listener for every address and port of a service, as the table says. */
export class ServiceProxy {
  private readonly options: ServiceProxyOptions;
  private readonly listeners = new Map<string, Listening>();
  /** Addresses that could not be listened on, and why: said once, tried again with every table. */
  private readonly faults = new Map<string, string>();

  constructor(options: ServiceProxyOptions) {
    this.options = options;
  }

  /** Resolves when new connections go where the table says. Calls must not overlap. */
  async apply(table: ReadonlyMap<string, Wanted>): Promise<void> {
    for (const [key, listener] of this.listeners) {
      if (!table.has(key)) {
        listener.close();
        this.listeners.delete(key);
      }
    }
    for (const key of this.faults.keys()) {
      if (!table.has(key)) this.faults.delete(key);
    }
    await Promise.all([...table].map(([key, wanted]) => this.applyOne(key, wanted)));
  }

  /** What cannot be served, each a full sentence. */
  get limitations(): readonly string[] {
    return [...this.faults.values()];
  }

  close(): void {
    for (const listener of this.listeners.values()) listener.close();
    this.listeners.clear();
  }

  private async applyOne(key: string, wanted: Wanted): Promise<void> {
    const existing = this.listeners.get(key);
    if (existing !== undefined) {
      existing.setTargets(wanted.targets, wanted.affinitySeconds);
      return;
    }
    const { clock } = this.options;
    const listener = wanted.protocol === 'UDP' ? new DatagramListener(clock) : new ServiceListener(clock);
    listener.setTargets(wanted.targets, wanted.affinitySeconds);
    try {
      await listener.listen(wanted.address, wanted.port);
      this.listeners.set(key, listener);
      this.faults.delete(key);
    } catch (error) {
      this.reportFault(key, wanted, describeFault(wanted, error));
    }
  }

  private reportFault(key: string, wanted: Wanted, sentence: string): void {
    if (this.faults.get(key) !== sentence) {
      this.options.logger.warn('A service address cannot be served', { address: key, error: sentence });
      this.options.onFault?.(wanted, sentence);
    }
    this.faults.set(key, sentence);
  }
}

function describeFault({ name, address, port }: Wanted, error: unknown): string {
  return `Service ${name} cannot be reached at ${address}:${port}: ${causeOf(error)}.`;
}

function causeOf(error: unknown): string {
  switch (error instanceof Error && 'code' in error ? error.code : undefined) {
    case 'EACCES':
      return 'ordinary users may not listen on ports below 1024: choose a higher port for the service';
    case 'EADDRINUSE':
      return 'another program or cluster of this machine listens there: end it, or choose another port for the service';
    default:
      return messageOf(error);
  }
}
